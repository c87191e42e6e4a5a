"""The tree of a spec: frozen nodes with their spans in the text.

Nodes are equal when their texts mean the same: spans, comments and the notation of numbers do not
count. Operators of one level are one node with many parts, so that a chain of a thousand segments
is no deeper than a chain of two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lrdsl.diagnostics import NOWHERE, Problem, Span
from lrdsl.syntax.trivia import NO_TRIVIA, Trivia


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """Any part of a spec: its place in the text, and the comments that the formatter gave it."""

    span: Span = field(default=NOWHERE, kw_only=True, repr=False)
    trivia: Trivia = field(default=NO_TRIVIA, kw_only=True, repr=False)

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
class Number(Node):
    """`1e-3`, `10k`, `5%`: the value before its unit, and the unit (`""` for none).

    `text` keeps the user's notation.
    """

    value: float
    unit: str = ""
    text: str = field(default="")

    @property
    def label(self) -> tuple[object, ...]:
        return (self.value, self.unit)


@dataclass(frozen=True, slots=True, eq=False)
class Name(Node):
    """`peak`, `linear`, `mxnet.CosineScheduler`."""

    id: str

    @property
    def label(self) -> tuple[object, ...]:
        return (self.id,)


@dataclass(frozen=True, slots=True, eq=False)
class Keyword(Node):
    """One of the literals `none`, `true`, `false` and `inf`."""

    word: str

    @property
    def label(self) -> tuple[object, ...]:
        return (self.word,)


@dataclass(frozen=True, slots=True, eq=False)
class Default(Node):
    """`_`: the default of its place."""


@dataclass(frozen=True, slots=True, eq=False)
class String(Node):
    """A quoted word."""

    value: str

    @property
    def label(self) -> tuple[object, ...]:
        return (self.value,)


@dataclass(frozen=True, slots=True, eq=False)
class Faulty(Node):
    """A part with a syntax error; the parser reports it, later passes say nothing about it."""

    problem: Problem | None = None
    message: str = ""
    fix: str | None = None
    replacement: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class List(Node):
    """`[30, 80]`."""

    items: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        return self.items


@dataclass(frozen=True, slots=True, eq=False)
class Argument(Node):
    """An argument of a call: its value, and its name if it is given by name."""

    value: Node
    name: str | None = None
    name_span: Span = field(default=NOWHERE, repr=False)

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.value,)

    @property
    def label(self) -> tuple[object, ...]:
        return (self.name,)


@dataclass(frozen=True, slots=True, eq=False)
class Call(Node):
    """`cosine(1, 1e-3, 800)`."""

    name: Name
    arguments: tuple[Argument, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        return self.arguments

    @property
    def label(self) -> tuple[object, ...]:
        return (self.name.id,)


@dataclass(frozen=True, slots=True, eq=False)
class Entry(Node):
    """`20..30: *0.5` inside brackets: from `start` (up to `stop`), a value or a factor."""

    start: Node
    stop: Node | None
    factor: bool
    value: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.start, *((self.stop,) if self.stop else ()), self.value)

    @property
    def label(self) -> tuple[object, ...]:
        return (self.factor, self.stop is None)


@dataclass(frozen=True, slots=True, eq=False)
class Bracket(Node):
    """`interval[600:*0.5]`; in a definition, a parameter's name may stand for its entries."""

    name: Name
    entries: tuple[Entry | Name, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        return self.entries

    @property
    def label(self) -> tuple[object, ...]:
        return (self.name.id,)


@dataclass(frozen=True, slots=True, eq=False)
class _Sequence(Node):
    """A node of parts alone."""

    parts: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        return self.parts


@dataclass(frozen=True, slots=True, eq=False)
class _Prefixed(Node):
    """A node of one operand."""

    operand: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.operand,)


class Pipe(_Sequence):
    """`source | modifier | modifier`."""

    __slots__ = ()


class Chain(_Sequence):
    """`a >> b >> c`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class Arithmetic(Node):
    """`a + b - c` or `a * b / c`: `operators[i]` stands between part i and part i + 1."""

    operators: tuple[str, ...]
    parts: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        return self.parts

    @property
    def is_sum(self) -> bool:
        """Whether the parts are terms, not factors."""
        return self.operators[0] in "+-"

    @property
    def label(self) -> tuple[object, ...]:
        return self.operators


class Negative(_Prefixed):
    """`-a`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class Power(Node):
    """`a ** k`."""

    base: Node
    exponent: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.base, self.exponent)


@dataclass(frozen=True, slots=True, eq=False)
class If(Node):
    """`then if condition else otherwise`."""

    then: Node
    condition: Node
    otherwise: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.then, self.condition, self.otherwise)


@dataclass(frozen=True, slots=True, eq=False)
class Compare(Node):
    """`left < right`, in a condition."""

    operator: str
    left: Node
    right: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.left, self.right)

    @property
    def label(self) -> tuple[object, ...]:
        return (self.operator,)


@dataclass(frozen=True, slots=True, eq=False)
class Logic(Node):
    """`a and b`, `a or b`, in a condition."""

    operator: str
    parts: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        return self.parts

    @property
    def label(self) -> tuple[object, ...]:
        return (self.operator,)


class Not(_Prefixed):
    """`not a`, in a condition."""

    __slots__ = ()


class Modifiers(_Sequence):
    """`| a | b`: the body of a definition that is called as a modifier."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class Program(Node):
    """`{lr: a, momentum: b}`: the body of a definition that drives several hyperparameters."""

    names: tuple[Name, ...]
    values: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        return self.values

    @property
    def label(self) -> tuple[object, ...]:
        return tuple([name.id for name in self.names])


@dataclass(frozen=True, slots=True, eq=False)
class Scope(Node):
    """The expansion of a definition's call: the body with its arguments as `Outer` nodes."""

    body: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.body,)


@dataclass(frozen=True, slots=True, eq=False)
class Outer(Node):
    """An argument in a `Scope`; its `prev`, `next` and `rest` are those of the call."""

    argument: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.argument,)


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
    return tuple([(depth, type(node), *node.label) for node, depth in walk(root)])
