"""Schedules of which the rest runs at another pace."""

from __future__ import annotations

import bisect
import math
import operator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from lrdsl.compiler.lower import CompiledSpec
from lrdsl.language.length import ENDLESS, Exact, Length
from lrdsl.language.modifiers.reactive import MetricObserver, Reaction
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.language.pointwise.multiples import scaled
from lrdsl.language.pointwise.times import piecewise
from lrdsl.language.time_map import TimeMap
from lrdsl.language.wrapped_signal import WrappedSignal
from lrdsl.schedule.schedule import Schedule
from lrdsl.schedule.steps import as_step


class Pace(NamedTuple):
    """From update `start` on, a source that has come to time `reached` runs `k` times slower."""

    start: int
    reached: Exact
    k: Fraction


@dataclass(frozen=True, slots=True)
class ScaleFrom(TimeMap):
    """The source's clock runs at other paces from some updates on, which ascend.

    Before the first one the clocks agree.
    """

    paces: tuple[Pace, ...]

    def then(self, start: int, k: Fraction) -> ScaleFrom:
        """This map, and from update `start` on another pace; later paces are gone."""
        former = [pace for pace in self.paces if pace.start <= start]
        slower = k * former[-1].k if former else k
        kept = [pace for pace in former if pace.start < start]
        return ScaleFrom((*kept, Pace(start, self.source_time(start), slower)))

    def source_times(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        if len(self.paces) == 1:
            return self._paced(0, t, xp)
        edges = np.array([0, *[pace.start for pace in self.paces]], dtype=np.float64)
        return piecewise(t, edges, lambda i, times: self._paced(max(i - 1, 0), times, xp))

    def _paced(self, i: int, t: Operand, xp: PointwiseFunctions) -> Operand:
        """The source's times by one pace; before the first one begins the clocks agree."""
        start, reached, k = self.paces[i]
        after = float(reached) + scaled(t - start, 1 / k)
        return after if i else xp.where(t <= start, t, after)

    def source_time(self, update: int) -> Exact:
        i = bisect.bisect_left(self.paces, update, key=operator.attrgetter("start")) - 1
        if i < 0:
            return update
        time = self.paces[i].reached + (update - self.paces[i].start) / self.paces[i].k
        return int(time) if time == int(time) else time

    def first_update(self, time: int) -> int:
        i = bisect.bisect_left(self.paces, time, key=operator.attrgetter("reached")) - 1
        if i < 0:
            return time
        return self.paces[i].start + math.ceil((time - self.paces[i].reached) * self.paces[i].k)

    def source_updates(self, start: int, stop: int) -> tuple[int, int] | None:
        return (start, stop) if stop <= self.paces[0].start + 1 else None


class RescaledSchedule(Schedule):
    """A schedule of which the rest runs at another pace, from some updates on.

    What the source has come to there stays, so that there is no jump. Its metric modifiers go on
    reacting.

    >>> from lrdsl import compile
    >>> slowed = RescaledSchedule.of(compile("linear(1, 0, 100)"), 50, Fraction(3))
    >>> slowed([25, 50, 53, 200])
    array([0.75, 0.5 , 0.49, 0.  ])
    >>> RescaledSchedule.of(slowed, 53, Fraction(1, 3))([53, 54])
    array([0.49, 0.48])
    """

    _source: Schedule
    _time: ScaleFrom

    def __init__(self, source: Schedule, time: ScaleFrom) -> None:
        signal = WrappedSignal(source._signal, "", time)
        length: Length = ENDLESS if math.isinf(source.length) else int(source.length)
        if not math.isinf(length):
            last = time.paces[-1]
            after = last.start + (length - last.reached) * last.k
            length = after if length > last.reached else time.first_update(int(length))
        super().__init__(source.spec, source.context, CompiledSpec(signal, length))
        self.__dict__.update(_source=source, _time=time, observed=source.observed)

    @staticmethod
    def of(source: Schedule, start: int, k: Fraction) -> RescaledSchedule:
        """A schedule that is `k` times slower from update `start` on, also if it is rescaled."""
        if isinstance(source, RescaledSchedule):
            return RescaledSchedule(source._source, source._time.then(start, k))
        return RescaledSchedule(source, ScaleFrom(()).then(start, k))

    @property
    def observers(self) -> tuple[MetricObserver, ...]:
        return self._source.observers

    def react(
        self, reactions: tuple[Reaction, ...], update: int, metric: float
    ) -> tuple[Reaction, ...]:
        return self._source.react(reactions, self._source_step(update), metric)

    def advanced(self, reactions: tuple[Reaction, ...], observed: int | None) -> Schedule:
        at = None if observed is None else self._source_step(observed)
        return RescaledSchedule(self._source.advanced(reactions, at), self._time)

    def replayed(
        self, reactions: tuple[Reaction, ...], before: tuple[float, ...], observed: int | None
    ) -> Schedule:
        at = None if observed is None else self._source_step(observed)
        return RescaledSchedule(self._source.replayed(reactions, before, at), self._time)

    def observe(self, update: int, metric: object) -> Schedule:
        step = self._source_step(as_step(update, "update"))
        source = self._source.observe(step, metric)
        return self if source is self._source else RescaledSchedule(source, self._time)

    def _source_step(self, update: int) -> int:
        """The source's update at one of the run; rounded up, so that nothing seen changes."""
        return math.ceil(self._time.source_time(update))

    @property
    def _identity(self) -> tuple[object, ...]:
        return self.spec, self.context, {"earlier": self._source}, self._time

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return RescaledSchedule, (self._source, self._time)

    def __repr__(self) -> str:
        paces = [
            f"{float(pace.k):g} times slower from update {pace.start} on"
            for pace in self._time.paces
        ]
        return f"{self._source!r} {', '.join(paces)}"
