from __future__ import annotations

from typing import ClassVar

from lrdsl.language.curves.base import Curve, curve
from lrdsl.language.pointwise.cosine_table import cosines
from lrdsl.language.signal import Array, Range, Times


@curve
class Cosine(Curve):
    """Half a cosine: end + (start - end)·(1 + cos πp)/2, with p = t/steps.

    Example: `cosine(1, 1e-3, 800)`

    Loshchilov and Hutter, SGDR, 2017 (arXiv:1608.03983), without restarts. Corresponds to MXNet's
    CosineScheduler and to torch's CosineAnnealingLR up to T_max.
    """

    name: ClassVar[str] = "cosine"

    def between(self, start: float, end: float, t: Times, span: float) -> Array:
        radius = (start - end) / 2.0
        values = cosines(t, span, radius)
        values += end + radius
        # The sums can miss the ends by a rounding error, and they must be met exactly.
        if isinstance(t, Range):
            values[: t.first == 0] = start
            values[t.size - (t.last == span) :] = end
        else:
            values[t == 0] = start
            values[t == span] = end
        return values
