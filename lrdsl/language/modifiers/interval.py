from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, NamedTuple

import numpy as np
from pydantic import InstanceOf

from lrdsl.language.length import Length, added, longest
from lrdsl.language.modifiers.base import Modifier, modifier
from lrdsl.language.parameters import Kind
from lrdsl.language.pointwise.times import Array, Times, piecewise
from lrdsl.language.signal import ConstantSignal, Signal, TimelineSegment, intervals_between, merged


class Entry(NamedTuple):
    """From update `start` (up to `stop`) be `signal`, or be multiplied by it."""

    start: int
    stop: float
    factor: bool
    signal: Signal
    length: Length


@dataclass(frozen=True)
class OverrideRegion(Signal):
    """A signal whose clock started at `origin`, times factors with clocks of their own."""

    signal: Signal
    origin: int
    factors: tuple[Entry, ...]

    def values(self, t: Times) -> Array:
        values = self.signal.values(t - self.origin)
        for factor in self.factors:
            values = values * factor.signal.values(t - factor.start)
        return values

    def segments(self, stop: float) -> tuple[TimelineSegment, ...]:
        factors = [factor.signal.segments(math.inf)[0].description for factor in self.factors]
        scale = "".join([f" * {factor}" for factor in factors])
        inner = [s.shifted(self.origin) for s in self.signal.segments(stop - self.origin)]
        return tuple([TimelineSegment(s.start, s.stop, s.description + scale, self) for s in inner])

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        scale = self.factors[0].signal.constant_value if self.factors else 1.0
        if scale is None or len(self.factors) > 1:  # several factors may round otherwise in one
            return Signal.min_max(self, start, stop)
        low, high = self.signal.min_max(start - self.origin, stop - self.origin)
        return min(low * scale, high * scale), max(low * scale, high * scale)

    def cycle_ends(self, start: int, stop: int) -> Iterator[int]:
        parts = [(self.signal, self.origin), *[(f.signal, f.start) for f in self.factors]]
        return merged(*[_later(part, by, start, stop) for part, by in parts])


def _later(signal: Signal, by: int, start: int, stop: int) -> Iterator[int]:
    """The cycle ends of a signal whose clock started at `by`."""
    return (by + end for end in signal.cycle_ends(start - by, stop - by))


class ActiveOverrides:
    """Tracks which entries of an `interval` apply, from one start to the next."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def begin(self, entry: Entry) -> None:
        """Add the entry that begins next; entries must be added in order."""
        last = self._entries[-1] if self._entries else None
        if math.isinf(entry.stop) and not entry.factor:
            self._entries = [entry]  # no earlier one applies again
        elif last is not None and (both := _product(last, entry)) is not None:
            self._entries[-1] = both
        else:
            self._entries.append(entry)

    def at(self, t: int, source: Signal) -> OverrideRegion:
        """The region that applies at update t, by the entries that have begun."""
        self._entries = [entry for entry in self._entries if entry.stop > t]
        signal, origin, factors = source, 0, []
        for entry in self._entries:
            if entry.factor:
                factors.append(entry)
            else:
                signal, origin, factors = entry.signal, entry.start, []
        return OverrideRegion(signal, origin, tuple(factors))


def _product(first: Entry, second: Entry) -> Entry | None:
    """The product of two constant factors without an end; None for other entries."""
    a, b = first.signal.constant_value, second.signal.constant_value
    lasting = math.isinf(first.stop) and math.isinf(second.stop)
    if a is None or b is None or not (lasting and first.factor and second.factor):
        return None
    return second._replace(signal=ConstantSignal(a * b, f"{a * b:g}"))


@dataclass(frozen=True, slots=True)
class OverrideSignal(Signal):
    """Regions one after the other, each keeping the clock of the whole."""

    starts: Array
    regions: tuple[OverrideRegion, ...]

    def values(self, t: Times) -> Array:
        return piecewise(t, self.starts, lambda i, t: self.regions[i].values(t))

    def segments(self, stop: float) -> tuple[TimelineSegment, ...]:
        return tuple(
            [
                replace(segment, start=max(segment.start, first))
                for i, first, last in intervals_between(self.starts, 0, stop)
                for segment in self.regions[i].segments(last)
                if segment.stop > first
            ]
        )

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        found = [
            self.regions[i].min_max(first, int(last))
            for i, first, last in intervals_between(self.starts, start, stop)
        ]
        return min([low for low, _ in found]), max([high for _, high in found])

    def cycle_ends(self, start: int, stop: int) -> Iterator[int]:
        for i, first, last in intervals_between(self.starts, start, stop):
            yield from self.regions[i].cycle_ends(first, int(last))


@modifier
class Interval(Modifier):
    """Changes from given updates on.

    `6:*0.5` multiplies by 0.5 from update 6 on, `9:0.01` is 0.01 from 9 on, `20..30:0.1` is 0.1
    for 20 ≤ t < 30 and lets go again, `40:cosine(…)` runs that schedule, its clock starting at 40.
    Entries apply in order: later ones over earlier ones, factors compound.

    Example: `cosine(1, 1e-3, 800) | interval[600:*0.5, 700..710:0]`

    Corresponds to SpeechBrain's IntervalScheduler.
    """

    name: ClassVar[str] = "interval"
    bracket: ClassVar[bool] = True

    entries: Annotated[tuple[InstanceOf[Entry], ...], Kind.ENTRIES]

    def apply(self, source: Signal, length: Length, end: float, text: str) -> Signal:
        standing = ActiveOverrides()
        edges = {0} | {e.start for e in self.entries}
        edges |= {int(e.stop) for e in self.entries if math.isfinite(e.stop)}
        starts, regions, waiting = sorted(edges), [], list(reversed(self.entries))
        for start in starts:
            while waiting and waiting[-1].start <= start:
                standing.begin(waiting.pop())
            regions.append(standing.at(start, source))
        return OverrideSignal(np.array(starts, dtype=np.float64), tuple(regions))

    def length(self, source: Length) -> Length:
        return longest([source, *[added(entry.length, entry.start) for entry in self.entries]])
