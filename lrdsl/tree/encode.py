"""Specs to trees. What is arithmetic over numbers alone stays text: `peak / 10`."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any, TypeAlias

from lrdsl.language.functions import FUNCTIONS
from lrdsl.language.language import Language, current
from lrdsl.syntax import ast
from lrdsl.syntax.spec import Spec, parse
from lrdsl.syntax.unparse import unparse, unparse_condition, unparse_entry_header
from lrdsl.tree.arguments import named
from lrdsl.tree.coerce import spec_text
from lrdsl.tree.keywords import CALLED, NO_NAMES, OPERATORS, WORDS, are_entries

Tree: TypeAlias = "dict[Any, Any] | list[Any] | str | int | float | bool | None"
"""The data of YAML and JSON."""

MAX_LEVELS = 30
"""Levels of a tree; deeper parts are text, which is easier to read."""

_NAMES = {operator: name for name, operator in OPERATORS.items()}


def to_tree(spec: Any, language: Language | None = None) -> Tree:
    """The tree of a spec: text, a `Spec`, a number, or another tree.

    Arguments are named where `language`, by default that of the process, knows what is called.
    Raises `SpecError` for syntax errors. What cannot stand in a tree, such as an argument that does
    not fit, is text in it.

    >>> to_tree("0.5 * cosine(peak, peak / 10, 50%) | interval[2ep..3ep:*0.1, 600:0.01]")["pipe"][1]
    {'interval': {'2ep..3ep': '*0.1', 600: 0.01}}
    >>> to_tree("constant(peak, 5ep)"), to_tree("peak / 10")
    ({'constant': {'value': 'peak', 'steps': '5ep'}}, 'peak / 10')
    """
    node = spec.node if isinstance(spec, Spec) else parse(spec_text(spec)).node
    writer = _Writer(node, current() if language is None else language)
    match node:
        case ast.Chain(parts=parts):
            return [writer.schedule(part, 1) for part in parts]
        case ast.Keyword():
            return unparse(node)
    return writer.schedule(node, 0)


class _Writer:
    def __init__(self, root: ast.Node, language: Language) -> None:
        self.language = language
        self.structured: set[int] = set()
        """The nodes, by identity, in which something is called that makes or changes schedules."""
        for node, _ in reversed([*ast.walk(root)]):
            inside = any([id(child) in self.structured for child in node.children])
            is_call = isinstance(node, ast.Call) and node.name.id not in FUNCTIONS
            if inside or is_call or isinstance(node, (ast.Bracket, ast.Chain, ast.Pipe)):
                self.structured.add(id(node))

    def schedule(self, node: ast.Node, depth: int, in_call: bool = False) -> Tree:
        """The tree of a node where a schedule belongs, or as an argument of a call."""
        match node:
            case ast.Number():
                return _number(node)
            case ast.Negative(operand=ast.Number() as number):
                value = _number(number)
                return -value if value and not isinstance(value, str) else unparse(node)
            case ast.Keyword(word=word):
                return {"none": None, "true": True, "false": False}.get(word, word)
            case ast.List(items=items) if in_call:
                return [self.schedule(item, depth + 1, True) for item in items]
            case _ if id(node) not in self.structured or depth >= MAX_LEVELS:
                return unparse(node)
            case ast.Call():
                return self._call(node, depth)
            case ast.Bracket():
                return self._bracket(node, depth)
            case ast.Chain() | ast.Pipe() | ast.Power():
                word = type(node).__name__.lower()
                return {word: [self.schedule(part, depth + 2) for part in node.children]}
            case ast.Arithmetic():
                return self._arithmetic(node, depth)
            case ast.Negative(operand=operand):
                return {"negative": self.schedule(operand, depth + 1)}
            case ast.If(then=then, condition=condition, otherwise=otherwise):
                return {
                    "if": unparse_condition(condition),
                    "then": self.schedule(then, depth + 1),
                    "else": self.schedule(otherwise, depth + 1),
                }
        return unparse(node)

    def _arithmetic(self, node: ast.Arithmetic, depth: int) -> Tree:
        """`a - b + c` as `{add: [{subtract: [a, b]}, c]}`: a run of one operator is one list."""
        runs = [(operator, len([*run])) for operator, run in itertools.groupby(node.operators)]
        if depth + len(runs) >= MAX_LEVELS:
            return unparse(node)
        found, *others = [self.schedule(part, depth + 2 * len(runs)) for part in node.parts]
        for operator, count in runs:
            found, others = {_NAMES[operator]: [found, *others[:count]]}, others[count:]
        return found

    def _call(self, call: ast.Call, depth: int) -> Tree:
        name = call.name.id
        if name in WORDS or name in NO_NAMES or self.language.takes_entries(name):
            return unparse(call)
        given = named(call, self.language)
        names = [argument.name for argument in call.arguments]
        if given is None and None not in names and 0 < len(names) == len({*names}):
            given = {str(argument.name): argument.value for argument in call.arguments}
        if given is not None:
            return {name: {k: self.schedule(v, depth + 2, True) for k, v in given.items()}}
        if any(names):
            return unparse(call)
        return {name: [self.schedule(each.value, depth + 2, True) for each in call.arguments]}

    def _bracket(self, bracket: ast.Bracket, depth: int) -> Tree:
        name = bracket.name.id
        known = bool(self.language.takes_entries(name))
        entries = [each for each in bracket.entries if isinstance(each, ast.Entry)]
        found = {_key(each, known): self._entry(each, depth + 2) for each in entries}
        if len(found) < len(bracket.entries):  # a mistake in one, or two at the same update
            return unparse(bracket)
        plain = name not in WORDS and are_entries(name, found, self.language)
        return {name: found} if plain else unparse(bracket)

    def _entry(self, entry: ast.Entry, depth: int) -> Tree:
        if not entry.factor:
            return self.schedule(entry.value, depth)
        if id(entry.value) in self.structured and depth < MAX_LEVELS:
            return {"times": self.schedule(entry.value, depth + 1)}
        return f"*{unparse(entry.value)}"


def _key(entry: ast.Entry, is_bracket: bool) -> str | int:
    """When an entry is: `600`, `20..30`."""
    if entry.stop is None and isinstance(entry.start, ast.Number):
        number = _number(entry.start)
        if isinstance(number, int):
            return number
    text = unparse_entry_header(replace(entry, factor=False)).removesuffix(":")
    # Where nothing else tells, a name is that of a parameter.
    return f"({text})" if CALLED.fullmatch(text) and not is_bracket else text


def _number(node: ast.Number) -> str | int | float:
    """A number as YAML has it; with a unit or a multiplier it is text."""
    if node.unit or node.text[-1:] in ("k", "M", "B"):
        return unparse(node)
    exact = node.value.is_integer() and abs(node.value) <= 2**53
    return int(node.value) if exact else node.value
