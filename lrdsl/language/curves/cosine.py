from __future__ import annotations

from lrdsl.language.curves.base import Curve, curve
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions


@curve
class Cosine(Curve):
    """Half a cosine wave: end + (start - end)·(1 + cos πp)/2, with p = t/steps.

    It changes slowly at both ends and fastest in the middle.

    Example: `cosine(1, 1e-3, 800)`

    Loshchilov and Hutter, SGDR, 2017 (arXiv:1608.03983), without restarts. Corresponds to MXNet's
    CosineScheduler and to torch's CosineAnnealingLR up to T_max.
    """

    def interpolate(
        self, start: float, end: float, t: Operand, span: float, xp: PointwiseFunctions
    ) -> Operand:
        radius = (start - end) / 2.0
        values = xp.cos_pi(t, span, radius, end + radius)
        # The sums can miss the ends by a rounding error, and they must be met exactly.
        return xp.pin(xp.pin(values, t, 0.0, start), t, span, end)
