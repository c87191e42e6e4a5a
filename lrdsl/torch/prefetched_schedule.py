"""`PrefetchedSchedule`: evaluates a schedule in blocks, so that one value is an array look-up."""

from __future__ import annotations

from array import array

import numpy as np

from lrdsl.diagnostics import SpecError
from lrdsl.language.signal import LAST_STEP
from lrdsl.schedule.schedule import Schedule

BLOCK_SIZE = 4096
"""The number of updates whose values are evaluated at once."""


class PrefetchedSchedule:
    """A schedule with a block of values evaluated in advance.

    `initial` is the schedule before any metric came, `schedule` the one after the metrics so far.
    """

    def __init__(self, schedule: Schedule) -> None:
        self.initial = schedule
        self.schedule = schedule
        self.first = 0
        """The update of the block's first value."""
        self.block = array("d")
        self._cycles_first = 0
        self._cycle_ends: frozenset[int] | None = None

    def replace(self, schedule: Schedule) -> None:
        """Continue with the schedule that a metric has led to."""
        if not have_same_values(schedule, self.schedule):
            self.block = array("d")
        self.schedule = schedule

    def value_at(self, t: int) -> float:
        """The value after `t` updates."""
        if not 0 <= t - self.first < len(self.block):
            self._fetch(t)
        return self.block[t - self.first]

    def ends_cycle(self, t: int) -> bool:
        """Whether update `t`, 1 or more, was the last update of a cycle."""
        if self._cycle_ends is None or not 0 < t - self._cycles_first <= BLOCK_SIZE:
            self._cycles_first = t - 1
            stop = min(self._cycles_first + BLOCK_SIZE, LAST_STEP)
            self._cycle_ends = frozenset(self.schedule.cycle_ends(self._cycles_first, stop))
        return t in self._cycle_ends

    def _fetch(self, t: int) -> None:
        stop = min(t + BLOCK_SIZE, LAST_STEP + 1)
        try:
            block = self.schedule(np.arange(t, stop)).tobytes()
        except SpecError:
            # A later update has no finite value, but the run may end before it.
            block = np.float64(self.schedule(t)).tobytes()
        self.first, self.block = t, array("d", block)


def have_same_values(schedule: Schedule, other: Schedule) -> bool:
    """Whether two states of one schedule are known to have the same values."""
    return schedule._signal is other._signal
