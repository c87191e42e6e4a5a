"""The pointwise functions for numpy. All buffers, slices, masks and tables are here or below."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lrdsl.language.pointwise.cosine_table import cosines
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.language.pointwise.times import Array, Range, Times


class NumpyFunctions(PointwiseFunctions):
    """Evaluates formulas with numpy; times are arrays or a `Range`."""

    def where(self, condition: Operand, x: Operand, y: Operand) -> Operand:
        return np.where(condition, x, y)

    def minimum(self, x: Operand, y: Operand) -> Operand:
        return np.minimum(x, y)

    def maximum(self, x: Operand, y: Operand) -> Operand:
        return np.maximum(x, y)

    def floor(self, x: Operand) -> Operand:
        return np.floor(x)

    def ceil(self, x: Operand) -> Operand:
        return np.ceil(x)

    def sqrt(self, x: Operand) -> Operand:
        return np.sqrt(x)

    def exp(self, x: Operand) -> Operand:
        return np.exp(x)

    def exp2(self, x: Operand) -> Operand:
        return np.exp2(x)

    def log1p(self, x: Operand) -> Operand:
        return np.log1p(x)

    def cos_pi(self, t: Times, span: float, radius: float, offset: float) -> Array:
        return cosines(t, span, radius, offset)

    def searchsorted(self, edges: Sequence[float], x: Operand) -> Operand:
        return np.searchsorted(np.array(edges, dtype=np.float64), x, "right")

    def take(self, table: Sequence[float], index: Operand) -> Array:
        entries: Array = np.array(table, dtype=np.float64)
        taken: Array = entries[np.asarray(index, dtype=np.intp)]
        return taken

    def interp(self, x: Times, points: Sequence[tuple[float, float]]) -> Array:
        times, values = zip(*points, strict=True)
        found: Array = np.interp(np.asarray(x), times, values)
        return found

    def full_like(self, t: Times, value: float) -> Array:
        return np.full(t.size, value)

    def clip(self, x: Array, low: float, high: float) -> Array:
        clipped: Array = x.clip(low, high)
        return clipped

    def blend(self, weight: Array, one: float, other: float) -> Array:
        values: Array = (one - other) * weight
        values += other
        whole = weight == 1.0
        if _may_hold(whole):
            values[whole] = one
        return values

    def pin(self, values: Array, t: Times, at: float, value: float) -> Array:
        if isinstance(t, Range):
            if not t.first <= at <= t.last:  # as for most ranges
                return values
            t = np.asarray(t)
        met = t == at
        if not _may_hold(met):
            return values
        pinned: Array = values.copy()
        pinned[met] = value
        return pinned


def _may_hold(condition: Array) -> bool:
    """Whether a condition may hold somewhere; for a few elements it is not worth asking."""
    return condition.size < 64 or bool(condition.any())


NUMPY = NumpyFunctions()
