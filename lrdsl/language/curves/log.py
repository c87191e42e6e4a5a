from __future__ import annotations

from lrdsl.language.curves.base import Curve, curve
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions


@curve
class Log(Curve):
    """A logarithm: start + (end - start)·log(1 + t)/log(1 + steps). A mode only.

    It changes fastest at the start; the longer it is, the more so.

    Example: `warmup(log, 100, closed=true) >> cosine()`

    DeepSpeed's WarmupLR with `warmup_type="log"`, which has `closed=true`.
    """

    is_shape = False

    def interpolate(
        self, start: float, end: float, t: Operand, span: float, xp: PointwiseFunctions
    ) -> Operand:
        values = xp.blend(xp.log1p(t) / xp.log1p(span), end, start)
        return xp.pin(values, t, span, end)  # one logarithm may differ from the other's last digit
