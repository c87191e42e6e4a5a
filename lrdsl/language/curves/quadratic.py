from __future__ import annotations

from lrdsl.language.curves.base import GrowthCurve, curve
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions


@curve
class Quadratic(GrowthCurve):
    """A parabola that leaves its start slowly: start + (end - start)·p², with p = t/steps.

    It changes fastest at the end. `polynomial` is its mirror image: fastest at the start.

    Example: `quadratic(0, 1, 100)`

    The quadratic warmup of mmengine, and MosaicML's "t^2" cooldown.
    """

    def progress(self, p: Operand, xp: PointwiseFunctions) -> Operand:
        return p * p
