from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from lrdsl.language.length import ENDLESS, Length, decimal_fraction, round_half_up
from lrdsl.language.modifiers.base import Modifier, modifier
from lrdsl.language.parameters import Count, ParameterError, Value
from lrdsl.language.pointwise.functions import NUMPY
from lrdsl.language.pointwise.multiples import last_multiple, multiple, scaled
from lrdsl.language.pointwise.times import Array, Times, piecewise
from lrdsl.language.signal import LAST_STEP, Signal, TimelineSegment, merged

_HALF = Fraction(1, 2)

MAX_LISTED_ROUNDS = 1000
"""More segments than this are listed as one."""

MAX_ROUNDS = 100_000
"""Rounds of different length are listed one by one, up to this many."""


@modifier
class Repeat(Modifier):
    """Repeats the schedule, `times` times or without end.

    Each round takes `stretch` times as many updates as the one before, and its values are `scale`
    times as far from `about`. Boundaries between rounds are exact, then rounded half up.

    Example: `cosine(1, 0, 10) | repeat(stretch=2, scale=0.5)`

    With stretch it is SGDR (Loshchilov and Hutter, 2017, arXiv:1608.03983): `stretch` is T_mult.
    """

    needs_end = "so it cannot be repeated"
    warps_time = True
    makes_cycles = True
    endless_without = "times"
    neutral_arguments = (1.0,)

    times: Annotated[Count, Field(ge=1)] = math.inf
    stretch: Annotated[Value, Field(gt=0)] = 1.0
    scale: Annotated[Value, Field(ge=0)] = 1.0
    about: Value = 0.0

    def model_post_init(self, context: Any) -> None:
        if math.isinf(self.times) and self.stretch < 1:
            message = "rounds that get shorter cannot repeat without end"
            raise ParameterError("stretch", message, "give `times`, the number of rounds")

    def length(self, source: Length) -> Length:
        return ENDLESS if math.isinf(self.times) else source * self._rounds(int(self.times))

    def room(self, outer: Fraction) -> Fraction | None:
        return None if math.isinf(self.times) else outer / self._rounds(int(self.times))

    def _rounds(self, count: int) -> Fraction:
        """How many first rounds `count` rounds take."""
        ratio = decimal_fraction(self.stretch)
        if ratio == 1:
            return Fraction(count)
        if count > MAX_ROUNDS or count * abs(math.log(ratio)) > 700:
            message = f"{count} rounds with this stretch are too many"
            raise ParameterError("times", message)
        return (ratio**count - 1) / (ratio - 1)

    def apply(self, source: Signal, length: Length, end: float, text: str) -> Signal:
        assert isinstance(length, Fraction)
        if self.stretch == 1:
            return PeriodicSignal(source, self, length, end, text)
        return VariablePeriodSignal(source, self, length, self._boundaries(length, end), text)

    def _boundaries(self, length: Fraction, stop: float) -> Array:
        """Where each round begins, and `stop`, the end of the last one, if there is one."""
        ratio, size, end = decimal_fraction(self.stretch), length, Fraction(0)
        starts = [0]
        while len(starts) <= self.times and end < LAST_STEP:
            if len(starts) > MAX_ROUNDS:
                message = f"{MAX_ROUNDS:,} rounds do not reach far: the stretch is too close to 1"
                raise ParameterError("stretch", message, "give `times`, or leave `stretch` out")
            end += size
            starts.append(round_half_up(end))
            # Exact while it matters, bounded in size always.
            size = _bounded(size * ratio)
            end = _bounded(end)
        if len(starts) > self.times:
            starts[-1] = int(stop)
        return np.minimum(np.array(starts, dtype=np.float64), stop)


def _bounded(x: Fraction) -> Fraction:
    """The same number; past 512 bits, the nearest with a denominator of 2**64."""
    if x.denominator.bit_length() < 512:
        return x
    return Fraction(round(x * 2**64), 2**64)


@dataclass(frozen=True, slots=True)
class PeriodicSignal(Signal):
    """Rounds of equal length, the last of which ends at `stop`.

    `stop` is rounded by the clock of the run, and may be an update beside the number of rounds
    times `length`.
    """

    source: Signal
    repeat: Repeat
    length: Fraction
    stop: float
    text: str

    def values(self, t: Times) -> Array:
        period, repeat = float(self.length), self.repeat
        last = repeat.times - 1
        t = np.asarray(t)
        if self.length.denominator == 1:
            k = np.floor_divide(t, period)
            local = t - k * period
        else:
            k = np.minimum(last_multiple(t, self.length, NUMPY), last)
            begin = multiple(k, self.length, NUMPY)
            until = np.where(k == last, self.stop, multiple(k + 1, self.length, NUMPY))
            local = scaled(t - begin, self.length) / (until - begin)
        if math.isfinite(last):
            k = np.minimum(k, last)
            local = np.where(t >= self.stop, period, local)
        values = self.source.values(np.ascontiguousarray(local))
        if repeat.scale != 1:
            values = repeat.about + (values - repeat.about) * repeat.scale**k
        return values

    def segments(self, stop: float) -> tuple[TimelineSegment, ...]:
        period, end = self.length, min(stop, self.repeat.times * float(self.length))
        inner = self.source.segments(max(math.ceil(period), 1))
        if math.isinf(end) or end / period * len(inner) > MAX_LISTED_ROUNDS:
            return (TimelineSegment(0, stop, f"{summary(inner)} | {self.text}", self),)
        found: list[TimelineSegment] = []
        for k in range(math.ceil(end / period)):
            begin, until = round_half_up(k * period), round_half_up((k + 1) * period)
            if begin < until:
                found += [segment.shifted(begin) for segment in _within(self, inner, until - begin)]
        return _within(self, found, stop, self.text)

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        stop = int(min(stop, max(start, self.stop) + 1))  # later it holds its value
        period, whole = self.length.numerator, self.length.denominator == 1
        if stop - start < 2 * period or not whole or self.repeat.scale != 1:
            return Signal.min_max(self, start, stop)
        # A whole round lies within, and all rounds are alike; the end of the last may stick out.
        low, high = self.source.min_max(0, period)
        ends = [self.value_at(start), self.value_at(stop - 1)]
        return min(low, *ends), max(high, *ends)

    def cycle_ends(self, start: int, stop: int) -> Iterator[int]:
        # round_half_up(k·length) ≤ t  ⇔  k < (t + ½)/length
        first, last = (math.ceil((t + _HALF) / self.length) for t in (start, stop))
        rounds = range(max(first, 1), int(min(last, self.repeat.times)))
        ends = (round_half_up(k * self.length) for k in rounds)
        return merged(ends, iter([int(self.stop)] if start < self.stop <= stop else []))


@dataclass(frozen=True, slots=True)
class VariablePeriodSignal(Signal):
    """Rounds of different length; round k begins at `starts[k]`."""

    source: Signal
    repeat: Repeat
    length: Fraction
    starts: Array
    text: str

    def values(self, t: Times) -> Array:
        return piecewise(t, self.starts, self._round)

    def _round(self, k: int, t: Times) -> Array:
        last = len(self.starts) - 2
        repeat, period = self.repeat, float(self.length)
        if k > last:  # past the end: the last round's end
            local = np.full(t.size, period)
        else:
            begin, end = self.starts[k : k + 2].tolist()
            local = scaled(t - begin, self.length / Fraction(end - begin))
        values = self.source.values(local)
        return repeat.about + (values - repeat.about) * repeat.scale ** min(k, last)

    def segments(self, stop: float) -> tuple[TimelineSegment, ...]:
        once = self.source.segments(max(round_half_up(self.length), 1))
        formula = f"{summary(once)} | {self.text}"
        starts = [int(s) for s in self.starts if s < stop]
        if math.isinf(stop) or len(starts) > MAX_LISTED_ROUNDS:
            return (TimelineSegment(0, stop, formula, self),)
        rounds = zip(itertools.count(1), starts, [*starts[1:], stop])
        found = [TimelineSegment(i, j, f"{formula} round {k}", self) for k, i, j in rounds if i < j]
        return _within(self, found, stop)

    def cycle_ends(self, start: int, stop: int) -> Iterator[int]:
        first, last = np.searchsorted(self.starts, [start, stop], "right").tolist()
        return merged(map(int, self.starts[max(first, 1) : last].tolist()))


def summary(segments: tuple[TimelineSegment, ...]) -> str:
    """The formulas of many segments as one, kept short."""
    text = " >> ".join([segment.description for segment in segments[:4]])
    shown = f"({text})" if len(segments) > 1 else text
    return shown if len(segments) <= 3 and len(text) <= 200 else f"({text[:200]} …)"


def _within(
    signal: Signal, segments: Sequence[TimelineSegment], stop: float, text: str = ""
) -> tuple[TimelineSegment, ...]:
    """Segments of a signal cut at `stop`, the last one reaching up to it; `text` is added to each.

    Where all of them are empty there is one that says "nothing".
    """
    kept = [s for s in segments if s.start < stop] or [TimelineSegment(0, stop, "nothing", signal)]
    stops = [*[segment.stop for segment in kept[:-1]], stop]
    added = f" | {text}" if text else ""
    cut = [
        TimelineSegment(segment.start, end, segment.description + added, signal)
        for segment, end in zip(kept, stops, strict=True)
    ]
    return tuple(cut)
