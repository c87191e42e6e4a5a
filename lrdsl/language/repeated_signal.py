"""The signals of repeated schedules: rounds of one length, and rounds of different lengths.

Round k begins at an exact time, which is rounded half up to a whole update. It is evaluated as a
segment of a chain that begins there would be, on a clock that is at 0 at its first update. A round
that begins between two updates has its boundaries elsewhere than one that begins at an update: the
layout of a round depends on its phase. All rounds whose phases lie between two limits have one.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrdsl.language.layouts import Layouts
from lrdsl.language.length import Exact, round_half_up
from lrdsl.language.pointwise.functions import NUMPY
from lrdsl.language.pointwise.multiples import in_units, whole_numbers
from lrdsl.language.pointwise.powers import floor_divide
from lrdsl.language.pointwise.rows import filled, has_rows
from lrdsl.language.pointwise.times import Array, Range, Times, assembled, piecewise
from lrdsl.language.round_numbers import NeedsNumber
from lrdsl.language.signal import Signal, TimelineSegment
from lrdsl.language.wrapped_signal import WrappedSignal

MAX_LISTED_ROUNDS = 1000
"""More segments than this are listed as one."""


class Heights(NamedTuple):
    """How the values of a round depend on its number: `scale` to that power, seen from `about`.

    With `top`, a value of the schedule, that one is multiplied by the power, and the others lie
    between it and `about` as they did; no round falls below `about`. Where `scales` are listed
    these stand for the powers.
    """

    scale: float
    about: float
    top: float | None = None
    scales: tuple[float, ...] | None = None

    @property
    def have_rows(self) -> bool:
        """Whether a number of them has a row for each of several bases."""
        return any(map(has_rows, (self.scale, self.about, self.top)))

    def of_rounds(self, values: Array, k: Array) -> Array:
        """The values of rounds k, from those of the schedule that is repeated."""
        if self.scales is None:
            power = NUMPY.powers(self.scale, k)
        else:
            power = np.asarray(self.scales)[k.astype(np.intp)]
        if self.top is not None:
            power = np.maximum((self.top * power - self.about) / (self.top - self.about), 0.0)
        return self.about + (values - self.about) * power


@dataclass(frozen=True, slots=True)
class EndSignal(WrappedSignal):
    """The end of the last round, whose `number` this is, where no round has an update."""

    heights: Heights = field(kw_only=True)
    number: int = field(kw_only=True)

    def changed(self, values: Array) -> Array:
        return self.heights.of_rounds(values, np.array([float(self.number)]))


class RepeatedSignal(Signal):
    """`times` rounds of a schedule, the last of which ends at update `stop`.

    There may be no end of them. `text` is the modifier as written.
    """

    layouts: Layouts
    heights: Heights
    times: float
    stop: float
    text: str

    @abstractmethod
    def begin(self, k: int) -> int:
        """The update at which round k begins; for the number of rounds, where the last one ends."""

    @abstractmethod
    def index(self, t: int) -> int:
        """The last round k that begins at update t or before; their number, once all have ended."""

    @abstractmethod
    def round_signal(self, k: int) -> Signal:
        """The signal of round k on its own clock."""

    @abstractmethod
    def formula(self, text: str, k: int) -> str:
        """The text of a segment of round k whose formula is `text`."""

    @property
    def source(self) -> Signal:
        """The signal of the first round."""
        return self.layouts.first.signal

    def segments(self, stop: float) -> tuple[TimelineSegment, ...]:
        once = self.source.segments(max(self.begin(1), 1))
        end = min(stop, self.stop)
        count = math.inf if math.isinf(end) else min(self.index(int(end) - 1) + 1, self.times)
        if count * len(once) > MAX_LISTED_ROUNDS:
            return (TimelineSegment(0, stop, f"{summary(once)} | {self.text}", self),)
        found: list[TimelineSegment] = []
        is_alike = self.layouts.make is None
        # As many layouts as there are rounds of rounds of rounds would be made.
        is_deep = not is_alike and _nesting(self.source) > 1
        for k in range(int(count)):
            begin, until = self.begin(k), self.begin(k + 1)
            if begin < until:
                inner = once
                if is_deep:
                    inner = (TimelineSegment(0, until - begin, summary(once), self),)
                elif not is_alike:
                    inner = self.round_signal(k).segments(until - begin)
                for segment in inner:
                    text = self.formula(segment.description, k)
                    found.append(replace(segment.shifted(begin), formula=text))
        return _within(self, found, stop)

    def cycle_ends(self, start: int, stop: int) -> Iterator[int]:
        k, last = self.index(start) + 1, min(self.index(stop), self.times)
        while k <= last:
            end = self.begin(k)
            yield end
            k = max(k, self.index(end)) + 1  # several rounds may end before one update


@dataclass(frozen=True, slots=True)
class PeriodicSignal(RepeatedSignal):
    """Rounds of equal `length`, the first of which begins at the exact time `phase`."""

    layouts: Layouts
    heights: Heights
    times: float
    stop: float
    text: str
    length: Fraction
    phase: Exact

    def begin(self, k: int) -> int:
        return round_half_up(self.phase + k * self.length)

    def index(self, t: int) -> int:
        unit, period, ahead = self._in_whole_numbers()
        return (t * unit + ahead) // period

    def round_signal(self, k: int) -> Signal:
        exact = self.phase + k * self.length
        return self.layouts.at(exact - round_half_up(exact), k).signal

    def formula(self, text: str, k: int) -> str:
        return f"{text} | {self.text}"

    def values(self, t: Times) -> Array:
        are_alike = self.layouts.make is None and not self.heights.have_rows
        if are_alike and isinstance(t, Range) and t.last < self.stop:
            return self._of_range(t)
        t = np.minimum(t, self.stop)
        if self.layouts.make is not None:
            return self._of_different_layouts(t)
        period = float(self.length)
        k = np.minimum(floor_divide(t, period), self.times - 1)
        return self._of_rounds(self.source.values(t - k * period), k)

    def _of_range(self, t: Range) -> Array:
        """The values at updates one after the other, where all rounds are alike."""
        period = int(self.length)
        first, last = int(t.first) // period, int(t.last) // period
        begin = int(t.first) - first * period
        k = np.arange(float(first), last + 1)
        if period < t.size:  # one round serves all
            once = self.source.values(Range(0.0, period))[..., None, :]
            rounds = self._of_rounds(once, k[:, None])
            all_of_them = np.empty((*once.shape[:-2], k.size, period))
            all_of_them[...] = rounds
            return all_of_them.reshape(*once.shape[:-2], -1)[..., begin : begin + t.size]

        def of_round(i: int, local: Times) -> Array:
            return self._of_rounds(self.source.values(local - edges[i]), k[i : i + 1])

        edges = period * np.arange(float(k.size))
        return piecewise(Range(float(begin), t.size), edges, of_round)

    def _of_rounds(self, values: Array, k: Array) -> Array:
        """The values of rounds k, from those of the schedule that is repeated."""
        return values if self.heights.scale == 1 else self.heights.of_rounds(values, k)

    def _of_different_layouts(self, t: Array) -> Array:
        if t.size == 1:
            return self._alone(float(t[0]))
        unit, period, ahead = self._in_whole_numbers()
        whole = whole_numbers(t, unit, ahead)
        k = (whole if whole.dtype == object else whole.astype(np.int64)) // period
        if math.isfinite(self.times):
            k = np.minimum(k, int(self.times) - 1)
        exact = k * period + in_units(self.phase, unit)
        begin = (exact + unit // 2) // unit
        local, phases = t - begin.astype(np.float64), exact - begin * unit
        try:
            values = self._by_layout(local, phases, unit, k)
        except NeedsNumber:
            values = self._by_number(local, phases, unit, k)
        return self._of_rounds(values, k.astype(np.float64))

    def _alone(self, t: float) -> Array:
        """The value at one time."""
        k = int(min(self.index(math.floor(t)), self.times - 1))
        value = self.round_signal(k).value_at(t - self.begin(k))
        return self._of_rounds(filled(1, value), np.array([float(k)]))

    def _by_number(self, local: Array, phases: NDArray[Any], unit: int, k: NDArray[Any]) -> Array:
        """The values at times of rounds k, each of which has something of its own."""
        pieces = []
        numbers, order = np.unique(k, return_inverse=True)
        rounds = np.argsort(order, kind="stable")
        for chosen in np.split(rounds, np.searchsorted(order[rounds], range(1, len(numbers)))):
            phase = Fraction(int(phases[chosen[0]]), unit)
            signal = self.layouts.at(phase, int(k[chosen[0]])).signal
            pieces.append((chosen, signal.values(local[chosen])))
        return assembled(local.size, pieces)

    def _by_layout(self, local: Array, phases: NDArray[Any], unit: int, k: NDArray[Any]) -> Array:
        """The values at times of rounds whose phases are these multiples of 1/unit."""
        pieces, left = [], np.arange(local.size)
        while left.size:
            layout = self.layouts.of_all_rounds(Fraction(int(phases[left[0]]), unit))
            low, high = math.ceil(layout.low * unit), math.ceil(layout.high * unit)
            covered = (low <= phases[left]) & (phases[left] < high)
            chosen, left = left[covered], left[~covered]
            values = layout.signal.values_in_rounds(local[chosen], k[chosen].astype(float))
            pieces.append((chosen, values))
        return assembled(local.size, pieces)

    def _in_whole_numbers(self) -> tuple[int, int, int]:
        """A unit, the length in it, and what is added to a time to divide it by the length."""
        # round_half_up(phase + k·length) ≤ t  ⇔  k·length < t + ½ - phase
        unit = 2 * math.lcm(self.length.denominator, self.phase.denominator)
        ahead = unit // 2 - in_units(self.phase, unit) - 1
        return unit, in_units(self.length, unit), ahead

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        stop = int(min(stop, max(start, self.stop) + 1))  # later it holds its value
        period = self.length.numerator
        is_alike = self.layouts.make is None and self.heights.scale == 1
        if stop - start < 2 * period or not is_alike:
            return Signal.min_max(self, start, stop)
        # A whole round lies within, and all rounds are alike; the end of the last may stick out.
        low, high = self.layouts.first.signal.min_max(0, period)
        ends = [self.value_at(start), self.value_at(stop - 1)]
        return min(low, *ends), max(high, *ends)


@dataclass(frozen=True, slots=True)
class UnequalRoundsSignal(RepeatedSignal):
    """Rounds of different length; round k begins at `starts[k]`, and the last ends at the last.

    `begins` are their exact starts. Past the end the last round is held at time `last` of its
    clock.
    """

    layouts: Layouts
    heights: Heights
    times: float
    stop: float
    text: str
    starts: Array
    begins: Sequence[Exact]
    last: float

    def begin(self, k: int) -> int:
        return int(self.starts[k])

    def index(self, t: int) -> int:
        return int(self.starts.searchsorted(t, "right")) - 1

    def round_signal(self, k: int) -> Signal:
        return self.layouts.at(self.begins[k] - self.begin(k), k).signal

    def formula(self, text: str, k: int) -> str:
        return f"{text} | {self.text} round {k + 1}"

    def values(self, t: Times) -> Array:
        return piecewise(t, self.starts, self._round)

    def _round(self, k: int, t: Times) -> Array:
        if k == self.times:  # past the end: the last round's end
            k, t = k - 1, np.full(t.size, self.last)
        else:
            t = t - float(self.starts[k])
        values = self.round_signal(k).values(t)
        return self.heights.of_rounds(values, np.array([float(k)]))


def _nesting(signal: Any) -> int:
    """How many repetitions with different layouts stand inside each other in a signal."""
    parts = [*getattr(signal, "parts", ())]
    if (factors := getattr(signal, "factors", None)) is not None:
        parts += [factors.signal, *[entry.signal for entry in factors.changing]]
    inside = [getattr(signal, name, None) for name in ("source", "signal")]
    found = max([_nesting(each) for each in [*parts, *inside] if each is not None], default=0)
    own = isinstance(signal, RepeatedSignal) and signal.layouts.make is not None
    return found + own


def summary(segments: tuple[TimelineSegment, ...]) -> str:
    """The formulas of many segments as one, kept short."""
    text = " >> ".join([segment.description for segment in segments[:4]])
    shown = f"({text})" if len(segments) > 1 else text
    return shown if len(segments) <= 3 and len(text) <= 200 else f"({text[:200]} …)"


def _within(
    signal: Signal, segments: Sequence[TimelineSegment], stop: float
) -> tuple[TimelineSegment, ...]:
    """Segments of a signal cut at `stop`, the last one reaching up to it.

    Where all of them are empty there is one that says "nothing".
    """
    kept = [s for s in segments if s.start < stop] or [TimelineSegment(0, stop, "nothing", signal)]
    stops = [*[segment.stop for segment in kept[:-1]], stop]
    cut = [
        TimelineSegment(segment.start, end, segment.description, signal)
        for segment, end in zip(kept, stops, strict=True)
    ]
    return tuple(cut)
