"""The placed IR: terms with their starts, stops and exact lengths in a context.

Conditions are decided, and durations are numbers. Values are still nodes: those that lean on
`prev` or `next` become numbers when the neighbours are lowered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lrdsl.compiler.context import Context
from lrdsl.compiler.ir import Modify, ShapeCall
from lrdsl.diagnostics import Mistakes
from lrdsl.language.functions import Function
from lrdsl.language.length import Endless, Length
from lrdsl.language.modifiers import Modifier
from lrdsl.language.modifiers.interval import Entry
from lrdsl.language.signal import Exact
from lrdsl.syntax import ast


@dataclass(frozen=True, slots=True, eq=False)
class PlacedTerm:
    """A part of a schedule in its place; `node` is where it came from."""

    node: ast.Node


@dataclass(frozen=True, slots=True, eq=False)
class PlacedFaulty(PlacedTerm):
    """A term with a mistake that has been reported; its parts may have more of them."""

    parts: tuple[PlacedTerm, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class PlacedScalar(PlacedTerm):
    """A value that does not change."""


@dataclass(frozen=True, slots=True, eq=False)
class PlacedDuration(PlacedTerm):
    """A duration in a formula, in updates."""

    updates: float


@dataclass(frozen=True, slots=True, eq=False)
class PlacedClock(PlacedTerm):
    """The local time."""


@dataclass(frozen=True, slots=True, eq=False)
class PlacedReference(PlacedTerm):
    """Another schedule of the program, whose clock is at `zero` when the term's own is at 0."""

    name: str
    zero: Exact


@dataclass(frozen=True, slots=True, eq=False)
class PlacedApply(PlacedTerm):
    """Operators or functions applied pointwise, from left to right."""

    functions: tuple[str | Function, ...]
    parts: tuple[PlacedTerm, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PlacedShape(PlacedTerm):
    """A call of a shape; not `is_sound` if its length or its arguments are at fault.

    `durations` are its arguments that are durations, None where one is at fault. `steps` is its
    length in whole updates, 0 where it never ends. `starts` are the updates of its entries.
    """

    call: ShapeCall
    durations: Mapping[str, Any]
    steps: int
    starts: tuple[int, ...] = ()
    is_sound: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class PlacedPart:
    """A part of a chain, from update `start` up to `stop` of the chain's clock.

    `node` is all of it in the text: a pipe with its source and its modifiers.
    """

    node: ast.Node
    term: PlacedTerm
    start: int
    stop: int | Endless
    length: Length


@dataclass(frozen=True, slots=True, eq=False)
class PlacedSequence(PlacedTerm):
    """A chain, whose clock is at 0 at update `zero` of the run; None under a warp of time.

    Of a chain that is not `is_sound` the places of the parts mean nothing.
    """

    parts: tuple[PlacedPart, ...]
    zero: int | None
    is_sound: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class PlacedEntry:
    """An entry of a modifier: the updates that it holds for, and the schedule that it runs."""

    entry: Entry
    value: PlacedTerm


@dataclass(frozen=True, slots=True, eq=False)
class PlacedModify(PlacedTerm):
    """A source under a modifier, up to update `end`; `length` is the source's.

    Its clock is at 0 at update `zero` of the run, where it governs the updates from `run_start` to
    before `run_stop`.
    """

    call: Modify
    source: PlacedTerm
    modifier: Modifier
    length: Length
    end: int | Endless
    zero: Exact
    run_start: Exact
    run_stop: Length
    entries: tuple[PlacedEntry, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class PlacedFaultyModify(PlacedTerm):
    """A modifier whose length or arguments are at fault; its parts may have more mistakes."""

    source: PlacedTerm
    entries: tuple[PlacedTerm, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class PlacedScope(PlacedTerm):
    """The body of a definition, some arguments of which are evaluated where it was called."""

    body: PlacedTerm


@dataclass(frozen=True, slots=True, eq=False)
class PlacedIR:
    """A whole spec in a context, as the one part of a run."""

    root: PlacedPart
    context: Context
    mistakes: Mistakes
    """The mistakes about lengths and durations; where there are any there will be no signal."""
