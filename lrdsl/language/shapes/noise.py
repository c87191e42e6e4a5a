from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from typing import Annotated, Any

from pydantic import Field

from lrdsl.language.parameters import Count, Duration, ParameterError, Value
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.language.shapes.base import Shape, shape

MAX_SEED = 2**53
"""All whole numbers below are exact as floats."""


@shape
class Noise(Shape):
    """Random values around 0 with deviation `std`, a new one after each `every` updates.

    They depend on `seed` and the local update alone, so that a resumed run meets the same ones. The
    distribution is nearly normal, and nothing is farther from 0 than 6·std. As a number does, noise
    takes the length of what it is combined with.

    Example: `cosine(1, 0, 800) * (1 + noise(7, 0.1, every=10))`

    Philox4x32-10 of Salmon, Moraes, Dror and Shaw, 2011 (doi:10.1145/2063384.2063405), keyed by the
    seed: the sum of twelve uniform numbers less 6.
    """

    is_endless = True
    lets_others_decide = True
    positional = ("seed", "std", "every")

    seed: Annotated[Count, Field(ge=0)]
    std: Annotated[Value, Field(ge=0)]
    every: Annotated[Duration, Field(ge=1)] = Fraction(1)
    phase: Fraction = Fraction(0)

    @classmethod
    def stair(cls, given: Collection[str]) -> str | None:
        return "every"

    def model_post_init(self, context: Any) -> None:
        if not float(self.seed).is_integer() or self.seed >= MAX_SEED:
            raise ParameterError("seed", "`seed` must be a whole number below 2^53")

    def values(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        count = xp.last_multiple(t, self.every, self.phase)
        return xp.noise(count, int(self.seed)) * self.std

    @property
    def extrema_steps(self) -> tuple[int, ...] | None:
        return None
