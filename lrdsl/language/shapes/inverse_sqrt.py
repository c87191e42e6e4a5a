from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import Field

from lrdsl.language.parameters import PREV, Updates, Value
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.language.shapes.base import Shape, shape


@shape
class InverseSqrt(Shape):
    """start·√(warmup / max(t + 1, warmup)): constant, then falling as 1/√t. It never ends.

    Example: `inverse_sqrt(0.01, warmup=4000)`

    T5 (Raffel et al., 2020, arXiv:1910.10683) and SpeechBrain's InverseSquareRootScheduler use it
    with start = 1/√warmup.
    """

    start_field = "start"
    level_field = "start"
    is_endless = True

    start: Value = PREV
    warmup: Annotated[Updates, Field(ge=1)] = Fraction(1)

    def values(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        warmup = float(self.warmup)
        return self.start * xp.sqrt(warmup / xp.maximum(t + 1.0, warmup))
