from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from lrdsl.language.parameters import PREV, Duration, Flag, Value
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.language.pointwise.multiples import scaled
from lrdsl.language.shapes.base import Shape, shape


@shape
class ExponentialDecay(Shape):
    """start·rate^(t/every): multiplied by `rate` in each `every` updates. It never ends.

    It changes a little at every update; with staircase=true, at multiples of `every` only, each
    rounded half up to a whole update.

    Example: `exponential_decay(0.1, 0.5, every=100)`

    Corresponds to torch's ExponentialLR (every=1) and optax's exponential_decay.
    """

    start_field = "start"
    level_field = "start"
    factor_field = "rate"
    endless_without = ("every",)
    positional = ("start", "rate", "every", "staircase")

    start: Value = PREV
    rate: Annotated[Value, Field(gt=0)]
    every: Annotated[Duration, Field(gt=0)] = Fraction(1)
    staircase: Flag = False
    phase: Fraction = Fraction(0)

    @classmethod
    def stair(cls, given: Collection[str]) -> str | None:
        return "every" if "staircase" in given else None

    def values(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        if self.staircase and self.every >= 1:
            factor = xp.powers(self.rate, xp.last_multiple(t, self.every, self.phase))
        elif self.staircase:  # several steps at every update
            factor = xp.powers(self.rate, xp.floor(scaled(t, 1 / self.every)))
        else:
            factor = xp.powers(self.rate, t, self.every)
        return self.start * factor
