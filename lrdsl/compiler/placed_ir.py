"""The placed IR: terms with their starts, stops and exact lengths in a context.

Conditions are decided, and durations are numbers. Values are still nodes: those that lean on
`prev` or `next` become numbers when the neighbours are lowered. Named tuples are made faster than
dataclasses, and so is their code when the module is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from lrdsl.compiler.context import Inputs
from lrdsl.compiler.ir import Modify, Scalar, ShapeCall
from lrdsl.diagnostics import Mistake
from lrdsl.language.functions import Function
from lrdsl.language.length import ENDLESS, Endless, Exact, Length
from lrdsl.language.modifiers import Modifier
from lrdsl.language.modifiers.base import Fit
from lrdsl.language.modifiers.interval import Entry
from lrdsl.language.signal import Signal
from lrdsl.syntax import ast

PlacedTerm: TypeAlias = (
    "PlacedFaulty | Scalar | Signal | PlacedApply | PlacedShape | PlacedSequence | PlacedModify | "
    "PlacedScope"
)
"""A part of a schedule in its place.

A value is the same in every place. Of what leans on no value the signal is known already.
"""


class PlacedFaulty(NamedTuple):
    """A term with a mistake that has been noted; its parts may have more of them.

    `entries` are those of a modifier, after which nothing stands.
    """

    parts: tuple[PlacedTerm, ...] = ()
    entries: tuple[PlacedTerm, ...] = ()


class PlacedApply(NamedTuple):
    """Operators or functions applied pointwise, from left to right.

    From update `end` on the value is held, where a part that has no say in lengths may change.
    """

    node: ast.Node
    functions: tuple[str | Function, ...]
    parts: tuple[PlacedTerm, ...]
    end: int | Endless = ENDLESS


class PlacedShape(NamedTuple):
    """A call of a shape; not `is_sound` if its length or its arguments are at fault.

    `durations` are its arguments that are durations, None where one is at fault. `steps` is its
    length in whole updates, 0 where it never ends. `starts` are the updates of its entries. Its
    clock runs `pace` times slower.
    """

    call: ShapeCall
    durations: Mapping[str, Any]
    steps: int
    starts: tuple[int, ...] = ()
    is_sound: bool = True
    pace: Exact = 1


class PlacedPart(NamedTuple):
    """A part of a chain, from update `start` up to `stop` of the chain's clock.

    `node` is all of it in the text: a pipe with its source and its modifiers.
    """

    node: ast.Node
    term: PlacedTerm
    start: int
    stop: int | Endless
    length: Length


class PlacedSequence(NamedTuple):
    """A chain, whose clock is at 0 at update `zero` of the run; None under a warp of time.

    Of a chain that is not `is_sound` the places of the parts mean nothing.
    """

    parts: tuple[PlacedPart, ...]
    zero: int | None
    is_sound: bool = True


class PlacedEntry(NamedTuple):
    """An entry of a modifier: the updates that it holds for, and the schedule that it runs.

    It ends at update `end`: where its range ends or, without one, its schedule; None: never.
    """

    entry: Entry
    value: PlacedTerm
    end: int | None


class PlacedRound(NamedTuple):
    """A round of a repetition: right for all rounds of phases from `low` to before `high`."""

    term: PlacedTerm
    low: Exact
    high: Exact


PlaceRound: TypeAlias = Callable[[Exact, Fit], PlacedRound]
"""Places a round of a phase and a fit."""


class PlacedRounds(NamedTuple):
    """The rounds of a repetition that are not all alike.

    The first one is right for phases from `low` to before `high`; `place` places those of another
    phase and fit. The schedule is as long as `source`, where that is not None, and would be laid
    out by `fit` if the rounds were none.
    """

    source: Length | None
    fit: Fit
    place: PlaceRound
    low: Exact
    high: Exact


class PlacedModify(NamedTuple):
    """A source under a modifier, up to update `end`; `length` is the source's.

    Its clock is at 0 at update `zero` of the run, where it governs the updates from `run_start` to
    before `run_stop`. The source of a repetition is its first round, whose exact start is `phase`;
    `rounds` are None where all are alike. A modifier that counts updates runs `pace` times slower.
    `holds` says that the value is held from `end` on, because an entry may change.
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
    phase: Exact = 0
    pace: Exact = 1
    rounds: PlacedRounds | None = None
    holds: bool = False


class PlacedScope(NamedTuple):
    """The body of a definition, some arguments of which are evaluated where it was called."""

    body: PlacedTerm


class PlacedIR(NamedTuple):
    """A whole spec in a context, as the one part of a run."""

    root: PlacedPart
    inputs: Inputs
    mistakes: tuple[Mistake, ...]
    """The mistakes about lengths and durations; where there are any there will be no signal."""
