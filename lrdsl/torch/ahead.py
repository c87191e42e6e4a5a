"""Looking values up rather than evaluating them one by one."""

from __future__ import annotations

import numpy as np

from lrdsl.diagnostics import SpecError
from lrdsl.schedule import Schedule
from lrdsl.signal import LAST_STEP

AHEAD = 1024
"""Values are evaluated this many updates ahead, so that a step is a list look-up."""


class Ahead:
    """A schedule whose values are looked up in a block evaluated ahead."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self._first = 0
        self._block: list[float] = []

    def at(self, made: int) -> float:
        """The value once `made` updates have been made."""
        if not 0 <= made - self._first < len(self._block):
            self._evaluate(made)
        return self._block[made - self._first]

    def _evaluate(self, made: int) -> None:
        stop = min(made + AHEAD, LAST_STEP + 1)
        try:
            block = self.schedule(np.arange(made, stop)).tolist()
        except SpecError:
            # A later update has no finite value; the run may end before it.
            block = [self.schedule(made)]
        self._first, self._block = made, block
