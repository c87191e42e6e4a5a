from __future__ import annotations

from lrdsl.language.curves.base import DecayCurve, curve
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions


@curve
class Rex(DecayCurve):
    """Reflected exponential: end + (start - end)·(1 - p)/(1 - p/2), with p = t/steps.

    It stays above the straight line and falls fastest at the end.

    Example: `rex(1, 1e-3, 800)`

    Chen, Wolfe and Kyrillidis, REX: Revisiting Budgeted Training with an Improved Schedule, 2021
    (arXiv:2107.04197).
    """

    def remaining(self, p: Operand, xp: PointwiseFunctions) -> Operand:
        return (1.0 - p) / (1.0 - p / 2.0)
