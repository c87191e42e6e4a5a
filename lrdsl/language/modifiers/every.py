from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from lrdsl.language.length import Exact, round_half_up
from lrdsl.language.modifiers.base import Filter, modifier
from lrdsl.language.parameters import Duration
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.language.pointwise.multiples import multiples_of
from lrdsl.language.pointwise.times import Array, Range, Times
from lrdsl.language.time_map import TimeMap


@dataclass(frozen=True, slots=True)
class Stairs(TimeMap):
    """The source's clock moves at multiples of `every`, rounded half up to whole updates.

    `phase` is how far the exact start lies behind the first update.
    """

    every: Fraction
    phase: Fraction

    def source_times(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        return xp.multiple(xp.last_multiple(t, self.every, self.phase), self.every, self.phase)

    def read(self, source: Callable[[Times], Array], t: Times) -> Array:
        if not isinstance(t, Range) or t.size == 1:
            return TimeMap.read(self, source, t)
        times, counts = multiples_of(t, self.every, self.phase)
        return source(times).repeat(counts, axis=-1)

    def source_time(self, update: int) -> Exact:
        # round_half_up(phase + k·every) ≤ update  ⇔  phase + k·every < update + ½
        return self._stair(math.ceil((update + _HALF - self.phase) / self.every) - 1)

    def first_update(self, time: int) -> int:
        # round_half_up(phase + k·every) ≥ time  ⇔  phase + k·every ≥ time - ½
        return self._stair(math.ceil((time - _HALF - self.phase) / self.every)) if time else 0

    def _stair(self, k: int) -> int:
        return round_half_up(self.phase + k * self.every)


_HALF = Fraction(1, 2)


@modifier
class Every(Filter):
    """Holds the value between updates 0, n, 2n, …; with `every(1ep)` it changes once an epoch.

    A multiple of `n` that falls between two updates is rounded half up.

    Example: `cosine(1, 0, 900) | every(100)`
    """

    neutral_arguments = (1.0,)
    positional = ("n",)
    period = "n"

    n: Annotated[Duration, Field(ge=1)]
    phase: Fraction = Fraction(0)

    def time_map(self) -> TimeMap:
        return Stairs(self.n, self.phase)

    @classmethod
    def time_parameters(cls) -> tuple[str, ...]:
        return ()  # `n` says how often the value is refreshed, which is no time of the schedule
