"""Looking values up rather than evaluating them one by one."""

from __future__ import annotations

from array import array

import numpy as np

from lrdsl.diagnostics import SpecError
from lrdsl.language.signal import LAST_STEP
from lrdsl.schedule.schedule import Schedule

AHEAD = 4096
"""Values are evaluated this many updates ahead, so that a step is a look-up."""


class Ahead:
    """A schedule whose values are looked up in a block evaluated ahead.

    `start` is the schedule before any metric came.
    """

    def __init__(self, schedule: Schedule) -> None:
        self.start = schedule
        self.schedule = schedule
        self.first = 0
        self.block = array("d")
        """The values evaluated ahead; that of update `first` stands first."""
        self._cycles_from = 0
        self._cycle_ends: frozenset[int] | None = None

    def become(self, schedule: Schedule) -> None:
        """Go on with what a metric has made of the schedule."""
        if not same_values(schedule, self.schedule):
            self.block = array("d")
        self.schedule = schedule

    def at(self, made: int) -> float:
        """The value once `made` updates have been made."""
        if not 0 <= made - self.first < len(self.block):
            self._evaluate(made)
        return self.block[made - self.first]

    def ends_cycle(self, made: int) -> bool:
        """Whether the last of `made` updates, 1 or more, is the last one of a cycle."""
        if self._cycle_ends is None or not 0 < made - self._cycles_from <= AHEAD:
            self._cycles_from = made - 1
            stop = min(self._cycles_from + AHEAD, LAST_STEP)
            self._cycle_ends = frozenset(self.schedule.cycle_ends(self._cycles_from, stop))
        return made in self._cycle_ends

    def _evaluate(self, made: int) -> None:
        stop = min(made + AHEAD, LAST_STEP + 1)
        try:
            block = self.schedule(np.arange(made, stop)).tobytes()
        except SpecError:
            # A later update has no finite value; the run may end before it.
            block = np.float64(self.schedule(made)).tobytes()
        self.first, self.block = made, array("d", block)


def same_values(schedule: Schedule, other: Schedule) -> bool:
    """Whether two stages of one schedule surely have the same values."""
    return schedule._signal is other._signal
