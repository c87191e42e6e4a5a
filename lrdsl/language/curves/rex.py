from __future__ import annotations

from typing import Annotated

from pydantic import Field

from lrdsl.language.curves.base import DecayCurve, curve
from lrdsl.language.parameters import Value
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions


@curve
class Rex(DecayCurve):
    """Reflected exponential: end + (start - end)·(1 - p)/(1 - beta·p), with p = t/steps.

    It stays above the straight line, and falls fastest at the end; the nearer `beta` is to 1, the
    more so.

    Example: `rex(1, 1e-3, 800)`

    Chen, Wolfe and Kyrillidis, REX: Revisiting Budgeted Training with an Improved Schedule, 2021
    (arXiv:2107.04197), whose beta is 0.5. axolotl's RexLR has 0.9.
    """

    keywords = ("beta",)

    beta: Annotated[Value, Field(lt=1)] = 0.5

    def remaining(self, p: Operand, xp: PointwiseFunctions) -> Operand:
        return (1.0 - p) / (1.0 - self.beta * p)
