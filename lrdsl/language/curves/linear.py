from __future__ import annotations

from lrdsl.language.curves.base import GrowthCurve, curve
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions


@curve
class Linear(GrowthCurve):
    """A straight line: start + (end - start)·p, with p = t/steps.

    Example: `linear(1, 0.1, 100)`

    Corresponds to torch's LinearLR and optax's linear_schedule.
    """

    def progress(self, p: Operand, xp: PointwiseFunctions) -> Operand:
        return p
