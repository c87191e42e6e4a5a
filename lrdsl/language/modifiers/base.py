"""Modifiers change the whole of a signal."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar, NamedTuple

from lrdsl.language.length import Exact, Length
from lrdsl.language.parameters import DURATION_KINDS, CallableModel, Kind
from lrdsl.language.pointwise.functions import NUMPY, Operand, PointwiseFunctions
from lrdsl.language.pointwise.times import Array
from lrdsl.language.signal import Signal
from lrdsl.language.time_map import IDENTITY, TimeMap
from lrdsl.language.wrapped_signal import WrappedSignal
from lrdsl.util.registry import Registry


class Modifier(CallableModel):
    """A change of a whole signal. The fields are the parameters of its call."""

    bracket: ClassVar[bool] = False
    """Whether it is written `name[…]`."""

    needs_end: ClassVar[str | None] = None
    """Why a source that never ends cannot be modified, as the end of a message; None: it can."""

    warps_time: ClassVar[bool] = False
    """Whether the updates of the result have other numbers by the source's clock."""

    rescales_time: ClassVar[bool] = False
    """Whether the source's clock may count something else than updates."""

    cuts_time: ClassVar[bool] = False
    """Whether its only argument is the time at which the source is cut off."""

    makes_cycles: ClassVar[bool] = False
    """Whether the source comes again and again."""

    accumulates: ClassVar[bool] = False
    """Whether a value takes all that come before it, so that one far away is dear."""

    limits_values: ClassVar[bool] = False
    """Whether all that it does is to keep the values inside bounds."""

    period: ClassVar[str | None] = None
    """The field with the period at whose multiples the value changes, if there is one.

    A class that has one has a field `phase`, too.
    """

    counts_updates: ClassVar[bool] = False
    """Whether it goes from one update of the source to the next, however long these take."""

    neutral_arguments: ClassVar[tuple[float, ...] | None] = None
    """The numbers that change nothing as its only argument; (): that depends; None: none does."""

    def length(self, source: Length) -> Length:
        """How long the modified signal is."""
        return source

    def room(self, outer: Fraction) -> Fraction | None:
        """How long the source must be for the result to take `outer` updates; None: undecided."""
        return outer

    def given_length(self) -> Fraction | None:
        """How long the result is that every source is fitted into; None: the source decides."""
        return None

    def began(self) -> Fraction | None:
        """The source's time when the result's is 0; None where the two run differently."""
        return None if self.warps_time else Fraction(0)

    def in_place(self, phase: Exact, pace: Exact) -> Modifier:
        """The modifier where it stands: its durations last `pace` times as long.

        `phase` is how far its exact start lies behind its first update.
        """
        changes: dict[str, Exact | tuple[Exact, ...]] = {}
        if self.period is not None:
            changes["phase"] = phase
        if pace != 1:
            for name, kind in [(each.name, each.kind) for each in self.parameters()]:
                given = getattr(self, name)
                if kind in DURATION_KINDS:
                    changes[name] = self.in_longer_round(name, given, pace)
                elif kind is Kind.PERIODS and given is not None:
                    changes[name] = tuple([each * pace for each in given])
        return self.model_copy(update=changes) if changes else self

    @abstractmethod
    def apply(self, source: Signal, length: Length, end: float, text: str) -> Signal:
        """The modified signal.

        `length` is the source's exact length, `end` the update at which the result ends, `text`
        the modifier as written. The result should be a `WrappedSignal`, which knows all that the
        source knows, wherever one update of the result reads one time of the source.
        """


class Layout(NamedTuple):
    """The signal of a round of a repetition: right for phases from `low` to before `high`.

    The phase is the exact start of the round minus the update that it is rounded to, from -1/2 to
    before 1/2. It decides how the boundaries inside the round are rounded.
    """

    signal: Signal
    low: Exact
    high: Exact


ANY_PHASE = (Fraction(-1, 2), Fraction(1, 2))
"""The limits of a layout that is right for all rounds."""


class Fit(NamedTuple):
    """How a schedule is fitted into a round.

    All its durations last `pace` times as long as is written; one that fills the rest takes `room`
    updates, which the pace makes longer, too. `number` is that of the round, if it matters inside.
    """

    pace: Exact = 1
    room: Exact | None = None
    number: int | None = None


class FirstRound(NamedTuple):
    """The first round of a repetition: where it begins, and how it is laid out.

    Its exact start is `phase`, and it takes `length` updates. `make(phase, fit)` makes the layouts
    of other rounds; where it is None all rounds are alike. The schedule is as long as `source`,
    where it is not None, and would be laid out by `fit` if the rounds were none. `counts` says that
    the number of a round matters inside; `make_shared` makes layouts that find it out for many
    rounds at once, where that is possible.
    """

    layout: Layout
    length: Fraction
    phase: Exact = 0
    source: Length | None = None
    fit: Fit = Fit()
    make: Callable[[Exact, Fit], Layout] | None = None
    counts: bool = False
    make_shared: Callable[[Exact, Fit], Layout | None] | None = None


class Repetition(Modifier):
    """A modifier whose source comes again and again."""

    makes_cycles = True

    @property
    @abstractmethod
    def is_regular(self) -> bool:
        """Whether all rounds are of one length."""

    @abstractmethod
    def fit(self, k: int, source: Length | None, whole: Fit) -> Fit:
        """How a schedule as long as `source`, None where it fills the rest, is fitted into round k.

        `whole` is how it would be laid out if the rounds were none.
        """

    def first_length(self, source: Fraction) -> Fraction:
        """How long the first round is of a schedule that takes `source` updates."""
        return source

    def denominators(self, first: Fraction) -> tuple[int, ...]:
        """The denominators of the exact lengths of rounds that may have one pace."""
        return (first.denominator,)

    @abstractmethod
    def repeated(self, first: FirstRound, end: float, text: str) -> Signal:
        """The rounds; the other arguments are those of `apply`."""

    def apply(self, source: Signal, length: Length, end: float, text: str) -> Signal:
        assert isinstance(length, Fraction)
        return self.repeated(FirstRound(Layout(source, *ANY_PHASE), length), end, text)


class Filter(Modifier):
    """A modifier that reads the source by a time map, or changes its values one by one."""

    def time_map(self) -> TimeMap:
        """How the source's time relates to the result's."""
        return IDENTITY

    def changed(self, values: Operand, xp: PointwiseFunctions) -> Operand:
        """The modified values. A larger value must never become the smaller one."""
        return values

    def apply(self, source: Signal, length: Length, end: float, text: str) -> Signal:
        return FilteredSignal(source, text, self.time_map(), end, filter=self)


@dataclass(frozen=True, slots=True)
class FilteredSignal(WrappedSignal):
    """A signal under a filter."""

    filter: Filter = field(kw_only=True)

    def changed(self, values: Array) -> Array:
        changed: Array = self.filter.changed(values, NUMPY)
        return changed


MODIFIERS: Registry[type[Modifier]] = Registry("modifier", "lrdsl.language.modifiers")
modifier = MODIFIERS.register
