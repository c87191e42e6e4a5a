"""Nodes made from other nodes: joined, with other parts, or at another place in the text."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from lrdsl.diagnostics import Span
from lrdsl.syntax.ast import (
    Argument,
    Arithmetic,
    Bracket,
    Call,
    Chain,
    Compare,
    Default,
    Entry,
    Faulty,
    If,
    Keyword,
    List,
    Logic,
    Modifiers,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Outer,
    Pipe,
    Power,
    Program,
    Scope,
    String,
)

_LEAVES = (Name, Number, Keyword, Default, String, Faulty)
"""The nodes without nodes below them: most of a tree."""

N = TypeVar("N", bound=Node)


def move_to(node: N, span: Span) -> N:
    """The same node with another span.

    >>> move_to(Name("peak"), Span(4, 8)).span
    Span(start=4, stop=8, sites=())
    """
    if span is node.span:
        return node
    if isinstance(node, Name):  # the most frequent nodes, and `replace` is slow
        return Name(node.id, span=span)  # type: ignore[return-value]
    if isinstance(node, Number):
        return Number(node.value, node.unit, node.text, span=span)  # type: ignore[return-value]
    return replace(node, span=span)


def rebuild(
    node: Node, change: Callable[[Node], Node], place: Callable[[Span], Span] | None
) -> Node:
    """The same node with its children changed by `change` and its spans by `place`.

    Without `place`, a node whose children do not change is returned itself.
    """
    # One frame for each level, so that a tree of MAX_DEPTH stays well inside Python's stack.
    if isinstance(node, _LEAVES):
        return node if place is None else move_to(node, place(node.span))
    old = node.children
    if isinstance(node, Call):
        old = tuple([argument.value for argument in node.arguments])
    new: tuple[Any, ...] = tuple(map(change, old))
    if place is None:
        if all(map(operator.is_, old, new)):
            return node
        place = _same
    return _make_like(node, new, place)


def replace_parts(node: Node, parts: tuple[Any, ...]) -> Node:
    """The same node with other parts: its children, or the values of a call's arguments.

    >>> replace_parts(Chain((Name("a"), Name("b"))), (Name("c"), Name("d"))).parts
    (Name(id='c'), Name(id='d'))
    """
    return _make_like(node, parts, _same)


def _make_like(node: Node, new: tuple[Any, ...], place: Callable[[Span], Span]) -> Node:
    span = place(node.span)
    match node:
        case Call(name=name, arguments=arguments):
            moved = tuple(
                [
                    Argument(value, a.name, place(a.name_span), span=place(a.span))
                    for a, value in zip(arguments, new, strict=True)
                ]
            )
            return Call(move_to(name, place(name.span)), moved, span=span)
        case Arithmetic(operators=operators):
            return Arithmetic(operators, new, span=span)
        case Pipe() | Chain() | Modifiers() | List():
            return type(node)(new, span=span)
        case Entry(factor=factor):
            stop = new[1] if len(new) == 3 else None
            return Entry(new[0], stop, factor, new[-1], span=span)
        case Bracket(name=name):
            return Bracket(move_to(name, place(name.span)), new, span=span)
        case Compare(operator=word):
            return Compare(word, *new, span=span)
        case Logic(operator=word):
            return Logic(word, new, span=span)
        case Program(names=names):
            moved_names = tuple([move_to(name, place(name.span)) for name in names])
            return Program(moved_names, new, span=span)
    assert isinstance(node, (If, Negative, Not, Power, Scope, Outer))  # all fields are nodes
    return type(node)(*new, span=span)


def _same(span: Span) -> Span:
    return span


def join_pipe(*parts: Node) -> Node:
    """`a | b | c`; the parts of a pipe on the left join it: `(a | b) | c` is `a | b | c`."""
    first, *others = parts
    flat = first.parts if isinstance(first, Pipe) else (first,)
    return Pipe((*flat, *others), span=first.span.to(parts[-1].span))


def join_chain(*parts: Node) -> Node:
    """`a >> b >> c`; the parts of a chain on the left join it."""
    first, *others = parts
    flat = first.parts if isinstance(first, Chain) else (first,)
    return Chain((*flat, *others), span=first.span.to(parts[-1].span))


def join_arithmetic(operators: tuple[str, ...], parts: tuple[Node, ...]) -> Node:
    """`a + b - c` or `a * b / c`; the parts of a node of the same level on the left join it."""
    first, *others = parts
    span = first.span.to(parts[-1].span)
    if isinstance(first, Arithmetic) and first.is_sum == (operators[0] in "+-"):
        return Arithmetic((*first.operators, *operators), (*first.parts, *others), span=span)
    return Arithmetic(operators, parts, span=span)
