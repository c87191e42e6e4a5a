from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from pydantic import InstanceOf

from lrdsl.modifiers.base import Length, Modifier, modifier
from lrdsl.parameters import Kind
from lrdsl.signal import Array, Piece, Signal, partition, shift


@dataclass(frozen=True)
class Entry:
    """From update `start` (up to `stop`) be `signal`, or be multiplied by it."""

    start: int
    stop: float
    factor: bool
    signal: Signal
    length: Length

    def covers(self, t: float) -> bool:
        """Whether update t lies in it."""
        return self.start <= t < self.stop


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

    def values(self, source: Signal, t: Array) -> Array:
        starts = self._starts()
        out = np.empty_like(t)
        for i, chosen in partition(t, np.array(starts, dtype=np.float64)):
            base, factors = self._standing(starts[i])
            local = t[chosen]
            values = (
                source.values(local) if base is None else base.signal.values(local - base.start)
            )
            for entry in factors:
                values = values * entry.signal.values(local - entry.start)
            out[chosen] = values
        return out

    def _starts(self) -> list[int]:
        """Where the set of entries that hold changes."""
        edges = {0} | {e.start for e in self.entries}
        edges |= {int(e.stop) for e in self.entries if math.isfinite(e.stop)}
        return sorted(edges)

    def _standing(self, t: int) -> tuple[Entry | None, list[Entry]]:
        """At update t: the entry that gives the value (None: the source), and the factors on it."""
        base: Entry | None = None
        factors: list[Entry] = []
        for entry in self.entries:
            if not entry.covers(t):
                continue
            if entry.factor:
                factors.append(entry)
            else:
                base, factors = entry, []
        return base, factors

    def outline(self, source: Signal, stop: float, text: str) -> tuple[Piece, ...]:
        starts = [start for start in self._starts() if start < stop]
        pieces: list[Piece] = []
        for first, last in zip(starts, [*starts[1:], stop], strict=True):
            base, factors = self._standing(first)
            origin = 0 if base is None else base.start
            below = (source if base is None else base.signal).outline(last - origin)
            scale = "".join(f" * {e.signal.outline(math.inf)[0].text}" for e in factors)
            pieces += [
                Piece(max(start, first), end, formula + scale)
                for start, end, formula in shift(below, origin)
                if end > first
            ]
        return tuple(pieces)

    def length(self, source: Length) -> Length:
        return max([source, *[entry.start + entry.length for entry in self.entries]])
