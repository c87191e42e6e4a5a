"""Schedules of which the rest runs at another pace."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from lrdsl.compiler.lower import CompiledSpec
from lrdsl.language.length import ENDLESS, Exact, Length
from lrdsl.language.modifiers.reactive import MetricHistory
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.language.pointwise.multiples import scaled
from lrdsl.language.time_map import TimeMap
from lrdsl.language.wrapped_signal import WrappedSignal
from lrdsl.schedule.schedule import Schedule
from lrdsl.schedule.steps import as_step


@dataclass(frozen=True, slots=True)
class ScaleFrom(TimeMap):
    """The source's clock runs `k` times slower from update `start` on."""

    start: int
    k: Fraction

    def source_times(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        after = self.start + scaled(t - self.start, 1 / self.k)
        return xp.where(t <= self.start, t, after)

    def source_time(self, update: int) -> Exact:
        return update if update <= self.start else self.start + (update - self.start) / self.k

    def first_update(self, time: int) -> int:
        return time if time <= self.start else self.start + math.ceil((time - self.start) * self.k)

    def source_updates(self, start: int, stop: int) -> tuple[int, int] | None:
        return (start, stop) if stop <= self.start + 1 else None


class RescaledSchedule(Schedule):
    """`source` up to update `start`, and from there on `k` times slower.

    What the source has come to at `start` stays, so that there is no jump. Its metric modifiers
    go on reacting.

    >>> from lrdsl import compile
    >>> RescaledSchedule(compile("linear(1, 0, 100)"), 50, Fraction(3))([25, 50, 53, 200])
    array([0.75, 0.5 , 0.49, 0.  ])
    """

    _source: Schedule
    _start: int
    _k: Fraction

    def __init__(self, source: Schedule, start: int, k: Fraction) -> None:
        signal = WrappedSignal(source._signal, "", ScaleFrom(start, k))
        length: Length = ENDLESS if math.isinf(source.length) else int(source.length)
        if length > start:
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
            step = math.ceil(ScaleFrom(self._start, self._k).source_time(step))
        source = self._source.observe(step, metric)
        return self if source is self._source else RescaledSchedule(source, self._start, self._k)

    @property
    def _identity(self) -> tuple[object, ...]:
        return self.spec, self.context, {"earlier": self._source}, self._start, self._k

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return RescaledSchedule, (self._source, self._start, self._k)

    def __repr__(self) -> str:
        return f"{self._source!r} {float(self._k):g} times slower from update {self._start} on"
