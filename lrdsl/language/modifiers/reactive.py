"""Modifiers that react to a metric, and the histories of their reactions."""

from __future__ import annotations

import bisect
import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np

from lrdsl.diagnostics import BAD_STEP, spec_error
from lrdsl.language.length import Exact, Length, round_half_up
from lrdsl.language.modifiers.base import Modifier
from lrdsl.language.pointwise.times import Array, Times
from lrdsl.language.signal import Signal, TimelineSegment, intervals_between
from lrdsl.language.wrapped_signal import WrappedSignal
from lrdsl.util.forks import lazy_property

State: TypeAlias = "tuple[Any, ...]"
"""The memory of a metric modifier: a named tuple of plain numbers."""

MAX_CHANGES = 1024
"""The most changes of a factor that are remembered, the latest ones."""


class MetricModifier(Modifier):
    """A modifier that multiplies its source by a factor that reacts to a metric.

    It is a state machine, whose states are immutable and know of metrics alone. The factor is 1
    until a metric changes it, and a change holds from some update on; earlier values never change.
    """

    is_endless: ClassVar[bool] = True
    has_grace: ClassVar[bool] = False
    """Whether it ignores the first metrics of a run."""
    reduction_fields: ClassVar[tuple[str, str, str] | None] = None
    """The fields of a reduction: factor, least value and least change; None: it has not all."""
    limit_fields: ClassVar[tuple[str, ...]] = ()
    """The fields that only `limited` uses: what is called for does not depend on them."""

    @property
    def machine(self) -> str:
        """The modifier as text, with the fields that decide what it calls for."""
        fields = [f"{name}={value!r}" for name, value in self if name not in self.limit_fields]
        return f"{type(self).__name__.lower()}({', '.join(fields)})"

    @abstractmethod
    def initial_state(self) -> State:
        """The state before any metric has come."""

    @abstractmethod
    def update(self, state: State, metric: float) -> tuple[State, float]:
        """The state after a metric, and the ratio that it calls for: 1.0 for no change.

        `metric` is a finite number, or NaN for one that is infinite or no number; that one is no
        improvement, and must not be remembered.
        """

    def limited(self, ratio: float, value: float) -> float:
        """The ratio by which a modified value is changed where `ratio` is called for."""
        return ratio

    def apply(self, source: Signal, length: Length, end: float, text: str) -> Signal:
        return source  # as long as there is no metric; then `MetricScaledSignal` takes over


def reduction_factor(value: float, factor: float, least: float, eps: float = 0.0) -> float:
    """The ratio that reduces a value by `factor`, but not below `least`.

    It is 1.0 where the reduction would be `eps` or less, and for a value of 0 or below.

    >>> reduction_factor(1.0, 0.5, 0.1), reduction_factor(1.0, 0.5, 0.8)
    (0.5, 0.8)
    >>> reduction_factor(0.1, 0.5, 0.1)
    1.0
    """
    after = max(value * factor, least)
    if not value - after > eps:
        return 1.0
    return factor if after > least else after / value


class Reaction(NamedTuple):
    """The state of a metric modifier after the metrics so far, and its calls for changes.

    From update `updates[i]` of the run on it called for `ratios[i]`. These are the same whatever
    values are modified.
    """

    state: State
    updates: tuple[int, ...] = ()
    ratios: tuple[float, ...] = ()
    forgotten: int | None = None
    """The update of the first call that is remembered no longer; None if all are."""
    calls: int = 0
    """How often it has called for a ratio, those that are remembered no longer included."""

    def after(self, state: State, updates: Sequence[int], ratios: Sequence[float]) -> Reaction:
        """The reaction with a new state, which calls for more ratios, each from an update on."""
        if not updates:
            return Reaction(state, *self[1:])
        forgotten, calls = self.forgotten, self.calls + len(updates)
        updates, ratios = (*self.updates, *updates), (*self.ratios, *ratios)
        lost = len(updates) - MAX_CHANGES
        if lost > 0:
            forgotten = updates[0] if forgotten is None else forgotten
            updates, ratios = updates[lost:], ratios[lost:]
        return Reaction(state, updates, ratios, forgotten, calls)


class MetricHistory(NamedTuple):
    """The reaction of a metric modifier, and the factors that it has led to for some values.

    The factor is 1 before the first update of the reaction, `factors[i]` from `updates[i]` on.
    `before` is the last factor that is remembered no longer.
    """

    reaction: Reaction
    factors: tuple[float, ...] = ()
    before: float = 1.0

    @property
    def updates(self) -> tuple[int, ...]:
        """The updates from which the factors hold."""
        return self.reaction.updates


@dataclass(frozen=True)
class MetricScaledSignal(WrappedSignal):
    """A signal under a modifier that reacts to a metric; its clock is 0 at update `zero`."""

    zero: Exact = field(kw_only=True)
    history: MetricHistory = field(kw_only=True)

    def values(self, t: Times) -> Array:
        values = self.source.values(t)
        if not self.history.updates:
            return values
        # Updates of the run are whole, also where `skip` leaves a fraction.
        made = np.rint(t + float(self.zero))
        self._check_remembered(made)
        return values * self._factors[np.searchsorted(self.history.updates, made, "right")]

    def value_at(self, t: float) -> float:
        value, updates = self.source.value_at(t), self.history.updates
        if not updates or not isinstance(value, float):
            return value if not updates else super().value_at(t)
        made = round(t + float(self.zero))
        if made < updates[0]:
            self._check_remembered(np.array([made]))
        i = bisect.bisect_right(updates, made)
        return value * self.history.factors[i - 1] if i else value

    def _check_remembered(self, made: Array) -> None:
        """Raise `SpecError` for updates of the run whose factors are remembered no longer."""
        forgotten = self.history.reaction.forgotten
        if forgotten is None:
            return
        is_lost = (made >= forgotten) & (made < self.history.updates[0])
        if is_lost.any():
            known = f"the last {MAX_CHANGES:,} changes, from update {self.history.updates[0]:,} on"
            message = (
                f"the value at update {int(made[is_lost][0]):,} is known no longer: of what "
                f"`{self.text}` has done {known}, are remembered"
            )
            raise spec_error(BAD_STEP, message, fix="log the values while the run goes on")

    @property
    def constant_value(self) -> None:
        return None  # a metric that comes later may change the value

    def segments(self, stop: float) -> tuple[TimelineSegment, ...]:
        self._check_all_remembered(0, stop)
        inner = self.source.segments(stop)
        begins = [segment.start for segment in inner]
        found: list[TimelineSegment] = []
        for i, first, last in intervals_between(self._starts, 0, stop):
            factor = float(self._factors[i])
            scale = "" if factor == 1 else f" * {factor:g}"
            k = bisect.bisect_right(begins, first) - 1
            for segment in inner[k : bisect.bisect_left(begins, last)]:
                start, end = max(segment.start, first), min(segment.stop, last)
                text = f"{segment.description}{scale} | {self.text}"
                found.append(TimelineSegment(start, end, text, self))
        return tuple(found)

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        self._check_all_remembered(start, stop)
        found: list[float] = []
        for i, first, last in intervals_between(self._starts, start, stop):
            found += [x * self._factors[i] for x in self.source.min_max(first, int(last))]
        return float(min(found)), float(max(found))

    def _check_all_remembered(self, start: int, stop: float) -> None:
        """The same for all of some updates of the own clock."""
        forgotten = self.history.reaction.forgotten
        if forgotten is not None:
            first = max(forgotten - round_half_up(self.zero), start)
            if first < stop:
                self._check_remembered(np.array([first + float(self.zero)]))

    @lazy_property
    def _starts(self) -> Array:
        """Where the factors begin on the own clock; the first one has always been there."""
        zero = round_half_up(self.zero)
        return np.array([-math.inf, *[update - zero for update in self.history.updates]])

    @lazy_property
    def _factors(self) -> Array:
        return np.array([1.0, *self.history.factors])


class MetricObserver(NamedTuple):
    """A metric modifier in its place in a run.

    It reacts to the metrics that come at updates from `start` to before `stop`.
    """

    modifier: MetricModifier
    signal: MetricScaledSignal
    start: Exact
    stop: Length

    @property
    def history(self) -> MetricHistory:
        """The history so far."""
        return self.signal.history

    def react(self, reaction: Reaction, update: int, metric: float) -> Reaction:
        """The reaction to a metric that comes when `update` updates have been made."""
        if not self.start <= update < self.stop:
            return reaction
        known = metric if math.isfinite(metric) else math.nan
        state, ratio = self.modifier.update(reaction.state, known)
        is_calm = ratio == 1
        return reaction.after(state, *(((), ()) if is_calm else ([self.since(update)], [ratio])))

    def since(self, update: int) -> int:
        """The update from which a call of this one holds.

        What stands before may have led to the first value of all (a warmup does), so that this one
        value stays as it is.
        """
        return update + 1 if update == math.ceil(self.start) > 0 else update

    def changes(self, reaction: Reaction) -> bool:
        """Whether a reaction with one more call changes the factor: its value may be at a limit."""
        if reaction.calls == self.history.reaction.calls:
            return False
        return self._last_ratio(reaction) != 1

    def _last_ratio(self, reaction: Reaction) -> float:
        """The ratio by which the last call of a reaction changes the value there."""
        return self.ratio_at(reaction.updates[-1], reaction.ratios[-1])

    def ratio_at(self, update: int, ratio: float) -> float:
        """The ratio by which a call for a ratio changes the value at an update of the run."""
        return self.modifier.limited(ratio, self.signal.value_at(float(update - self.signal.zero)))

    def following(self, reaction: Reaction) -> MetricHistory:
        """The history after a later reaction, of whose new calls only the last changes the factor.

        Before that one, the values were at a limit.
        """
        history = self.history
        missed = min(reaction.calls - history.reaction.calls, len(reaction.updates))
        if not missed:
            return history._replace(reaction=reaction)
        by = self._last_ratio(reaction)
        last = history.factors[-1] if history.factors else history.before
        factors = (*history.factors, *[last] * (missed - 1), by * last)
        lost = len(factors) - len(reaction.updates)
        before = factors[lost - 1] if lost > 0 else history.before
        return MetricHistory(reaction, factors[max(lost, 0) :], before)

    def replayed(self, reaction: Reaction, before: float) -> MetricHistory:
        """The history of a reaction to metrics that another signal has met.

        `before` is the factor before the first call that is remembered.
        """
        if not reaction.updates:
            return MetricHistory(reaction)
        times = np.array(reaction.updates, dtype=np.float64) - float(self.signal.zero)
        factors, factor = [], before
        for value, ratio in zip(self.signal.source.values(times), reaction.ratios, strict=True):
            factor = self.modifier.limited(ratio, float(value) * factor) * factor
            factors.append(factor)
        return MetricHistory(reaction, tuple(factors), before)

    def having(self, history: MetricHistory) -> MetricObserver:
        """The same with another history, whose factors are the same."""
        return self._replace(signal=replace(self.signal, history=history))
