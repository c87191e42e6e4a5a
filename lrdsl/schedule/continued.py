"""Schedules of which other schedules take over, each from an update of the run on."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from lrdsl.compiler.lower import CompiledSpec
from lrdsl.language.length import ENDLESS, Length
from lrdsl.language.modifiers.reactive import MetricObserver, Reaction
from lrdsl.language.signal import SequenceSignal
from lrdsl.schedule.rescaled import RescaledSchedule
from lrdsl.schedule.schedule import Schedule

Piece = tuple[int, Schedule]
"""The update from which a schedule counts, and the schedule, on the clock of the run."""


class ContinuedSchedule(Schedule):
    """Several schedules on the clock of one run, each in force from its update on.

    The list is flat, however often a run has been continued. The last schedule alone goes on
    reacting to metrics; its spec and its context are those of the whole.

    >>> from lrdsl import compile
    >>> first, second = compile("linear(1, 0, 100)"), compile("constant(1, 50) >> 0.25")
    >>> ContinuedSchedule.of(first, 50, second)([49, 50])
    array([0.51, 0.25])
    """

    _pieces: tuple[Piece, ...]

    def __init__(self, pieces: tuple[Piece, ...]) -> None:
        starts = tuple([start for start, _ in pieces])
        signals = tuple([schedule._signal for _, schedule in pieces])
        zeros = (0,) * len(pieces)
        signal = SequenceSignal(signals, np.array(starts, dtype=np.float64), zeros)
        last = pieces[-1][1]
        length: Length = ENDLESS if np.isinf(last.length) else int(last.length)
        compiled = CompiledSpec(signal, length, chain_segments=last.chain_segments)
        super().__init__(last.spec, last.context, compiled)
        self.__dict__.update(_pieces=pieces, observed=last.observed)

    @staticmethod
    def of(earlier: Schedule, start: int, later: Schedule) -> ContinuedSchedule:
        """A schedule that is `earlier` before update `start`, and `later` from there on."""
        former = earlier._pieces if isinstance(earlier, ContinuedSchedule) else ((0, earlier),)
        return ContinuedSchedule((*[piece for piece in former if piece[0] < start], (start, later)))

    def with_last(self, later: Schedule) -> ContinuedSchedule:
        """The same with another schedule as its last one."""
        return ContinuedSchedule((*self._pieces[:-1], (self._pieces[-1][0], later)))

    @property
    def last(self) -> Schedule:
        """The schedule that is in force at the end."""
        return self._pieces[-1][1]

    @property
    def observers(self) -> tuple[MetricObserver, ...]:
        return self.last.observers

    def advanced(self, reactions: tuple[Reaction, ...], observed: int | None) -> Schedule:
        return self.with_last(self.last.advanced(reactions, observed))

    def replayed(
        self, reactions: tuple[Reaction, ...], before: tuple[float, ...], observed: int | None
    ) -> Schedule:
        return self.with_last(self.last.replayed(reactions, before, observed))

    def observe(self, update: int, metric: object) -> Schedule:
        later = self.last.observe(update, metric)
        return self if later is self.last else self.with_last(later)

    @property
    def _identity(self) -> tuple[object, ...]:
        return self.spec, self.context, {}, self._pieces

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return ContinuedSchedule, (self._pieces,)

    def __repr__(self) -> str:
        return ", ".join(
            [f"{schedule!r} from update {start} on" for start, schedule in self._pieces]
        )


def rescaled(schedule: Schedule, start: int, k: Fraction) -> Schedule:
    """A schedule whose time runs `k` times slower from update `start` on.

    >>> from lrdsl import compile
    >>> rescaled(compile("linear(1, 0, 100)"), 50, Fraction(3))([50, 53])
    array([0.5 , 0.49])
    """
    if isinstance(schedule, ContinuedSchedule):
        return schedule.with_last(rescaled(schedule.last, start, k))
    return RescaledSchedule.of(schedule, start, k)
