"""The tree of a spec: frozen nodes with their spans in the text.

Nodes are equal when their texts mean the same: spans, comments and the notation of numbers do not
count. Operators of one level are one node with many parts, so that a chain of a thousand segments
is no deeper than a chain of two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TypeAlias

from lrdsl.diagnostics import NOWHERE, Mistake, Span
from lrdsl.syntax.trivia import NO_TRIVIA, Trivia

Fields: TypeAlias = "str | tuple[str, ...]"
"""The name of a field that holds a tuple, or the names of fields that hold a value each."""


def _read(fields: Fields) -> property:
    """A property with the values of fields as a tuple, read in one go."""
    if isinstance(fields, str):
        return property(attrgetter(fields))
    read = attrgetter(*fields)
    return property(read if len(fields) > 1 else lambda node: (read(node),))


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """Any part of a spec: its place in the text, and the comments that the formatter gave it.

    A class names the fields of its `children`, and those of its `label`, which count beside them
    when nodes are compared. A single name is that of a field that holds a tuple.
    """

    span: Span = field(default=NOWHERE, kw_only=True, repr=False)
    trivia: Trivia = field(default=NO_TRIVIA, kw_only=True, repr=False)

    def __init_subclass__(cls, children: Fields = (), label: tuple[str, ...] = ()) -> None:
        for name, fields in {"children": children, "label": label}.items():
            if fields:
                setattr(cls, name, _read(fields))

    @property
    def children(self) -> tuple[Node, ...]:
        """The nodes directly below this one."""
        return ()

    @property
    def label(self) -> tuple[object, ...]:
        """The node's own values, without its children."""
        return ()

    def __eq__(self, other: object) -> bool:
        return flatten(self) == flatten(other) if isinstance(other, Node) else NotImplemented

    def __hash__(self) -> int:
        return hash(flatten(self))


@dataclass(frozen=True, slots=True, eq=False)
class Number(Node, label=("value", "unit")):
    """`1e-3`, `10k`, `5%`: the value before its unit, and the unit (`""` for none).

    `text` keeps the user's notation.
    """

    value: float
    unit: str = ""
    text: str = field(default="")


@dataclass(frozen=True, slots=True, eq=False)
class Name(Node, label=("id",)):
    """`peak`, `linear`, `mxnet.CosineScheduler`."""

    id: str


@dataclass(frozen=True, slots=True, eq=False)
class Keyword(Node, label=("word",)):
    """One of the literals `none`, `true`, `false` and `inf`."""

    word: str


class Default(Node):
    """`_`: the default of its place."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class String(Node, label=("value",)):
    """A quoted word."""

    value: str


@dataclass(frozen=True, slots=True, eq=False)
class Error(Node, label=("words",)):
    """`error("…")` in a definition: a mistake where it is chosen."""

    words: str


@dataclass(frozen=True, slots=True, eq=False)
class Faulty(Node):
    """A part with a syntax error; the parser reports it, later passes say nothing about it."""

    mistake: Mistake | None = None


@dataclass(frozen=True, slots=True, eq=False)
class List(Node, children="items"):
    """`[30, 80]`."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Argument(Node, children=("value",), label=("name",)):
    """An argument of a call: its value, and its name if it is given by name."""

    value: Node
    name: str | None = None
    name_span: Span = field(default=NOWHERE, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Call(Node, children="arguments", label=("name.id",)):
    """`cosine(1, 1e-3, 800)`."""

    name: Name
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Entry(Node, label=("factor",)):
    """`20..30: *0.5` inside brackets: from `start` (up to `stop`), a value or a factor."""

    start: Node
    stop: Node | None
    factor: bool
    value: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (
            (self.start, self.value) if self.stop is None else (self.start, self.stop, self.value)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Bracket(Node, children="entries", label=("name.id",)):
    """`interval[600:*0.5]`; in a definition, a parameter's name may stand for its entries."""

    name: Name
    entries: tuple[Entry | Name, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Sequence(Node, children="parts"):
    """A node of parts alone."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Prefixed(Node, children=("operand",)):
    """A node of one operand."""

    operand: Node


class Pipe(_Sequence):
    """`source | modifier | modifier`."""

    __slots__ = ()


class Chain(_Sequence):
    """`a >> b >> c`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class Arithmetic(Node, children="parts", label=("operators",)):
    """`a + b - c` or `a * b / c`: `operators[i]` stands between part i and part i + 1."""

    operators: tuple[str, ...]
    parts: tuple[Node, ...]

    @property
    def is_sum(self) -> bool:
        """Whether the parts are terms, not factors."""
        return self.operators[0] in "+-"


class Negative(_Prefixed):
    """`-a`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class Power(Node, children=("base", "exponent")):
    """`a ** k`."""

    base: Node
    exponent: Node


@dataclass(frozen=True, slots=True, eq=False)
class If(Node, children=("then", "condition", "otherwise")):
    """`then if condition else otherwise`."""

    then: Node
    condition: Node
    otherwise: Node


@dataclass(frozen=True, slots=True, eq=False)
class Compare(Node, children=("left", "right"), label=("operator",)):
    """`left < right`, in a condition."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, eq=False)
class Logic(Node, children="parts", label=("operator",)):
    """`a and b`, `a or b`, in a condition."""

    operator: str
    parts: tuple[Node, ...]


class Not(_Prefixed):
    """`not a`, in a condition."""

    __slots__ = ()


class Modifiers(_Sequence):
    """`| a | b`: the body of a definition that is called as a modifier."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class Program(Node, children="values", label=("names",)):
    """`{lr: a, momentum: b}`: the body of a definition that drives several hyperparameters."""

    names: tuple[Name, ...]
    values: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Scope(Node, children=("body",)):
    """The expansion of a definition's call: the body with its arguments as `Outer` nodes."""

    body: Node


@dataclass(frozen=True, slots=True, eq=False)
class Outer(Node, children=("argument",)):
    """An argument in a `Scope`; its `prev`, `next` and `rest` are those of the call."""

    argument: Node


@dataclass(frozen=True, slots=True, eq=False)
class Bounded(Node, children=("operand",), label=("low", "high", "parameter")):
    """An argument of a definition that must lie from `low` to `high`; `parameter` names it."""

    low: float
    high: float
    parameter: str
    operand: Node


def walk(root: Node) -> Iterator[tuple[Node, int]]:
    """Yield every node of a tree with its depth, the root first; without recursion."""
    stack = [(root, 1)]
    while stack:
        node, depth = stack.pop()
        yield node, depth
        children = node.children
        if children:
            stack.extend([(child, depth + 1) for child in reversed(children)])


def levels(root: Node) -> list[list[Node]]:
    """The nodes of a tree by depth, the root first: faster than `walk`."""
    found, level = [], [root]
    while level:
        found.append(level)
        level = [child for node in level for child in node.children]
    return found


def flatten(root: Node) -> tuple[tuple[object, ...], ...]:
    """A tree as a flat tuple, which is equal for equal trees and compared without recursion."""
    return tuple([(depth, type(node), node.label) for node, depth in walk(root)])
