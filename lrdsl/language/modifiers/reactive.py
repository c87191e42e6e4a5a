"""Modifiers that react to a metric, and the histories of their reactions."""

from __future__ import annotations

import bisect
import math
from abc import abstractmethod
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np

from lrdsl.language.length import Exact, Length, round_half_up
from lrdsl.language.modifiers.base import Modifier
from lrdsl.language.pointwise.times import Array, Times
from lrdsl.language.signal import Signal, TimelineSegment, intervals_between
from lrdsl.language.wrapped_signal import WrappedSignal
from lrdsl.util.forks import lazy_property

State: TypeAlias = "tuple[Any, ...]"
"""The memory of a metric modifier: a named tuple of plain numbers."""


class MetricModifier(Modifier):
    """A modifier that multiplies its source by a factor that reacts to a metric.

    It is a state machine, whose states are immutable. The factor is 1 until a metric changes it,
    and a change holds from some update on; earlier values never change.
    """

    is_endless: ClassVar[bool] = True
    has_grace: ClassVar[bool] = False
    """Whether it ignores the first metrics of a run."""
    reduction_fields: ClassVar[tuple[str, str, str] | None] = None
    """The fields of a reduction: factor, least value and least change; None: it has not all."""

    @abstractmethod
    def initial_state(self) -> State:
        """The state before any metric has come."""

    @abstractmethod
    def update(self, state: State, metric: float, value: float) -> tuple[State, float]:
        """The state after a metric, and the change of the factor as a ratio: 1.0 for none.

        `metric` is a finite number, or NaN for one that is infinite or no number; that one is no
        improvement, and must not be remembered. `value` is the modified value at the update from
        which a change would hold.
        """

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


class MetricHistory(NamedTuple):
    """The state of a metric modifier and its factors so far: plain data.

    The factor is 1 before `updates[0]`, `factors[0]` from there on, and so forth. Updates are
    those of the run, and increase.
    """

    state: State
    updates: tuple[int, ...] = ()
    factors: tuple[float, ...] = ()

    def after(self, state: State, update: int, by: float) -> MetricHistory:
        """The history with a new state, and with the factor multiplied from `update` on."""
        if by == 1:
            return self._replace(state=state)
        factor = by * (self.factors[-1] if self.factors else 1.0)
        kept = bisect.bisect_left(self.updates, update)
        return MetricHistory(state, (*self.updates[:kept], update), (*self.factors[:kept], factor))


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
        return values * self._factors[np.searchsorted(self.history.updates, made, "right")]

    @property
    def constant_value(self) -> None:
        return None  # a metric that comes later may change the value

    def segments(self, stop: float) -> tuple[TimelineSegment, ...]:
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
        found: list[float] = []
        for i, first, last in intervals_between(self._starts, start, stop):
            found += [x * self._factors[i] for x in self.source.min_max(first, int(last))]
        return float(min(found)), float(max(found))

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

    def observe(self, update: int, metric: float) -> MetricHistory:
        """The history after a metric that comes when `update` updates have been made."""
        if not self.start <= update < self.stop:
            return self.history
        # What stands before may have led to the first value of all (a warmup does), so that this
        # one value stays as it is.
        since = update + 1 if update == math.ceil(self.start) > 0 else update
        value = self.signal.value_at(float(since - self.signal.zero))
        known = metric if math.isfinite(metric) else math.nan
        state, by = self.modifier.update(self.history.state, known, value)
        return self.history.after(state, since, by)

    def having(self, history: MetricHistory) -> MetricObserver:
        """The same with another history, whose factors are the same."""
        return self._replace(signal=replace(self.signal, history=history))
