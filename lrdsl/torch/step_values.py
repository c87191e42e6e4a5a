"""`ScheduleBlock`: the values of several schedules at a block of updates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrdsl.diagnostics import SpecError
from lrdsl.language.pointwise.times import Range
from lrdsl.language.signal import LAST_STEP
from lrdsl.schedule.batch import BatchedSchedule, ScheduleBatch
from lrdsl.schedule.schedule import Schedule

BLOCK_SIZE = 4096
"""The most updates whose values are evaluated at once."""

BLOCK_VALUES = 2**17
"""The most values that are evaluated at once, where there are many schedules."""


class ScheduleBlock:
    """Evaluates schedules ahead of the steps that need their values.

    The first values are those of one update alone: whoever asks may want no more.
    """

    def __init__(self, schedules: Sequence[Schedule]) -> None:
        self._schedules = schedules
        self._batches: dict[ScheduleBatch, dict[int, int]] = {}
        """The schedules that are evaluated together, and the row of each there."""
        for i, schedule in enumerate(schedules):
            if isinstance(schedule, BatchedSchedule):
                self._batches.setdefault(schedule.batch, {})[i] = schedule.row
        self._first = self._stop = 0
        self._ahead = 1
        self._values = np.empty((len(schedules), 0))

    def evaluate(self, start: int, stop: int) -> NDArray[np.float64]:
        """The values at updates `start ≤ t < stop`, one row per schedule; `SpecError` if none."""
        t: Any = start if stop == start + 1 else np.arange(start, stop)
        values = np.empty((len(self._schedules), stop - start))
        together: set[int] = set()
        for batch, rows in self._batches.items():
            found = batch.values(Range(float(start), stop - start))
            if found is not None:
                values[[*rows]] = found[[*rows.values()]]
                together |= rows.keys()
        for i, schedule in enumerate(self._schedules):
            if i not in together:
                values[i] = schedule(t)
        return values

    def following(self, t: int, most: int) -> NDArray[np.float64]:
        """The values from update `t` on, one row per schedule, of 1 to `most` updates."""
        if not self._first <= t < self._stop:
            stop = min(t + self._ahead, LAST_STEP + 1)
            # The former block is not held beside the next.
            self._values, self._stop = np.empty((len(self._schedules), 0)), self._first
            try:
                values = self.evaluate(t, stop)
            except SpecError:
                # A later update has no finite value, but the run may end before it.
                stop = t + 1
                values = self.evaluate(t, stop)
            self._values, self._first, self._stop = values, t, stop
            self._ahead = max(1, min(BLOCK_SIZE, BLOCK_VALUES // max(1, len(self._schedules))))
        start = t - self._first
        return self._values[:, start : start + most]
