"""Trees to text. Scalars are text of the language, each parsed by itself; the rest is made of them.

A tree becomes nodes, each with its place in the data; the nodes become text, whose spans have the
places of the nodes.
"""

from __future__ import annotations

import numbers
from dataclasses import replace
from typing import Any, TypeVar

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import Diagnostic, SourceMappedText, Span, SpecError, spec_error
from lrdsl.language.language import Language, current
from lrdsl.language.python_functions import FunctionSpec
from lrdsl.syntax import ast
from lrdsl.syntax.grammar import MAX_DEPTH, MAX_NODE_DEPTH
from lrdsl.syntax.parser import parse_tree
from lrdsl.syntax.spec import Spec, to_node
from lrdsl.syntax.unparse import shorten, unparse
from lrdsl.tree.arguments import arrange_arguments
from lrdsl.tree.data import plain_data
from lrdsl.tree.keywords import CALLED, CONDITIONAL, LIST_FORMS, NO_NAMES, are_entries

N = TypeVar("N", bound=ast.Node)


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
    """The text of a tree that stands at a place of a config; it knows the places of its parts."""
    data = plain_data(tree)
    decoder = _Decoder(language)
    node = decoder.schedule(data, place)
    if decoder.mistakes:
        raise SpecError(decoder.mistakes[: diag.MAX_REPORTED])
    if any([depth > MAX_NODE_DEPTH for _, depth in ast.walk(node)]):
        raise spec_error(diag.TOO_DEEP, f"the tree is nested deeper than {MAX_DEPTH} levels")
    text = unparse(node)
    # Both trees are the same, node by node; only the second one knows where it stands.
    pairs = zip(ast.walk(node), ast.walk(parse_tree(text)), strict=True)
    places = [
        (b.span, decoder.places[id(a)][1]) for (a, _), (b, _) in pairs if id(a) in decoder.places
    ]
    return SourceMappedText(text, places)


class _Decoder:
    """Makes the nodes of one tree; collects its mistakes."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.mistakes: list[Diagnostic] = []
        self.places: dict[int, tuple[ast.Node, str]] = {}
        """The nodes that were made of data, by identity, with their places."""

    def complain(self, place: str, message: str, fix: str | None = None) -> ast.Node:
        self.mistakes.append(Diagnostic(diag.BAD_SPEC, message, fix=fix, place=place))
        return ast.Faulty()

    def at(self, place: str, node: N) -> N:
        """The node; its place is kept, the innermost one for a node of several."""
        self.places.setdefault(id(node), (node, place))
        return node

    def schedule(self, data: Any, place: str, is_argument: bool = False) -> ast.Node:
        """The node of what stands at a place; a list is a chain, but as an argument a list."""
        match data:
            case dict():
                node = self._mapping(data, place)
            case list() if is_argument:
                items = [self.schedule(item, f"{place}[{i}]", True) for i, item in enumerate(data)]
                node = ast.List(tuple(items))
            case list():
                node = self._list_form("chain", data, place)
            case _:
                node = self._leaf(data, place)
        return self.at(place, node)

    def _mapping(self, data: dict[Any, Any], place: str) -> ast.Node:
        if data.keys() & {"if", "then"}:
            return self._conditional(data, place)
        if len(data) != 1:
            found = ", ".join([f"`{shorten(str(key))}`" for key in list(data)[:8]]) or "nothing"
            fix = "its key is what it calls, such as `cosine`; put several segments in a `chain`"
            if "spec" in data:
                fix = "`definitions` stand at the root alone, beside `spec`"
            return self.complain(place, f"a mapping in a tree has one key, not {found}", fix)
        ((name, body),) = data.items()
        if not isinstance(name, str) or CALLED.fullmatch(name) is None or name in NO_NAMES:
            message = f"`{shorten(str(name))}` cannot be called"
            return self.complain(place, message, "a key is a name, such as `cosine`")
        inner = _below(place, name)
        if name == "spec":
            return self.schedule(body, inner)
        if name in LIST_FORMS:
            node = self._list_form(name, body, inner)
        elif name == "negative":
            node = ast.Negative(self.schedule(body, inner))
        elif isinstance(body, dict) and are_entries(name, body, self.language):
            node = self._bracket(name, body, inner)
        else:
            node = ast.Call(ast.Name(name), self._arguments(name, body, inner))
        return self.at(inner, node)

    def _conditional(self, data: dict[Any, Any], place: str) -> ast.Node:
        if data.keys() != set(CONDITIONAL):
            missing = ", ".join([f"`{key}`" for key in CONDITIONAL if key not in data])
            wrong = f"it lacks {missing}" if missing else "it has others"
            message = f"a conditional has the keys `if`, `then`, `else`: {wrong}"
            return self.complain(place, message, "write `{if: total > 500, then: …, else: …}`")
        then = self.schedule(data["then"], _below(place, "then"))
        otherwise = self.schedule(data["else"], _below(place, "else"))
        condition, inner = data["if"], _below(place, "if")
        text = str(condition).lower() if isinstance(condition, bool) else condition
        if not isinstance(text, str):
            return self.complain(inner, "a condition is text", "such as `total > 500`")
        match self._leaf(text, inner, "0 if ", " else 0"):
            case ast.If(condition=found, otherwise=ast.Number()):
                return ast.If(then, found, otherwise)
            case ast.Faulty() as faulty:
                return faulty
        message = f"`{shorten(text)}` is not a condition"
        return self.complain(inner, message, "such as `total > 500`")

    def _list_form(self, name: str, body: object, place: str) -> ast.Node:
        """A chain, a pipe, or an operator between schedules."""
        form = LIST_FORMS[name]
        if not isinstance(body, list):
            message = f"`{name}` takes a list of schedules"
            return self.complain(place, message, "each of its items begins with `- `")
        parts = [self.schedule(item, f"{place}[{i}]") for i, item in enumerate(body)]
        if len(parts) < form.least or (form.most and len(parts) > form.most):
            return self.complain(place, f"`{name}` takes a list: {form.parts}")
        return parts[0] if len(parts) == 1 else form.join(*parts)

    def _arguments(self, name: str, body: object, place: str) -> tuple[ast.Argument, ...]:
        found: dict[str, ast.Argument] = {}
        match body:
            case None:
                pass
            case list():
                for i, value in enumerate(body):
                    inner = f"{place}[{i}]"
                    found[inner] = ast.Argument(self.schedule(value, inner, True))
            case dict():
                given = {}
                for key, value in body.items():
                    if not isinstance(key, str) or CALLED.fullmatch(key) is None or key in NO_NAMES:
                        message = f"`{shorten(str(key))}` is not the name of a parameter"
                        self.complain(place, message)
                    else:
                        given[key] = self.schedule(value, f"{place}.{key}", True)
                arranged = arrange_arguments(name, given, self.language)
                found = {f"{place}.{key}": argument for key, argument in arranged.items()}
            case _:
                found[place] = ast.Argument(self.schedule(body, place))
        return tuple([self.at(inner, argument) for inner, argument in found.items()])

    def _bracket(self, name: str, body: dict[Any, Any], place: str) -> ast.Node:
        if not body:
            fix = "an entry is an update and a value: `600: 0.5`"
            return self.complain(place, f"`{name}` has at least one entry", fix)
        entries = [self._entry(k, v, f"{place}.{shorten(str(k))}") for k, v in body.items()]
        return ast.Bracket(ast.Name(name), tuple(entries))

    def _entry(self, key: object, value: object, place: str) -> ast.Entry:
        """An entry; one that multiplies has the value `"*0.5"`, or `{times: …}` of any schedule."""
        head = self._head(key, place)
        factor, inner = True, place
        match value:
            case str() if value.lstrip().startswith("*"):
                value = value.lstrip()[1:]
            case {"times": times, **others} if not others:
                value, inner = times, f"{place}.times"
            case _:
                factor = False
        return self.at(place, replace(head, factor=factor, value=self.schedule(value, inner)))

    def _head(self, key: object, place: str) -> ast.Entry:
        """The start and the stop of an entry, from its key: `600`, or `20..30`."""
        faulty = ast.Entry(ast.Faulty(), None, False, ast.Faulty())
        message = f"`{shorten(str(key))}` is not an update"
        if not isinstance(key, (str, numbers.Real)) or isinstance(key, bool):
            self.complain(place, message, "an entry is an update and a value: `600: 0.5`")
            return faulty
        if not isinstance(key, str):
            key = unparse(self._leaf(key, place))
        match self._leaf(key, place, "x[", ":0]"):
            case ast.Bracket(entries=[ast.Entry(factor=False, value=ast.Number(value=0)) as entry]):
                return entry
            case ast.Faulty():
                return faulty
        fix = "an entry begins at an update, `600`, or is from one to another, `20..30`"
        self.complain(place, message, fix)
        return faulty

    def _leaf(self, data: object, place: str, before: str = "", after: str = "") -> ast.Node:
        """The node of a scalar; text is read between two others that say what it must be."""
        if isinstance(data, FunctionSpec) or callable(data):
            fix = "make a shape of it with `@lrdsl.shape`, and call it"
            return self.complain(place, "a tree cannot contain a Python function", fix)
        try:
            # A node of its own, for a place of its own: the parser gives the same one for a text.
            return replace(to_node(f"{before}{data}{after}" if isinstance(data, str) else data))
        except SpecError as error:
            for found in error.diagnostics:
                if isinstance(data, str):
                    start, stop = (min(max(i - len(before), 0), len(data)) for i in found.span[:2])
                    found = replace(found, span=Span(start, stop), source=data)
                self.mistakes.append(replace(found, place=place))
            return ast.Faulty()


def _below(place: str, key: str) -> str:
    return f"{place}.{key}".lstrip(".")
