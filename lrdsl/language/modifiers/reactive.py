"""What a modifier is that reacts to a metric, and what is known of its reactions."""

from __future__ import annotations

import bisect
import math
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from lrdsl.language.length import Length, ends_after
from lrdsl.language.modifiers.base import Modifier
from lrdsl.language.signal import (
    Array,
    Exact,
    Piece,
    Signal,
    Times,
    intervals_between,
    round_half_up,
)

State: TypeAlias = "tuple[Any, ...]"
"""What a modifier remembers of the metrics that it has seen: a named tuple of plain numbers."""


class MetricModifier(Modifier):
    """A modifier that multiplies what stands left of it by a factor that reacts to a metric.

    It is a machine with a frozen state. The factor is 1 until a metric changes it, and a change
    holds from some update on; earlier values never change.
    """

    @abstractmethod
    def initial_state(self) -> State:
        """The state before any metric has come."""

    @abstractmethod
    def update(self, state: State, metric: float, value: float) -> tuple[State, float]:
        """The state after a metric, and by how much the factor changes: 1.0 for not at all.

        `metric` is a finite number, or NaN for any that is none: that one is no improvement, and
        is not to be remembered. `value` is the modified value at the update from which a change
        would hold.
        """

    def apply(self, source: Signal, length: Length, end: float, text: str) -> Signal:
        return source  # as long as there is no metric; then `MetricScaledSignal` takes over


def reduction_factor(value: float, factor: float, least: float, eps: float = 0.0) -> float:
    """What brings a value down by a factor, though not below `least`: what to multiply it by.

    1.0 where it would not come down by more than `eps`, so also for what is 0 or below.

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
    """What a reactive modifier has made of the metrics so far: plain data.

    The factor is 1 before `updates[0]`, `factors[0]` from there on, and so forth. Updates are
    those of the run, and increase.
    """

    state: State
    updates: tuple[int, ...] = ()
    factors: tuple[float, ...] = ()

    def after(self, state: State, update: int, by: float) -> MetricHistory:
        """The reaction with a new state, its factor changed by so much from `update` on."""
        if by == 1:
            return self._replace(state=state)
        factor = by * (self.factors[-1] if self.factors else 1.0)
        kept = bisect.bisect_left(self.updates, update)
        return MetricHistory(state, (*self.updates[:kept], update), (*self.factors[:kept], factor))


@dataclass(frozen=True)
class MetricScaledSignal(Signal):
    """A signal under a reactive modifier, written `text`; its clock is 0 at update `zero`."""

    source: Signal
    text: str
    zero: Exact
    history: MetricHistory

    def values(self, t: Times) -> Array:
        values = self.source.values(t)
        if not self.history.updates:
            return values
        # Updates of the run are whole, also where `skip` leaves a fraction.
        made = np.rint(t + float(self.zero))
        return values * self._factors[np.searchsorted(self._of_run, made, "right")]

    def segments(self, stop: float) -> tuple[Piece, ...]:
        pieces = self.source.segments(stop)
        begins = [piece.start for piece in pieces]
        found: list[Piece] = []
        for i, first, last in intervals_between(self._starts, 0, stop):
            factor = float(self._factors[i])
            scale = "" if factor == 1 else f" * {factor:g}"
            k = bisect.bisect_right(begins, first) - 1
            for piece in pieces[k : bisect.bisect_left(begins, last)]:
                start, end = max(piece.start, first), min(piece.stop, last)
                found.append(Piece(start, end, f"{piece.text}{scale} | {self.text}"))
        return tuple(found)

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        found: list[float] = []
        for i, first, last in intervals_between(self._starts, start, stop):
            found += [x * self._factors[i] for x in self.source.min_max(first, int(last))]
        return float(min(found)), float(max(found))

    def cycle_ends(self, start: int, stop: int) -> Iterator[int]:
        return self.source.cycle_ends(start, stop)

    @cached_property
    def _of_run(self) -> Array:
        return np.array(self.history.updates, dtype=np.float64)

    @cached_property
    def _starts(self) -> Array:
        """Where the factors begin on the own clock; the first one has always been there."""
        return np.array([-math.inf, *(self._of_run - round_half_up(self.zero))])

    @cached_property
    def _factors(self) -> Array:
        return np.array([1.0, *self.history.factors])


class MetricObserver(NamedTuple):
    """A reactive modifier in its place in a run.

    It reacts to metrics that are known at updates from `start` to before `stop`.
    """

    modifier: MetricModifier
    signal: MetricScaledSignal
    start: Exact
    stop: Length

    @property
    def history(self) -> MetricHistory:
        """What it has made of the metrics so far."""
        return self.signal.history

    def observe(self, update: int, metric: float) -> MetricHistory:
        """What it makes of a metric that is known now that `update` updates have been made."""
        if update < self.start or not ends_after(self.stop, update):
            return self.history
        # What stands before may have led to the first value of all (a warmup does), so that this
        # one value stays as it is.
        since = update + 1 if update == math.ceil(self.start) > 0 else update
        value = self.signal.value_at(float(since - self.signal.zero))
        known = metric if math.isfinite(metric) else math.nan
        state, by = self.modifier.update(self.history.state, known, value)
        return self.history.after(state, since, by)

    def having(self, history: MetricHistory) -> MetricObserver:
        """The same with another reaction, whose factors are the same."""
        return self._replace(signal=replace(self.signal, history=history))
