from __future__ import annotations

from lrdsl.language.curves.base import Curve, curve
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions


@curve
class Constant(Curve):
    """Stays at the start value to the end. A mode only; the shape `constant` takes one value.

    Example: `warmup(constant, 100, 0.1) >> linear(1, 0, 400)`

    Corresponds to MXNet's warmup_mode="constant".
    """

    is_shape = False
    is_flat = True

    def interpolate(
        self, start: float, end: float, t: Operand, span: float, xp: PointwiseFunctions
    ) -> Operand:
        return xp.full_like(t, start)
