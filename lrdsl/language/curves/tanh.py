from __future__ import annotations

from typing import Any

from lrdsl.language.curves.base import DecayCurve, curve
from lrdsl.language.parameters import ParameterError, Value
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions


@curve
class Tanh(DecayCurve):
    """A hyperbolic tangent: end + (start - end)·½(1 - tanh(lb·(1 - p) + ub·p)), with p = t/steps.

    The argument of the tangent runs from `lb` at the start to `ub` at the end. The curve comes near
    both values without reaching them: with the defaults it misses start by 8e-7 and end by 2.5e-3
    of the distance between them.

    Example: `tanh(1, 1e-3, 800, lb=-6, ub=3)`

    Hsueh, Li and Wu, Stochastic Gradient Descent with Hyperbolic-Tangent Decay on Classification,
    2018 (arXiv:1806.01593).
    """

    hits_endpoints = False

    lb: Value = -7.0
    ub: Value = 3.0

    def model_post_init(self, context: Any) -> None:
        if self.lb >= self.ub:
            message = f"`lb` ({self.lb:g}) does not lie below `ub` ({self.ub:g})"
            raise ParameterError("lb", message, "the curve runs from `lb` up to `ub`")

    def remaining(self, p: Operand, xp: PointwiseFunctions) -> Operand:
        # ½(1 - tanh x) is 1/(1 + e^2x), which keeps its digits where tanh x is nearly 1.
        return 1.0 / (1.0 + xp.exp(2.0 * (self.lb * (1.0 - p) + self.ub * p)))
