"""The IR: terms, a tree whose names are resolved and whose arguments have their parameters.

Terms know nothing of the run. Arguments that are values or durations are still nodes: they become
numbers when the context is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lrdsl.language.curves import Curve
from lrdsl.language.functions import Function
from lrdsl.language.modifiers import Modifier
from lrdsl.language.parameters import Kind, Parameter
from lrdsl.language.shapes import ShapeSignature
from lrdsl.syntax.ast import Entry, Node, Pipe


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """A part of a schedule; `node` is where it came from."""

    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class Poison(Term):
    """A node with a mistake, which has been reported; `parts` are the terms inside it."""

    parts: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Scalar(Term):
    """A value that does not change: a number, a variable, arithmetic over them."""


@dataclass(frozen=True, slots=True, eq=False)
class Clock(Term):
    """`t`: the local time itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference(Term):
    """Another schedule of the same program, as it is at the same update of the run."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class InUpdates(Term):
    """A duration in a formula, `total` in `t/total`, counted in updates."""


@dataclass(frozen=True, slots=True, eq=False)
class Apply(Term):
    """Operators or functions applied pointwise, from left to right: f₁(part₀, part₁) and so on."""

    functions: tuple[str | Function, ...]
    parts: tuple[Term, ...]


@dataclass(frozen=True, slots=True, eq=False)
class EntryTerm:
    """An entry in brackets as it is written; `term` is its value where a schedule belongs."""

    written: Entry
    term: Term | None


@dataclass(frozen=True, slots=True, eq=False)
class CallTerm(Term):
    """A call of a shape or a modifier; not `sound` if its arguments do not fit."""

    name: str
    arguments: Mapping[str, Node]
    """The arguments by parameter, without those that were left out."""
    entries: tuple[EntryTerm, ...]
    sound: bool


@dataclass(frozen=True, slots=True, eq=False)
class ShapeCall(CallTerm):
    """A call of a shape, with the curve that it names or stands for."""

    signature: ShapeSignature
    curve: type[Curve] | None

    @property
    def curve_parameters(self) -> tuple[Parameter, ...]:
        """The parameters that the curve brings."""
        return () if self.curve is None else self.curve.parameters()

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of the shape itself, but for the length and the name of the curve."""
        elsewhere = {parameter.name for parameter in self.curve_parameters}
        own = [each for each in self.signature.parameters if each.name not in elsewhere]
        return tuple([each for each in own if each.kind not in (Kind.STEPS, Kind.MODE)])


@dataclass(frozen=True, slots=True, eq=False)
class Sequence(Term):
    """A chain."""

    parts: tuple[Term, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Modify(CallTerm):
    """A source under one modifier.

    `node` is the modifier, `pipe` what it is part of, with the source.
    """

    pipe: Pipe
    source: Term
    cls: type[Modifier]
    counts: bool = False
    """Whether the number of a round, `cycle`, stands in the source."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice(Term):
    """One of two terms, chosen by a condition."""

    condition: Node
    then: Term
    otherwise: Term


@dataclass(frozen=True, slots=True, eq=False)
class Called(Term):
    """The body of a definition, some arguments of which are evaluated where it was called."""

    inner: Term
