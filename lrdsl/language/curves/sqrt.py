from __future__ import annotations

from lrdsl.language.curves.base import GrowthCurve, curve
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions


@curve
class Sqrt(GrowthCurve):
    """The 1-sqrt cooldown: start + (end - start)·√p, with p = t/steps. A mode only.

    Example: `constant(1, 80) >> cooldown(sqrt, 20)`

    Hägele et al., Scaling Laws and Compute-Optimal Training Beyond Fixed Training Durations, 2024
    (arXiv:2405.18392).
    """

    is_shape = False

    def progress(self, p: Operand, xp: PointwiseFunctions) -> Operand:
        return xp.sqrt(p)
