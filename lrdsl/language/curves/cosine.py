from __future__ import annotations

from typing import Annotated

from pydantic import Field

from lrdsl.language.curves.base import Curve, curve
from lrdsl.language.parameters import Value
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions


@curve
class Cosine(Curve):
    """Half a cosine wave: end + (start - end)·(1 + cos πp)/2, with p = t/steps.

    It changes slowly at both ends and fastest in the middle. `exponent` is a power of the start
    value's weight, (1 + cos πp)/2. `k_decay` is a power of p: above 1 it stays longer near its
    start.

    Example: `cosine(1, 1e-3, 800)`

    Loshchilov and Hutter, SGDR, 2017 (arXiv:1608.03983), without restarts. Corresponds to MXNet's
    CosineScheduler and to torch's CosineAnnealingLR up to T_max; `exponent` is that of optax's
    cosine_decay_schedule, `k_decay` that of timm's CosineLRScheduler.
    """

    keywords = ("exponent", "k_decay")

    exponent: Annotated[Value, Field(gt=0)] = 1.0
    k_decay: Annotated[Value, Field(gt=0)] = 1.0

    def interpolate(
        self, start: float, end: float, t: Operand, span: float, xp: PointwiseFunctions
    ) -> Operand:
        if self.k_decay != 1.0:
            t = span * (t / span) ** self.k_decay
        if self.exponent == 1.0:
            radius = (start - end) / 2.0
            values = xp.cos_pi(t, span, radius, end + radius)
        else:
            weight = xp.clip(xp.cos_pi(t, span, 0.5, 0.5), 0.0, 1.0)
            values = xp.blend(weight**self.exponent, start, end)
        # The sums can miss the ends by a rounding error, and they must be met exactly.
        return xp.pin(xp.pin(values, t, 0.0, start), t, span, end)
