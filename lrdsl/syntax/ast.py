"""The tree of a spec: frozen nodes that know where they stand in the text.

Two nodes are equal when they mean the same text; spans and the way a number was written do not
count. Operators of one level are one node with many parts, so that a chain of a thousand segments
is no deeper than a chain of two.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from lrdsl.diagnostics import NOWHERE, Problem, Span


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """Any part of a spec; `span` is where it stands.

    Nodes are equal when their trees are, whatever their spans.
    """

    span: Span = field(default=NOWHERE, kw_only=True, repr=False)

    @property
    def children(self) -> tuple[Node, ...]:
        """The nodes right below this one."""
        return ()

    @property
    def label(self) -> tuple[object, ...]:
        """What the node says by itself, without its children."""
        return ()

    def __eq__(self, other: object) -> bool:
        return flatten(self) == flatten(other) if isinstance(other, Node) else NotImplemented

    def __hash__(self) -> int:
        return hash(flatten(self))


@dataclass(frozen=True, slots=True, eq=False)
class Number(Node):
    """`1e-3`, `10k`, `5%`: the value before its unit, and the unit (`""` for none).

    `text` keeps the writer's notation.
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
    """`_`: whatever the default is here."""


@dataclass(frozen=True, slots=True, eq=False)
class String(Node):
    """A quoted word."""

    value: str

    @property
    def label(self) -> tuple[object, ...]:
        return (self.value,)


@dataclass(frozen=True, slots=True, eq=False)
class Faulty(Node):
    """What could not be read; the parser reports it, later passes keep silent about it."""

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
    """An argument of a call: its value, and its name when it was given by name."""

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
    """`interval[600:*0.5]`; in a definition a name may stand for the entries it was given."""

    name: Name
    entries: tuple[Entry | Name, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        return self.entries

    @property
    def label(self) -> tuple[object, ...]:
        return (self.name.id,)


@dataclass(frozen=True, slots=True, eq=False)
class Pipe(Node):
    """`source | modifier | modifier`."""

    parts: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        return self.parts


@dataclass(frozen=True, slots=True, eq=False)
class Chain(Node):
    """`a >> b >> c`."""

    parts: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        return self.parts


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
        """Whether these are terms, not factors."""
        return self.operators[0] in "+-"

    @property
    def label(self) -> tuple[object, ...]:
        return self.operators


@dataclass(frozen=True, slots=True, eq=False)
class Negative(Node):
    """`-a`."""

    operand: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.operand,)


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


@dataclass(frozen=True, slots=True, eq=False)
class Not(Node):
    """`not a`, in a condition."""

    operand: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.operand,)


@dataclass(frozen=True, slots=True, eq=False)
class Modifiers(Node):
    """`| a | b`: the body of a definition that changes what stands left of its call."""

    parts: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        return self.parts


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
    """What a call of a definition stands for, where arguments in it are meant from outside."""

    body: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.body,)


@dataclass(frozen=True, slots=True, eq=False)
class Outer(Node):
    """An argument whose `prev`, `next` or `rest` is that of the call, outside the `Scope`."""

    argument: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.argument,)


_LEAVES = (Name, Number, Keyword, Default, String, Faulty)
"""The nodes that never have others below them: most of a tree."""

N = TypeVar("N", bound=Node)


def at(node: N, span: Span) -> N:
    """The same node, standing at `span`."""
    if span is node.span:
        return node
    if isinstance(node, Name):  # most of what is moved, and `replace` takes its time
        return Name(node.id, span=span)  # type: ignore[return-value]
    if isinstance(node, Number):
        return Number(node.value, node.unit, node.text, span=span)  # type: ignore[return-value]
    return replace(node, span=span)


def rebuild(
    node: Node, change: Callable[[Node], Node], place: Callable[[Span], Span] | None
) -> Node:
    """The same node, with its children changed and its spans put in another place.

    Without a place, a node whose children stay what they are is that very node.
    """
    # Written so that a tree of the greatest depth allowed stays well inside Python's stack.
    if isinstance(node, _LEAVES):
        return node if place is None else at(node, place(node.span))
    old = node.children
    if isinstance(node, Call):
        old = tuple([argument.value for argument in node.arguments])
    new: tuple[Any, ...] = tuple(map(change, old))
    if place is None:
        if all(map(operator.is_, old, new)):
            return node
        place = _same
    return _of_parts(node, new, place)


def _of_parts(node: Node, new: tuple[Any, ...], place: Callable[[Span], Span]) -> Node:
    """A node like another, of other parts: its children, or the values of a call's arguments."""
    span = place(node.span)
    match node:
        case Call(name=name, arguments=arguments):
            moved = tuple(
                [
                    Argument(value, a.name, place(a.name_span), span=place(a.span))
                    for a, value in zip(arguments, new, strict=True)
                ]
            )
            return Call(at(name, place(name.span)), moved, span=span)
        case Arithmetic(operators=operators):
            return Arithmetic(operators, new, span=span)
        case Pipe() | Chain() | Modifiers() | List():
            return type(node)(new, span=span)
        case Entry(factor=factor):
            stop = new[1] if len(new) == 3 else None
            return Entry(new[0], stop, factor, new[-1], span=span)
        case Bracket(name=name):
            return Bracket(at(name, place(name.span)), new, span=span)
        case Compare(operator=word):
            return Compare(word, *new, span=span)
        case Logic(operator=word):
            return Logic(word, new, span=span)
        case Program(names=names):
            return Program(tuple([at(name, place(name.span)) for name in names]), new, span=span)
    assert isinstance(node, (If, Negative, Not, Power, Scope, Outer))  # of nodes alone
    return type(node)(*new, span=span)


def _same(span: Span) -> Span:
    return span


def walk(root: Node) -> Iterator[tuple[Node, int]]:
    """Every node of a tree with its depth, the root first; no recursion, so any depth is safe."""
    stack = [(root, 1)]
    while stack:
        node, depth = stack.pop()
        yield node, depth
        children = node.children
        if children:
            stack.extend([(child, depth + 1) for child in reversed(children)])


def levels(root: Node) -> list[list[Node]]:
    """The nodes of a tree by their depth, the root first: quicker than a `walk`."""
    found, level = [], [root]
    while level:
        found.append(level)
        level = [child for node in level for child in node.children]
    return found


def flatten(root: Node) -> tuple[tuple[object, ...], ...]:
    """A tree as a flat tuple: equal for equal trees, and compared without recursion."""
    return tuple([(depth, type(node), *node.label) for node, depth in walk(root)])


def pipe(*parts: Node) -> Node:
    """`a | b | c`; a pipe on the left runs on, as `(a | b) | c` means `a | b | c`."""
    first, *others = parts
    flat = first.parts if isinstance(first, Pipe) else (first,)
    return Pipe((*flat, *others), span=first.span.to(parts[-1].span))


def chain(*parts: Node) -> Node:
    """`a >> b >> c`; a chain on the left runs on."""
    first, *others = parts
    flat = first.parts if isinstance(first, Chain) else (first,)
    return Chain((*flat, *others), span=first.span.to(parts[-1].span))


def arithmetic(operators: tuple[str, ...], parts: tuple[Node, ...]) -> Node:
    """`a + b - c` or `a * b / c`; a node of the same level on the left runs on."""
    first, *others = parts
    span = first.span.to(parts[-1].span)
    if isinstance(first, Arithmetic) and first.is_sum == (operators[0] in "+-"):
        return Arithmetic((*first.operators, *operators), (*first.parts, *others), span=span)
    return Arithmetic(operators, parts, span=span)
