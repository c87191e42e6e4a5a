from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from lrdsl.language.length import Exact, round_half_up
from lrdsl.language.modifiers.base import Filter, modifier
from lrdsl.language.parameters import Duration
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.language.pointwise.multiples import last_multiple, multiple
from lrdsl.language.time_map import TimeMap


@dataclass(frozen=True, slots=True)
class Stairs(TimeMap):
    """The source's clock moves at multiples of `every`, rounded half up to whole updates."""

    every: Fraction

    def source_times(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        return multiple(last_multiple(t, self.every, xp), self.every, xp)

    def source_time(self, update: int) -> Exact:
        # round_half_up(k·every) ≤ update  ⇔  k·every < update + ½
        passed = math.ceil((update + _HALF) / self.every) - 1
        return round_half_up(passed * self.every)

    def first_update(self, time: int) -> int:
        # round_half_up(k·every) ≥ time  ⇔  k·every ≥ time - ½
        return round_half_up(math.ceil((time - _HALF) / self.every) * self.every) if time else 0


_HALF = Fraction(1, 2)


@modifier
class Every(Filter):
    """Holds the value between updates 0, n, 2n, …; with `every(1ep)` it changes once an epoch.

    A multiple of `n` that is not a whole number of updates is rounded half up.

    Example: `cosine(1, 0, 900) | every(100)`
    """

    neutral_arguments = (1.0,)

    n: Annotated[Duration, Field(ge=1)]

    def time_map(self) -> TimeMap:
        return Stairs(self.n)

    @classmethod
    def time_parameters(cls) -> tuple[str, ...]:
        return ()  # `n` says how often the value is refreshed, which is no time of the schedule
