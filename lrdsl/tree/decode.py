"""Trees to text. Scalars are text of the language, each parsed by itself; the rest is made of them.

Trees come from files that anybody may have written: only mappings, lists and scalars are looked at,
and their number and depth are bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import Diagnostic, Problem, SourceMappedText, Span, SpecError
from lrdsl.language.language import Language, current
from lrdsl.language.python_functions import FunctionSpec
from lrdsl.syntax import ast
from lrdsl.syntax.grammar import MAX_CHARACTERS, MAX_DEPTH, MAX_NODE_DEPTH, NAME
from lrdsl.syntax.parser import parse_spec, parse_tree
from lrdsl.syntax.rebuild import join_arithmetic, join_chain, join_pipe
from lrdsl.syntax.spec import Spec, as_number, to_node
from lrdsl.syntax.unparse import shorten, unparse
from lrdsl.tree.arguments import arrange_arguments
from lrdsl.tree.keywords import CALLED, CONDITIONAL, NO_NAMES, OPERATORS, are_entries, is_data

MAX_PARTS = MAX_CHARACTERS
"""More mappings, lists and scalars than this are in no tree: its text would be too long."""


def from_tree(tree: object, language: Language | None = None) -> Spec:
    """The spec that a tree means.

    A tree is what YAML or JSON makes of a file: mappings, lists, text, numbers. `language` is what
    it may call, by default what is known to the process. Raises `SpecError` with every mistake in
    the form of the tree and in the texts in it, each with its place. Names and arguments are looked
    at by `lrdsl.compile`.

    >>> str(from_tree({"pipe": [{"cosine": [1, 0, 800]}, {"interval": {600: "*0.5"}}]}))
    'cosine(1, 0, 800) | interval[600:*0.5]'
    >>> from_tree([{"warmup": 100}, {"cosine": {"start": "(peak"}}])
    Traceback (most recent call last):
    lrdsl.diagnostics.SpecError: error[LR104]: this `(` is never closed
      at [1].cosine.start:
      | (peak
      | ^ add the missing `)`
    """
    text = read_tree(tree, current() if language is None else language)
    return Spec(parse_tree(text), text)


def read_tree(tree: object, language: Language, place: str = "") -> SourceMappedText:
    """The text of a tree that stands at a place of a config; it knows what it was made of."""
    reader = _Reader(language)
    node = reader.schedule(tree, place, 0)
    if reader.found:
        raise SpecError(reader.found)
    if any([depth > MAX_NODE_DEPTH for _, depth in ast.walk(node)]):
        reader.complain(f"the tree is nested deeper than {MAX_DEPTH} levels", place, diag.TOO_DEEP)
        raise SpecError(reader.found)
    text = unparse(node)
    again = parse_tree(text)
    # Both trees are the same, node by node; only the second one knows where it stands.
    pairs = zip(ast.walk(node), ast.walk(again), strict=True)
    places = [(b.span, reader.places[id(a)]) for (a, _), (b, _) in pairs if id(a) in reader.places]
    return SourceMappedText(text, places)


class _Reader:
    """Makes the nodes of one tree; `places` has where those in the tree stand, by identity."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.found: list[Diagnostic] = []
        self.places: dict[int, str] = {}
        self.kept: list[ast.Node] = []
        """Keeps the nodes alive whose identity is a key."""
        self.left = MAX_PARTS
        self.characters = MAX_CHARACTERS
        self.is_full = False
        self.texts: dict[str, ast.Node] = {}
        """What texts were read as: trees say the same things again and again."""

    def complain(
        self, message: str, place: str, problem: Problem = diag.BAD_SPEC, fix: str | None = None
    ) -> ast.Node:
        """Note what is wrong at a place."""
        if len(self.found) < diag.MAX_REPORTED:
            self.found.append(Diagnostic(problem, message, fix=fix, place=place))
        return ast.Faulty()

    def schedule(self, data: object, place: str, depth: int, in_call: bool = False) -> ast.Node:
        """The node of what stands at a place: where a schedule belongs, or an argument of a call.

        A list is a chain where a schedule belongs, and a list of arguments.
        """
        self.left -= 1
        if self.left < 0 or self.is_full:
            return self._too_large()
        if depth > MAX_DEPTH:
            message = f"the tree is nested deeper than {MAX_DEPTH} levels"
            return self.complain(message, "", diag.TOO_DEEP)
        if isinstance(data, Mapping):
            node = self._mapping(data, place, depth + 1)
        elif not is_data(data):
            node = self._scalar(data, place)
        elif in_call:
            node = ast.List(tuple(self._items(data, place, depth + 1, True)))
        else:
            node = self._chain(data, place, depth + 1)
        self.places.setdefault(id(node), place)
        self.kept.append(node)
        return node

    def _items(self, data: Any, place: str, depth: int, in_call: bool = False) -> list[ast.Node]:
        found: list[ast.Node] = []
        for i, item in enumerate(data):
            if self.is_full:
                break
            found.append(self.schedule(item, f"{place}[{i}]", depth, in_call))
        return found

    def _chain(self, data: Any, place: str, depth: int) -> ast.Node:
        parts = self._items(data, place, depth)
        if not parts:
            return self.complain("a chain has at least one part", place)
        return join_chain(*parts) if len(parts) > 1 else parts[0]

    def _scalar(self, data: object, place: str) -> ast.Node:
        if isinstance(data, str):
            return self._text(data, place, "", "")
        if isinstance(data, FunctionSpec) or callable(data):
            fix = "make a shape of it with `@lrdsl.shape`, and call it"
            return self.complain("a tree cannot contain a Python function", place, fix=fix)
        try:
            return to_node(data)
        except SpecError as error:
            self.found += [replace(found, place=place) for found in error.diagnostics]
            return ast.Faulty()

    def _text(self, text: str, place: str, before: str, after: str) -> ast.Node:
        """The node of a text, read between two others that say what it must be."""
        self.characters -= len(text)
        if self.characters < 0:
            return self._too_large()
        whole = f"{before}{text}{after}"
        if whole in self.texts:
            return replace(self.texts[whole])  # a node of its own, for a place of its own
        parsed = parse_spec(whole)
        for found in parsed.diagnostics:
            start, stop = (min(max(i - len(before), 0), len(text)) for i in found.span[:2])
            self.found.append(replace(found, span=Span(start, stop), source=text, place=place))
        if parsed.diagnostics:
            return ast.Faulty()
        tree: ast.Node = parsed.value
        self.texts[whole] = tree
        return replace(tree)

    def _too_large(self) -> ast.Node:
        """Say once that there is too much of it, and look at nothing more."""
        if not self.is_full:
            self.is_full = True
            fix = f"its text would have more than {MAX_CHARACTERS // 1024} KiB"
            self.complain("the tree is too large", "", diag.TOO_LONG, fix)
        return ast.Faulty()

    def _mapping(self, data: Mapping[Any, Any], place: str, depth: int) -> ast.Node:
        if set(data) & {"if", "then"}:
            return self._conditional(data, place, depth)
        if len(data) != 1:
            found = ", ".join(f"`{shorten(str(key))}`" for key in list(data)[:8]) or "nothing"
            fix = "its key is what it calls, such as `cosine`; put several segments in a `chain`"
            if "spec" in data:
                fix = "`definitions` stand at the root alone, beside `spec`"
            return self.complain(f"a mapping in a tree has one key, not {found}", place, fix=fix)
        ((name, body),) = data.items()
        if not isinstance(name, str) or CALLED.fullmatch(name) is None or name in NO_NAMES:
            message = f"`{shorten(str(name))}` cannot be called"
            return self.complain(message, place, fix="a key is a name, such as `cosine`")
        inner = f"{place}.{name}".lstrip(".")
        if name == "spec":
            return self.schedule(body, inner, depth)
        node = self._named(name, body, inner, depth)
        self.places[id(node)] = inner
        return node

    def _named(self, name: str, body: object, place: str, depth: int) -> ast.Node:
        """What one key and what stands below it are."""
        if name in ("chain", "pipe", "power") or name in OPERATORS:
            return self._joined(name, body, place, depth)
        if name == "negative":
            return ast.Negative(self.schedule(body, place, depth))
        if isinstance(body, Mapping) and are_entries(name, body, self.language):
            return self._bracket(name, body, place, depth)
        return self._call(name, body, place, depth)

    def _conditional(self, data: Mapping[Any, Any], place: str, depth: int) -> ast.Node:
        if set(data) != set(CONDITIONAL):
            missing = ", ".join(f"`{key}`" for key in CONDITIONAL if key not in data)
            wrong = f"it lacks {missing}" if missing else "it has others"
            fix = "write `{if: total > 500, then: …, else: …}`"
            return self.complain(
                f"a conditional has the keys `if`, `then`, `else`: {wrong}", place, fix=fix
            )
        branches = [
            self.schedule(data[key], f"{place}.{key}".lstrip("."), depth)
            for key in ("then", "else")
        ]
        condition, inner = data["if"], f"{place}.if".lstrip(".")
        text = str(condition).lower() if isinstance(condition, bool) else condition
        if not isinstance(text, str):
            return self.complain("a condition is text", inner, fix="such as `total > 500`")
        found = self._text(text, inner, "0 if ", " else 0")
        if isinstance(found, ast.If) and isinstance(found.otherwise, ast.Number):
            return ast.If(branches[0], found.condition, branches[1])
        if not isinstance(found, ast.Faulty):
            self.complain(
                f"`{shorten(text)}` is not a condition", inner, fix="such as `total > 500`"
            )
        return ast.Faulty()

    def _joined(self, name: str, body: object, place: str, depth: int) -> ast.Node:
        """`chain`, `pipe`, and operators between schedules: their body is a list of these."""
        if not is_data(body) or isinstance(body, Mapping):
            fix = "each of its items begins with `- `"
            return self.complain(f"`{name}` takes a list of schedules", place, fix=fix)
        if name == "chain":
            return self._chain(body, place, depth)
        parts = self._items(body, place, depth)
        if len(parts) < 2 or (name == "power" and len(parts) > 2):
            wanted = {
                "pipe": "first a schedule, then the modifiers that change it",
                "power": "two schedules, the base and the exponent",
            }
            what = wanted.get(name, "at least two schedules")
            return self.complain(f"`{name}` takes a list: {what}", place)
        if name == "pipe":
            return join_pipe(*parts)
        if name == "power":
            return ast.Power(*parts)
        return join_arithmetic((OPERATORS[name],) * (len(parts) - 1), tuple(parts))

    def _call(self, name: str, body: object, place: str, depth: int) -> ast.Node:
        arguments: list[ast.Argument] = []
        if isinstance(body, Mapping):
            given: dict[str, ast.Node] = {}
            for key, value in body.items():
                if not isinstance(key, str) or NAME.fullmatch(key) is None or key in NO_NAMES:
                    self.complain(f"`{shorten(str(key))}` is not the name of a parameter", place)
                    continue
                given[key] = self.schedule(value, f"{place}.{key}", depth + 1, True)
            for key, argument in arrange_arguments(name, given, self.language):
                arguments.append(self._kept(argument, f"{place}.{key}"))
        elif is_data(body):
            for i, value in enumerate(self._items(body, place, depth + 1, True)):
                arguments.append(self._kept(ast.Argument(value), f"{place}[{i}]"))
        elif body is not None:
            value = self.schedule(body, place, depth + 1)
            arguments.append(self._kept(ast.Argument(value), place))
        return ast.Call(ast.Name(name), tuple(arguments))

    def _kept(self, argument: ast.Argument, place: str) -> ast.Argument:
        self.places[id(argument)] = place
        self.kept.append(argument)
        return argument

    def _bracket(self, name: str, body: Mapping[Any, Any], place: str, depth: int) -> ast.Node:
        entries: list[ast.Entry] = []
        for key, value in body.items():
            inner = f"{place}.{shorten(str(key))}"
            head = self._head(key, inner)
            factor, value, inner = self._factor(value, inner)
            node = self.schedule(value, inner, depth + 1)
            if head is not None:
                entry = replace(head, factor=factor, value=node)
                self.places[id(entry)] = f"{place}.{shorten(str(key))}"
                self.kept.append(entry)
                entries.append(entry)
        if not body:
            fix = "an entry is an update and a value: `600: 0.5`"
            return self.complain(f"`{name}` has at least one entry", place, fix=fix)
        return ast.Bracket(ast.Name(name), tuple(entries))

    @staticmethod
    def _factor(value: object, place: str) -> tuple[bool, object, str]:
        """Whether an entry multiplies, and by what: `"*0.5"`, or `{times: …}` of any schedule."""
        if isinstance(value, str) and value.lstrip().startswith("*"):
            return True, value.lstrip()[1:], place
        if isinstance(value, Mapping) and list(value) == ["times"]:
            return True, value["times"], f"{place}.times"
        return False, value, place

    def _head(self, key: object, place: str) -> ast.Entry | None:
        """What an entry says of when it is: the key `600`, or `20..30`."""
        text = key
        if not isinstance(text, str):
            if as_number(key) is None:
                message = f"`{shorten(str(key))}` is not an update"
                self.complain(message, place, fix="an entry is an update and a value: `600: 0.5`")
                return None
            text = unparse(self._scalar(key, place))
        found = self._text(text, place, "x[", ":0]")
        match found:
            case ast.Bracket(
                entries=(ast.Entry(factor=False, value=ast.Number(value=0.0)) as entry,)
            ):
                return entry
            case ast.Faulty():
                return None
        fix = "an entry begins at an update, `600`, or is from one to another, `20..30`"
        self.complain(f"`{shorten(text)}` is not an update", place, fix=fix)
        return None
