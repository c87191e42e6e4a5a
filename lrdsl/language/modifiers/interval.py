from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import InstanceOf

from lrdsl.language.length import Endless, Length
from lrdsl.language.modifiers.base import Modifier, modifier
from lrdsl.language.parameters import Kind
from lrdsl.language.pointwise.times import Array, Times
from lrdsl.language.signal import ConstantSignal, SequenceSignal, Signal, TimelineSegment, merged


class Entry(NamedTuple):
    """From update `start` (up to `stop`) be `signal`, or be multiplied by it."""

    start: int
    stop: int | Endless
    factor: bool
    signal: Signal
    length: Length


@dataclass(frozen=True, slots=True)
class ScaledSignal(Signal):
    """A signal whose clock started at `zero`, times factors with clocks of their own."""

    signal: Signal
    zero: int
    factors: tuple[Entry, ...]

    def values(self, t: Times) -> Array:
        values = self.signal.values(t - self.zero)
        for factor in self.factors:
            values = values * factor.signal.values(t - factor.start)
        return values

    def segments(self, stop: float) -> tuple[TimelineSegment, ...]:
        factors = [factor.signal.segments(math.inf)[0].description for factor in self.factors]
        scale = "".join([f" * {factor}" for factor in factors])
        inner = [s.shifted(self.zero) for s in self.signal.segments(stop - self.zero)]
        return tuple([TimelineSegment(s.start, s.stop, s.description + scale, self) for s in inner])

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        scale = self.factors[0].signal.constant_value
        if scale is None or len(self.factors) > 1:  # several factors may round otherwise in one
            return Signal.min_max(self, start, stop)
        low, high = self.signal.min_max(start - self.zero, stop - self.zero)
        return min(low * scale, high * scale), max(low * scale, high * scale)

    def cycle_ends(self, start: int, stop: int) -> Iterator[int]:
        parts = [(self.signal, self.zero), *[(f.signal, f.start) for f in self.factors]]
        return merged(*[signal.cycle_ends_later(zero, start, stop) for signal, zero in parts])


def with_next(active: list[Entry], entry: Entry) -> list[Entry]:
    """The entries that apply once another one has begun; they come in order."""
    if math.isinf(entry.stop) and not entry.factor:
        return [entry]  # no earlier one applies again
    going = [each for each in active if each.stop >= entry.start]
    both = _product(going[-1], entry) if going else None
    return [*going, entry] if both is None else [*going[:-1], both]


def signal_at(t: int, active: list[Entry], source: Signal) -> tuple[Signal, int]:
    """The signal at update t by the entries that have begun, and its clock's 0."""
    signal, zero, factors = source, 0, []
    for entry in [each for each in active if each.stop > t]:
        if entry.factor:
            factors.append(entry)
        else:
            signal, zero, factors = entry.signal, entry.start, []
    return (ScaledSignal(signal, zero, tuple(factors)), 0) if factors else (signal, zero)


def _product(first: Entry, second: Entry) -> Entry | None:
    """The product of two constant factors without an end; None for other entries."""
    a, b = first.signal.constant_value, second.signal.constant_value
    lasting = math.isinf(first.stop) and math.isinf(second.stop)
    if a is None or b is None or not (lasting and first.factor and second.factor):
        return None
    return second._replace(signal=ConstantSignal(a * b, f"{a * b:g}"))


@modifier
class Interval(Modifier):
    """Multiplies or replaces the schedule from given updates on.

    `6:*0.5` multiplies it by 0.5 from update 6 on, `9:0.01` sets it to 0.01 from update 9 on,
    `20..30:0.1` to 0.1 for 20 ≤ t < 30 only, and `40:cosine(…)` replaces it by another schedule,
    whose update 0 is update 40. Later entries replace earlier ones; factors are multiplied.

    Example: `cosine(1, 1e-3, 800) | interval[600:*0.5, 700..710:0]`

    Corresponds to SpeechBrain's IntervalScheduler.
    """

    bracket = True

    entries: Annotated[tuple[InstanceOf[Entry], ...], Kind.ENTRIES]

    def apply(self, source: Signal, length: Length, end: float, text: str) -> Signal:
        active: list[Entry] = []
        edges = {0} | {e.start for e in self.entries}
        edges |= {int(e.stop) for e in self.entries if math.isfinite(e.stop)}
        parts: list[tuple[Signal, int]] = []
        waiting = list(reversed(self.entries))
        for start in sorted(edges):
            while waiting and waiting[-1].start <= start:
                active = with_next(active, waiting.pop())
            parts.append(signal_at(start, active, source))
        signals, zeros = zip(*parts, strict=True)
        return SequenceSignal(signals, np.array(sorted(edges), dtype=np.float64), zeros)

    def length(self, source: Length) -> Length:
        return max([source, *[entry.length + entry.start for entry in self.entries]])
