"""Specs to trees. What is arithmetic over numbers alone stays text: `peak / 10`."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any, TypeAlias

from lrdsl.language.functions import FUNCTIONS
from lrdsl.language.library import Library
from lrdsl.syntax import ast
from lrdsl.syntax.grammar import NAME
from lrdsl.syntax.spec import Spec, parse
from lrdsl.syntax.unparse import unparse, unparse_condition, unparse_entry_header
from lrdsl.tree.arguments import named
from lrdsl.tree.coerce import spec_text
from lrdsl.tree.keywords import NO_NAMES, OPERATORS, WORDS, are_entries, is_bracket

Tree: TypeAlias = "dict[Any, Any] | list[Any] | str | int | float | bool | None"
"""What YAML and JSON are made of."""

MAX_LEVELS = 30
"""What is nested deeper is text: nobody would want to read it as a tree."""

_NAMES = {operator: name for name, operator in OPERATORS.items()}


def to_tree(spec: Any, library: Library | None = None) -> Tree:
    """The tree of a spec: text, a `Spec`, a number, or another tree.

    Arguments are named where it is known what is called; `library` are the definitions for that, by
    default those that come with lrdsl and those that were loaded. Raises `SpecError` for syntax
    errors. What cannot stand in a tree, such as an argument that does not fit, is text in it.

    >>> to_tree("0.5 * cosine(peak, peak / 10, 50%) | interval[2ep..3ep:*0.1, 600:0.01]")["pipe"][1]
    {'interval': {'2ep..3ep': '*0.1', 600: 0.01}}
    >>> to_tree("constant(peak, 5ep)"), to_tree("peak / 10")
    ({'constant': {'value': 'peak', 'steps': '5ep'}}, 'peak / 10')
    """
    found = spec if isinstance(spec, Spec) else parse(spec_text(spec))
    return _Writer(found.node, Library() if library is None else library).root()


class _Writer:
    def __init__(self, root: ast.Node, library: Library) -> None:
        self.tree = root
        self.library = library
        self.structured: set[int] = set()
        """The nodes, by identity, in which something is called that makes or changes schedules."""
        for node, _ in reversed([*ast.walk(root)]):
            inside = any([id(child) in self.structured for child in node.children])
            if inside or self._is_structure(node):
                self.structured.add(id(node))

    @staticmethod
    def _is_structure(node: ast.Node) -> bool:
        if isinstance(node, ast.Call):
            return node.name.id not in FUNCTIONS
        return isinstance(node, (ast.Bracket, ast.Chain, ast.Pipe))

    def root(self) -> Tree:
        if isinstance(self.tree, ast.Chain):
            return [self.schedule(part, 1) for part in self.tree.parts]
        if isinstance(self.tree, ast.Keyword):
            return unparse(self.tree)
        return self.schedule(self.tree, 0)

    def schedule(self, node: ast.Node, depth: int, in_call: bool = False) -> Tree:
        """What stands for a node where a schedule belongs, or as an argument of a call."""
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
        if id(node) not in self.structured or depth >= MAX_LEVELS:
            return unparse(node)
        match node:
            case ast.Call():
                return self._call(node, depth)
            case ast.Bracket():
                return self._bracket(node, depth)
            case ast.Chain(parts=parts):
                return {"chain": [self.schedule(part, depth + 2) for part in parts]}
            case ast.Pipe(parts=parts):
                return {"pipe": [self.schedule(part, depth + 2) for part in parts]}
            case ast.Arithmetic(operators=operators, parts=parts):
                return self._arithmetic(operators, parts, depth)
            case ast.Negative(operand=operand):
                return {"negative": self.schedule(operand, depth + 1)}
            case ast.Power(base=base, exponent=exponent):
                return {"power": [self.schedule(part, depth + 2) for part in (base, exponent)]}
            case ast.If(then=then, condition=condition, otherwise=otherwise):
                return {
                    "if": unparse_condition(condition),
                    "then": self.schedule(then, depth + 1),
                    "else": self.schedule(otherwise, depth + 1),
                }
        return unparse(node)

    def _arithmetic(
        self, operators: tuple[str, ...], parts: tuple[ast.Node, ...], depth: int
    ) -> Tree:
        """`a - b + c` as `{add: [{subtract: [a, b]}, c]}`: a run of one operator is one list."""
        runs = 1 + sum([a != b for a, b in itertools.pairwise(operators)])
        if depth + runs >= MAX_LEVELS:
            return unparse(ast.Arithmetic(operators, parts))
        inner = depth + 2 * runs
        found: Tree = self.schedule(parts[0], inner)
        last = None
        for operator, part in zip(operators, parts[1:], strict=True):
            right = self.schedule(part, inner)
            if operator == last:
                assert isinstance(found, dict)
                found[_NAMES[operator]].append(right)
            else:
                found = {_NAMES[operator]: [found, right]}
            last = operator
        return found

    def _call(self, call: ast.Call, depth: int) -> Tree:
        name = call.name.id
        if name in WORDS or name in NO_NAMES or is_bracket(name, self.library):
            return unparse(call)
        given = named(call, self.library)
        if given is None:
            return self._unknown(call, depth)
        return {name: {k: self.schedule(v, depth + 2, True) for k, v in given.items()}}

    def _unknown(self, call: ast.Call, depth: int) -> Tree:
        """A call whose parameters are not known, or do not fit: as it was written."""
        values = [self.schedule(a.value, depth + 2, True) for a in call.arguments]
        names = [argument.name for argument in call.arguments]
        if not any(names):
            return {call.name.id: values}
        if None in names or len(set(names)) < len(names):
            return unparse(call)
        return {call.name.id: dict(zip(names, values, strict=True))}

    def _bracket(self, bracket: ast.Bracket, depth: int) -> Tree:
        found: dict[Any, Any] = {}
        known = is_bracket(bracket.name.id, self.library)
        for entry in bracket.entries:
            if not isinstance(entry, ast.Entry):
                return unparse(bracket)
            key = _key(entry, known)
            if key in found:
                return unparse(bracket)
            found[key] = self._entry(entry, depth + 2)
        name = bracket.name.id
        plain = name not in WORDS and are_entries(name, found, self.library)
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
    return f"({text})" if NAME.fullmatch(text) and not is_bracket else text


def _number(node: ast.Number) -> str | int | float:
    """A number as YAML has it; with a unit or a multiplier it is text."""
    if node.unit or node.text[-1:] in ("k", "M", "B"):
        return unparse(node)
    exact = node.value.is_integer() and abs(node.value) <= 2**53
    return int(node.value) if exact else node.value
