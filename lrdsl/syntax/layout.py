"""The lines that a node can be broken into: its items, and how each line begins."""

from __future__ import annotations

from typing import NamedTuple

from lrdsl.syntax import ast
from lrdsl.syntax.grammar import MAX_INDENT_LEVELS
from lrdsl.syntax.unparse import Precedence, condition_precedence, unparse_entry_header


class Item(NamedTuple):
    """A part of a node that begins a line when the node takes several lines."""

    node: ast.Node
    start: int
    """Where its own text starts, with the name or entry header before the node."""
    prefix: str = ""
    """The text before the node on its line: an operator, `name=`, an entry header."""
    least: int = 0
    """The lowest precedence that needs no brackets here."""
    levels: int = 1
    """By how many levels of indentation the node's lines are narrower than its parent's."""
    hangs: bool = False
    """Whether the item's further lines are indented under its first."""


def is_bracketed(node: ast.Node) -> bool:
    """Whether the node has brackets of its own.

    >>> is_bracketed(ast.Call(ast.Name("hold"), ())), is_bracketed(ast.Name("peak"))
    (True, False)
    """
    return isinstance(node, (ast.Call, ast.List, ast.Bracket, ast.Program))


def list_items(node: ast.Node) -> tuple[Item, ...]:
    """The items of a node; none for a node that always stays on one line.

    >>> from lrdsl.syntax.parser import parse_tree
    >>> [item.prefix for item in list_items(parse_tree("hold(5) >> cosine() >> hold(3)"))]
    ['', '>> ', '>> ']
    """
    match node:
        case ast.Pipe(parts=parts):
            return _operands(parts, ["| "] * (len(parts) - 1), Precedence.PIPE + 1)
        case ast.Chain(parts=parts):
            return _operands(parts, [">> "] * (len(parts) - 1), Precedence.CHAIN + 1)
        case ast.Arithmetic(operators=operators, parts=parts):
            least = (Precedence.SUM if node.is_sum else Precedence.PRODUCT) + 1
            return _operands(parts, [f"{operator} " for operator in operators], least)
        case ast.Negative(operand=operand):
            return (Item(operand, node.span.start, "-", Precedence.UNARY),)
        case ast.If(then=then, condition=condition, otherwise=otherwise):
            return (
                Item(then, then.span.start, "", Precedence.PIPE, levels=0),
                Item(
                    condition,
                    condition.span.start,
                    "if ",
                    condition_precedence(condition),
                    levels=MAX_INDENT_LEVELS + 1,  # a condition stays on one line
                ),
                Item(
                    otherwise,
                    otherwise.span.start,
                    "else ",
                    hangs=not isinstance(otherwise, ast.If),
                ),
            )
        case ast.Modifiers(parts=parts):
            least = Precedence.PIPE + 1
            return tuple([Item(p, p.span.start, "| ", least, hangs=True) for p in parts])
        case ast.Program(names=names, values=values):
            pairs = zip(names, values, strict=True)
            return tuple([Item(v, name.span.start, f"{name.id}: ") for name, v in pairs])
        case ast.Call(arguments=arguments):
            return tuple(
                [
                    Item(a.value, a.span.start, "" if a.name is None else f"{a.name}=")
                    for a in arguments
                ]
            )
        case ast.List(items=items):
            return tuple([Item(item, item.span.start) for item in items])
        case ast.Bracket(entries=entries):
            return tuple([_entry_item(entry) for entry in entries])
    return ()


def _operands(parts: tuple[ast.Node, ...], operators: list[str], least: int) -> tuple[Item, ...]:
    first, *others = parts
    return (
        Item(first, first.span.start, "", least),
        *[
            Item(part, part.span.start, operator, least, hangs=True)
            for operator, part in zip(operators, others, strict=True)
        ],
    )


def _entry_item(entry: ast.Entry | ast.Name) -> Item:
    if isinstance(entry, ast.Name):
        return Item(entry, entry.span.start)
    return Item(entry.value, entry.span.start, unparse_entry_header(entry), levels=2)
