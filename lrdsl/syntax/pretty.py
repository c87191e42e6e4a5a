"""Tree to canonical text in lines: what is too long for one is a segment, a modifier, a term each.

The text parses back to the same tree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from lrdsl.syntax import ast
from lrdsl.syntax.definition import Definition
from lrdsl.syntax.unparse import write, write_condition, write_entry_head, write_part

WIDTH = 88
"""Characters in a line, as far as there are places to break it."""

Breaks: TypeAlias = Callable[[ast.Node], bool]
"""Whether a node takes several lines even where it would fit into one."""

INDENT = "    "
"""What a line inside brackets begins with, for each level."""

_DEEPEST = 40
"""Levels of indentation; what lies deeper is written in one line."""


def _never(node: ast.Node) -> bool:
    return False


def lay_out(node: ast.Node, width: int = WIDTH, breaks: Breaks = _never) -> str:
    """The canonical text of a tree in lines of `width` where that can be done.

    >>> from lrdsl.syntax.parser import parse_tree
    >>> print(lay_out(parse_tree("warmup(linear, 100) >> cosine(1, 0, 800) | clip(1e-3, _)"), 40))
    warmup(linear, 100)
    >> cosine(1, 0, 800)
    | clip(1e-3, _)
    """
    return _Layout(width - _DEEPEST * len(INDENT), breaks).lines(node, width)


def lay_out_definition(
    definition: Definition,
    width: int = WIDTH,
    breaks: Breaks = _never,
    *,
    break_head: bool = False,
    break_body: bool = False,
) -> str:
    """The canonical text of a definition in lines.

    `break_head` and `break_body` break the line after `(` and after `=` even where it would fit.

    >>> from lrdsl.syntax.parser import parse_definitions
    >>> print(lay_out_definition(parse_definitions("def half(a) = linear(a, a/2, 9)")[0], 30))
    def half(a) =
        linear(a, a / 2, 9)
    """
    text = str(definition)
    if len(text) <= width and not break_head and not break_body:
        return text
    head, body = definition.head, lay_out(definition.body, width - len(INDENT), breaks)
    too_long = len(head) + len(" =") > width
    if (too_long or break_head) and definition.parameters and not definition.bracket:
        opening = f"def {definition.name}("
        head = _bracketed(opening, [p.written for p in definition.parameters], ")")
    return f"{head} =\n{INDENT}{_indented(body)}"


@dataclass(frozen=True)
class _Layout:
    """How trees are laid out; a node for which fewer columns than `least` are left stays whole."""

    least: int
    breaks: Breaks

    def lines(self, node: ast.Node, width: int) -> str:
        text = write(node)
        if self._stays(text, node, width):
            return text
        inner = width - len(INDENT)
        match node:
            case ast.Scope(body=only) | ast.Outer(argument=only):
                return self.lines(only, width)
            case ast.Pipe(parts=parts):
                return self._joined(node, ["|"] * (len(parts) - 1), width)
            case ast.Chain(parts=parts):
                return self._joined(node, [">>"] * (len(parts) - 1), width)
            case ast.Arithmetic(operators=operators):
                return self._joined(node, operators, width)
            case ast.Negative(operand=operand):
                return f"-{self._part(operand, node, inner)}"
            case ast.If(then=then, condition=condition, otherwise=otherwise):
                lines = (self._part(then, node, width), f"if {write_condition(condition)}")
                last = self.lines(otherwise, inner)
                last = last if isinstance(otherwise, ast.If) else _indented(last)
                return "\n".join([*lines, f"else {last}"])
            case ast.Modifiers(parts=parts):
                listed = [_indented(self._part(part, node, inner)) for part in parts]
                return "\n".join([f"| {text}" for text in listed])
            case ast.Program(names=names, values=values):
                fields = [
                    f"{name.id}: {self.lines(value, inner)}"
                    for name, value in zip(names, values, strict=True)
                ]
                return _bracketed("{", fields, "}")
            case ast.Call(name=name, arguments=arguments) if arguments:
                listed = [
                    ("" if a.name is None else f"{a.name}=") + self.lines(a.value, inner)
                    for a in arguments
                ]
                return _bracketed(f"{name.id}(", listed, ")")
            case ast.List(items=items) if items:
                return _bracketed("[", [self.lines(item, inner) for item in items], "]")
            case ast.Bracket(name=name, entries=entries):
                listed = [self.lines(entry, inner) for entry in entries]
                return _bracketed(f"{name.id}[", listed, "]")
            case ast.Entry(value=value):
                return f"{write_entry_head(node)}{self.lines(value, inner)}"
        return text

    def _stays(self, text: str, node: ast.Node, width: int) -> bool:
        """Whether a node is written in one line."""
        return width < self.least or (len(text) <= width and not self.breaks(node))

    def _joined(self, node: ast.Node, operators: Sequence[str], width: int) -> str:
        """The parts of a node, each but the first on a line with the operator before it."""
        first, *others = [self._part(part, node, width - len(INDENT)) for part in node.children]
        lines = [f"{o} {_indented(text)}" for o, text in zip(operators, others, strict=True)]
        return "\n".join([first, *lines])

    def _part(self, part: ast.Node, whole: ast.Node, width: int) -> str:
        text = write_part(part, whole)
        if self._stays(text, part, width):
            return text
        if text == write(part):
            return self.lines(part, width)
        lines = self.lines(part, width - len(INDENT))
        return f"(\n{INDENT}{_indented(lines)}\n)"


def _bracketed(opening: str, parts: Sequence[str], closing: str) -> str:
    inside = f",\n{INDENT}".join([_indented(part) for part in parts])
    return f"{opening}\n{INDENT}{inside}\n{closing}"


def _indented(text: str) -> str:
    return text.replace("\n", f"\n{INDENT}")
