"""A schedule of which what is left runs at another pace."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from lrdsl.compiler.lower import CompiledSpec
from lrdsl.language.length import ENDLESS, Length, from_time
from lrdsl.language.modifiers.reactive import MetricHistory
from lrdsl.language.signal import Array, Piece, Signal, Times, scaled
from lrdsl.schedule.schedule import Schedule, as_step


@dataclass(frozen=True, slots=True)
class RescaledSignal(Signal):
    """`source` up to time `start`, and from there on `k` times slower."""

    source: Signal
    start: int
    k: Fraction

    def values(self, t: Times) -> Array:
        t = np.asarray(t)
        after = self.start + scaled(t - self.start, 1 / self.k)
        return self.source.values(np.where(t <= self.start, t, after))

    def segments(self, stop: float) -> tuple[Piece, ...]:
        found = []
        for piece in self.source.segments(self._inside(stop)):
            first, last = self._outside(piece.start), min(self._outside(piece.stop), stop)
            if first < last:
                found.append(Piece(int(first), last, piece.text))
        return tuple(found)

    def cycle_ends(self, start: int, stop: int) -> Iterator[int]:
        inside = self.source.cycle_ends(math.floor(self._inside(start)), int(self._inside(stop)))
        return (end for x in inside if start < (end := int(self._outside(x))) <= stop)

    def _inside(self, t: float) -> float:
        """The source's time at time `t`, rounded up to a whole number."""
        if t <= self.start or math.isinf(t):
            return t
        return math.ceil(self.start + Fraction(t - self.start) / self.k)

    def _outside(self, t: float) -> float:
        """When the source's time has come to `t`, rounded up to a whole number."""
        if t <= self.start or math.isinf(t):
            return t
        return math.ceil(self.start + Fraction(t - self.start) * self.k)


class RescaledSchedule(Schedule):
    """`source` up to update `start`, and from there on `k` times slower.

    What the source has come to at `start` stays, so that there is no jump. Its reactive modifiers
    go on reacting.

    >>> from lrdsl import compile
    >>> RescaledSchedule(compile("linear(1, 0, 100)"), 50, Fraction(3))([25, 50, 53, 200])
    array([0.75, 0.5 , 0.49, 0.  ])
    """

    _source: Schedule
    _start: int
    _k: Fraction

    def __init__(self, source: Schedule, start: int, k: Fraction) -> None:
        signal = RescaledSignal(source._signal, start, k)
        length: Length = from_time(source.length)
        if length is not ENDLESS and length > start:
            length = start + (length - start) * k
        super().__init__(source.spec, source.context, CompiledSpec(signal, length))
        self.__dict__.update(_source=source, _start=start, _k=k, observed=source.observed)

    @property
    def is_reactive(self) -> bool:
        return self._source.is_reactive

    @property
    def histories(self) -> tuple[MetricHistory, ...]:
        return self._source.histories

    def observe(self, update: int, metric: object) -> Schedule:
        step = as_step(update, "update")
        if step > self._start:
            # Rounded up: what has been seen already must not change.
            step = math.ceil(self._start + Fraction(step - self._start) / self._k)
        source = self._source.observe(step, metric)
        return self if source is self._source else RescaledSchedule(source, self._start, self._k)

    @property
    def _identity(self) -> tuple[object, ...]:
        return self.spec, self.context, {"earlier": self._source}, self._start, self._k

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return RescaledSchedule, (self._source, self._start, self._k)

    def __repr__(self) -> str:
        return f"{self._source!r} {float(self._k):g} times slower from update {self._start} on"
