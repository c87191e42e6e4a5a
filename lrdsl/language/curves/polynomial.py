from __future__ import annotations

from typing import Annotated

from pydantic import Field

from lrdsl.language.curves.base import DecayCurve, curve
from lrdsl.language.parameters import Value
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions


@curve
class Polynomial(DecayCurve):
    """A polynomial: end + (start - end)·(1 - p)^power, with p = t/steps.

    With power=1 it is a straight line; the larger the power, the faster it falls at first.

    Example: `polynomial(1, 1e-3, 800, power=0.9)`

    Corresponds to MXNet's PolyScheduler and torch's PolynomialLR.
    """

    aliases = ("poly",)

    power: Annotated[Value, Field(gt=0)] = 2.0

    def remaining(self, p: Operand, xp: PointwiseFunctions) -> Operand:
        return (1.0 - p) ** self.power
