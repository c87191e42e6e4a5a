from __future__ import annotations

from lrdsl.language.curves.base import GrowthCurve, curve
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions


@curve
class SqrtUp(GrowthCurve):
    """The square root from the other side: start + (end - start)·(1 - √(1 - p)), with p = t/steps.

    It leaves its start slowly and changes fastest at the end. `sqrt` is its mirror image.

    Example: `sqrt_up(1, 0, 100)`
    """

    def progress(self, p: Operand, xp: PointwiseFunctions) -> Operand:
        return 1.0 - xp.sqrt(1.0 - p)
