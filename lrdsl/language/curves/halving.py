from __future__ import annotations

from lrdsl.language.curves.base import DecayCurve, curve
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions


@curve
class Halving(DecayCurve):
    """An exponential whose speed halves on the way: end + (start - end)·(2·½^p - 1), p = t/steps.

    Unlike `exponential` it can end at 0.

    Example: `halving(1, 0, 800)`

    The exponential decay of Megatron-LM's WSD schedule.
    """

    def remaining(self, p: Operand, xp: PointwiseFunctions) -> Operand:
        return 2.0 * xp.exp2(-p) - 1.0
