"""The signal of a modifier: it wraps the signal that is modified."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lrdsl.language.pointwise.functions import NUMPY
from lrdsl.language.pointwise.times import Array, Times, clamp_end
from lrdsl.language.signal import Signal, TimelineSegment
from lrdsl.language.time_map import IDENTITY, TimeMap


@dataclass(frozen=True, slots=True)
class WrappedSignal(Signal):
    """`source` read through a time map; from update `end` on it holds its value.

    All that a source knows comes through the same map: values, segments, extremes, cycle ends and
    the constant value. A derived class writes what differs, in most cases `changed` alone. `text`
    is the modifier as written, "" where the formulas stay what they are.
    """

    source: Signal
    text: str
    time: TimeMap = IDENTITY
    end: float = math.inf

    def changed(self, values: Array) -> Array:
        """The modified values. A larger value never becomes the smaller one."""
        return values

    def formula(self, text: str) -> str:
        """The text of a segment whose source has the formula `text`."""
        return f"{text} | {self.text}" if self.text else text

    def values(self, t: Times) -> Array:
        return clamp_end(t, self.end, self._values)

    def _values(self, t: Times) -> Array:
        return self.changed(self.time.read(self.source.values, t))

    def values_in_rounds(self, t: Array, k: Array) -> Array:
        times = self.time.source_times(np.minimum(t, self.end), NUMPY)
        return self.changed(self.source.values_in_rounds(np.asarray(times), k))

    @property
    def constant_value(self) -> float | None:
        value = self.source.constant_value
        return None if value is None else float(self.changed(np.array([value]))[0])

    def segments(self, stop: float) -> tuple[TimelineSegment, ...]:
        if stop > self.end:  # the value is held that the source has there
            last: float = self._source_step(int(self.end)) + 1
        else:
            last = stop if math.isinf(stop) else math.ceil(self.time.source_time(int(stop)))
        inner = self.source.segments(max(last, 1))
        starts = [0, *[self.time.first_update(segment.start) for segment in inner[1:]]]
        ends = [*starts[1:], stop]
        found = [
            TimelineSegment(start, following, self.formula(segment.description), self)
            for segment, start, following in zip(inner, starts, ends, strict=True)
            if start < following
        ]
        return tuple(found)

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        if start >= self.end:
            value = self.value_at(start)
            return value, value
        stop = int(min(stop, self.end + 1))
        updates = self.time.source_updates(start, stop)
        if updates is None:
            return Signal.min_max(self, start, stop)
        low, high = self.changed(np.array(self.source.min_max(*updates))).tolist()
        return low, high

    def cycle_ends(self, start: int, stop: int) -> Iterator[int]:
        found, last = start, self._source_step(stop)
        ends = self.source.cycle_ends(self._source_step(start), last)
        while (time := next(ends, None)) is not None:
            update = self.time.first_update(time)
            if update > found:
                found = update
                yield update
            else:  # as many cycles may end at the same update: those are passed over
                ends = self.source.cycle_ends(max(time, self._source_step(found)), last)

    def _source_step(self, update: int) -> int:
        """The update to which the source has come, the last whole one."""
        return math.floor(self.time.source_time(int(min(update, self.end))))
