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
from lrdsl.util.forks import lazy_property

MAX_WRITTEN_FACTORS = 20
"""Factors that the formula of a segment shows."""


class Entry(NamedTuple):
    """From update `start` (up to `stop`) be `signal`, or be multiplied by it."""

    start: int
    stop: int | Endless
    factor: bool
    signal: Signal
    length: Length
    number: float | None = None
    """The value of the signal, if it is one and the same at all times."""

    def of(self, signal: Signal) -> Entry:
        """The entry with its signal."""
        return self._replace(signal=signal, number=signal.constant_value)


class Begun(NamedTuple):
    """The entries that have begun at an update: the latest one, and those before it.

    Of those before, some may have ended. They share what stands before them, so that thousands of
    entries take no more room than there are entries.
    """

    latest: Entry
    before: Begun | None


def begin(begun: Begun | None, entry: Entry) -> Begun:
    """The entries that have begun once another one has; they come in order."""
    if math.isinf(entry.stop) and not entry.factor:
        return Begun(entry, None)  # no earlier one applies again
    while begun is not None and begun.latest.stop < entry.start:
        begun = begun.before
    both = None if begun is None else _product(begun.latest, entry)
    return Begun(entry, begun) if both is None or begun is None else Begun(both, begun.before)


def _applying(begun: Begun | None, t: int) -> Iterator[Entry]:
    """The entries that apply at update t, the latest first, up to one that replaces all before."""
    while begun is not None:
        entry, begun = begun
        if entry.stop > t:
            yield entry
            if not entry.factor:
                return


def signal_at(t: int, begun: Begun | None, source: Signal) -> tuple[Signal, int]:
    """The signal at update t by the entries that have begun, and its clock's 0."""
    first = next(_applying(begun, t), None)
    if first is None:
        return source, 0
    return (ScaledSignal(t, begun, source), 0) if first.factor else (first.signal, first.start)


class Factors(NamedTuple):
    """A signal with its clock's 0, and what it is multiplied by in the order of the entries.

    Numbers between two factors that change are multiplied with each other first: `scales` has their
    products, one more than `changing` has entries. `written` are the first of all factors, and
    there are `more` or not.
    """

    signal: Signal
    zero: int
    scales: tuple[float, ...]
    changing: tuple[Entry, ...]
    written: tuple[Entry, ...]
    more: bool


@dataclass(frozen=True)
class ScaledSignal(Signal):
    """The entry that applies at update t: a signal, and factors with clocks of their own.

    They are looked for when a value is needed: of thousands of entries that overlap most parts are
    never asked.
    """

    t: int
    begun: Begun | None
    source: Signal

    @lazy_property
    def factors(self) -> Factors:
        """The factors that apply."""
        found = [*_applying(self.begun, self.t)][::-1]
        signal, zero = self.source, 0
        if not found[0].factor:
            signal, zero = found[0].signal, found[0].start
            del found[0]
        scales, changing = [1.0], []
        for entry in found:
            if entry.number is not None:
                scales[-1] *= entry.number
            else:
                changing.append(entry)
                scales.append(1.0)
        written = tuple(found[:MAX_WRITTEN_FACTORS])
        return Factors(
            signal, zero, tuple(scales), tuple(changing), written, len(found) > len(written)
        )

    def values(self, t: Times) -> Array:
        signal, zero, scales, changing, *_ = self.factors
        values = signal.values(t - zero) * scales[0]
        for entry, scale in zip(changing, scales[1:], strict=True):
            values = values * entry.signal.values(t - entry.start) * scale
        return values

    def segments(self, stop: float) -> tuple[TimelineSegment, ...]:
        signal, zero, _, _, written, more = self.factors
        texts = [entry.signal.segments(math.inf)[0].description for entry in written]
        texts += ["…"] * more
        scale = "".join([f" * {text}" for text in texts])
        inner = [s.shifted(zero) for s in signal.segments(stop - zero)]
        return tuple([TimelineSegment(s.start, s.stop, s.description + scale, self) for s in inner])

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        signal, zero, scales, changing, *_ = self.factors
        if changing:
            return Signal.min_max(self, start, stop)
        low, high = signal.min_max(start - zero, stop - zero)
        low, high = low * scales[0], high * scales[0]
        return min(low, high), max(low, high)

    def cycle_ends(self, start: int, stop: int) -> Iterator[int]:
        signal, zero, _, changing, *_ = self.factors
        parts = [(signal, zero), *[(entry.signal, entry.start) for entry in changing]]
        return merged(*[part.cycle_ends_later(zero, start, stop) for part, zero in parts])


def _product(first: Entry, second: Entry) -> Entry | None:
    """The product of two constant factors without an end; None for other entries."""
    a, b = first.number, second.number
    lasting = math.isinf(first.stop) and math.isinf(second.stop)
    if a is None or b is None or not (lasting and first.factor and second.factor):
        return None
    return second.of(ConstantSignal(a * b, f"{a * b:g}"))


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
        begun: Begun | None = None
        edges = {0} | {e.start for e in self.entries}
        edges |= {int(e.stop) for e in self.entries if math.isfinite(e.stop)}
        parts: list[tuple[Signal, int]] = []
        waiting = list(reversed(self.entries))
        for start in sorted(edges):
            while waiting and waiting[-1].start <= start:
                begun = begin(begun, waiting.pop())
            parts.append(signal_at(start, begun, source))
        signals, zeros = zip(*parts, strict=True)
        return SequenceSignal(signals, np.array(sorted(edges), dtype=np.float64), zeros)

    def length(self, source: Length) -> Length:
        return max([source, *[entry.length + entry.start for entry in self.entries]])
