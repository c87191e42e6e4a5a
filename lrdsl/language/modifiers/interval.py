from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
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


def signal_at(
    t: int, begun: Begun | None, source: Signal, timetable: Timetable | None = None
) -> tuple[Signal, int]:
    """The signal at update t by the entries that have begun, and its clock's 0.

    `timetable` has them all, where they are known already.
    """
    first = next(_applying(begun, t), None)
    if first is None:
        return source, 0
    if not first.factor:
        return first.signal, first.start
    if timetable is None:
        timetable = Timetable([*_applying(begun, t)][::-1])
    return ScaledSignal(t, timetable, source), 0


class Factors(NamedTuple):
    """A signal with its clock's 0, and what it is multiplied by in the order of the entries.

    Numbers between two factors that change are multiplied with each other first: `scales` has their
    products, one more than `changing` has entries. `written` are the first of all factors as text,
    and there are `more` or not.
    """

    signal: Signal
    zero: int
    scales: tuple[float, ...]
    changing: tuple[Entry, ...]
    written: tuple[str, ...]
    more: bool


class Timetable:
    """Entries in their order, of which those that apply at an update are found at once.

    Numbers that are multiplied with each other from then on are one entry, as in `begin`.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._given = entries
        self._texts: dict[int, str] = {}

    @lazy_property
    def _columns(self) -> tuple[list[Entry], Array, Array, NDArray[np.bool_], Array]:
        """The entries, and their starts, stops, whether they are factors, and numbers or NaN."""
        entries, stops = [*self._given], [float(entry.stop) for entry in self._given]
        begun: list[int] = []
        for i, entry in enumerate(self._given):
            while begun and self._given[begun[-1]].stop < entry.start:
                begun.pop()
            both = _product(entries[begun[-1]], entry) if begun else None
            if both is not None:
                stops[begun.pop()] = entry.start
                entries[i] = both
            begun.append(i)
        numbers = [math.nan if entry.number is None else entry.number for entry in entries]
        starts, factors = [entry.start for entry in entries], [entry.factor for entry in entries]
        return (
            entries,
            np.array(starts, float),
            np.array(stops),
            np.array(factors),
            np.array(numbers),
        )

    def _text(self, i: int) -> str:
        """An entry as formulas show it."""
        if i not in self._texts:
            signal = self._columns[0][i].signal
            self._texts[i] = signal.segments(math.inf)[0].description
        return self._texts[i]

    def factors(self, t: int, source: Signal) -> Factors:
        """The factors that apply at update t, of which the latest entry is one."""
        entries, starts, stops, factors, numbers = self._columns
        applying = np.flatnonzero((starts <= t) & (t < stops))
        signal, zero = source, 0
        others = np.flatnonzero(~factors[applying])
        if others.size:
            base = entries[applying[others[-1]]]
            signal, zero, applying = base.signal, base.start, applying[others[-1] + 1 :]
        known = numbers[applying]
        cuts = np.flatnonzero(np.isnan(known))
        pieces = [x[x == x] for x in np.split(known, cuts)] if cuts.size else [known]
        # Multiplied one after the other: `np.prod` would do it in another order.
        scales = [float(np.multiply.accumulate(x)[-1]) if x.size else 1.0 for x in pieces]
        written = tuple(map(self._text, applying[:MAX_WRITTEN_FACTORS].tolist()))
        changing = tuple([entries[i] for i in applying[cuts]])
        return Factors(signal, zero, tuple(scales), changing, written, applying.size > len(written))


@dataclass(frozen=True)
class ScaledSignal(Signal):
    """The entry that applies at update t: a signal, and factors with clocks of their own.

    They are looked for when a value is needed: of thousands of entries that overlap most parts are
    never asked.
    """

    t: int
    timetable: Timetable
    source: Signal

    @lazy_property
    def factors(self) -> Factors:
        """The factors that apply."""
        return self.timetable.factors(self.t, self.source)

    def values(self, t: Times) -> Array:
        signal, zero, scales, changing, *_ = self.factors
        values = signal.values(t - zero) * scales[0]
        for entry, scale in zip(changing, scales[1:], strict=True):
            values = values * entry.signal.values(t - entry.start) * scale
        return values

    def segments(self, stop: float) -> tuple[TimelineSegment, ...]:
        signal, zero, _, _, written, more = self.factors
        scale = "".join([f" * {text}" for text in [*written, *["…"] * more]])
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
        timetable = Timetable(self.entries)
        waiting = list(reversed(self.entries))
        for start in sorted(edges):
            while waiting and waiting[-1].start <= start:
                begun = begin(begun, waiting.pop())
            parts.append(signal_at(start, begun, source, timetable))
        signals, zeros = zip(*parts, strict=True)
        return SequenceSignal(signals, np.array(sorted(edges), dtype=np.float64), zeros)

    def length(self, source: Length) -> Length:
        return max([source, *[entry.length + entry.start for entry in self.entries]])
