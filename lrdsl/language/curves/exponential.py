from __future__ import annotations

from fractions import Fraction

from lrdsl.language.curves.base import Curve, curve
from lrdsl.language.parameters import ParameterError
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions


@curve
class Exponential(Curve):
    """An exponential: start·(end/start)^p, with p = t/steps.

    Every update multiplies the value by the same factor, so that start and end must have the same
    sign, and neither of them may be 0.

    Example: `exponential(0.1, 1e-4, 800)`
    """

    default_end = None

    def interpolate(
        self, start: float, end: float, t: Operand, span: float, xp: PointwiseFunctions
    ) -> Operand:
        # As a product of powers it does not overflow, however far apart the ends are.
        first, last, over = abs(start), abs(end), Fraction(span)
        size = xp.powers(first, span - t, over) * xp.powers(last, t, over)
        size = xp.pin(xp.pin(size, t, 0.0, first), t, span, last)
        return xp.copysign(size, start)

    def check(self, start: float, end: float) -> None:
        for name, value in (("start", start), ("end", end)):
            if value == 0:
                message = f"an exponential curve cannot have its {name} at 0"
                raise ParameterError(name, message, "use a small number, or another curve")
        if (start < 0) != (end < 0):
            message = "an exponential curve cannot cross 0"
            raise ParameterError("end", message, "give start and end the same sign")
