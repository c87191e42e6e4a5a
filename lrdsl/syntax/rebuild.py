"""Nodes made from other nodes: joined, with other parts, or at another place in the text."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from lrdsl.diagnostics import Span
from lrdsl.syntax import ast

N = TypeVar("N", bound=ast.Node)


def move_to(node: N, span: Span) -> N:
    """The same node with another span.

    >>> move_to(ast.Name("peak"), Span(4, 8)).span
    Span(start=4, stop=8, sites=())
    """
    if span is node.span:
        return node
    if isinstance(node, ast.Name):  # the most frequent nodes, and `replace` is slow
        return ast.Name(node.id, span=span)  # type: ignore[return-value]
    if isinstance(node, ast.Number):
        return ast.Number(node.value, node.unit, node.text, span=span)  # type: ignore[return-value]
    return replace(node, span=span)


def rebuild(
    node: ast.Node,
    change: Callable[[ast.Node], ast.Node],
    place: Callable[[Span], Span] | None = None,
) -> ast.Node:
    """The same node with its children changed by `change` and its spans by `place`.

    Of a call, `change` gets the values of the arguments. Without `place`, a node whose children do
    not change is returned itself.
    """
    # One frame for each level, so that a tree of MAX_DEPTH stays well inside Python's stack.
    old = node.children
    if isinstance(node, ast.Call):
        old = tuple([argument.value for argument in node.arguments])
    elif not old:
        return node if place is None else move_to(node, place(node.span))
    new = tuple(map(change, old))
    if place is None and all(map(operator.is_, old, new)):
        return node
    return replace_parts(node, new, place or _same)


def _same(span: Span) -> Span:
    return span


def replace_parts(
    node: ast.Node, parts: tuple[Any, ...], place: Callable[[Span], Span] = _same
) -> ast.Node:
    """The same node with other parts: its children, or the values of a call's arguments.

    >>> replace_parts(ast.Chain((ast.Name("a"),)), (ast.Name("b"), ast.Name("c"))).parts
    (Name(id='b'), Name(id='c'))
    """
    span = place(node.span)
    match node:
        case ast.Call(name=name, arguments=arguments):
            changed = [
                ast.Argument(value, a.name, place(a.name_span), span=place(a.span))
                for a, value in zip(arguments, parts, strict=True)
            ]
            return ast.Call(move_to(name, place(name.span)), tuple(changed), span=span)
        case ast.Bracket(name=name):
            return ast.Bracket(move_to(name, place(name.span)), parts, span=span)
        case ast.Program(names=names):
            moved = tuple([move_to(name, place(name.span)) for name in names])
            return ast.Program(moved, parts, span=span)
        case ast.Entry(factor=factor):
            start, *stop, value = parts
            return ast.Entry(start, stop[0] if stop else None, factor, value, span=span)
        case (
            ast.List() | ast.Arithmetic() | ast.Logic() | ast.Pipe() | ast.Chain() | ast.Modifiers()
        ):
            parts = (parts,)
    return type(node)(*node.label, *parts, span=span)


def _join(kind: type[ast.Pipe] | type[ast.Chain], *parts: ast.Node) -> ast.Node:
    first, *others = parts
    flat = first.parts if isinstance(first, kind) else (first,)
    return kind((*flat, *others), span=first.span.to(parts[-1].span))


join_pipe = partial(_join, ast.Pipe)
"""`a | b | c`; the parts of a pipe on the left join it: `(a | b) | c` is `a | b | c`."""

join_chain = partial(_join, ast.Chain)
"""`a >> b >> c`; the parts of a chain on the left join it."""


def join_arithmetic(operators: tuple[str, ...], parts: tuple[ast.Node, ...]) -> ast.Node:
    """`a + b - c` or `a * b / c`; the parts of a node of the same level on the left join it."""
    first, *others = parts
    span = first.span.to(parts[-1].span)
    if isinstance(first, ast.Arithmetic) and first.is_sum == (operators[0] in "+-"):
        return ast.Arithmetic((*first.operators, *operators), (*first.parts, *others), span=span)
    return ast.Arithmetic(operators, parts, span=span)
