"""The functions that formulas are written with, computed by numpy.

All buffers, slices, masks and tables are here or below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from lrdsl.language.pointwise.cosine_table import cosines
from lrdsl.language.pointwise.multiples import last_multiple, multiple
from lrdsl.language.pointwise.powers import exp, powers
from lrdsl.language.pointwise.rows import by_row, filled
from lrdsl.language.pointwise.times import Array, Range, Times
from lrdsl.util.forks import import_late

Operand: TypeAlias = Any
"""Times or values, an array or a `Range`, or one number for all."""


class PointwiseFunctions:
    """A namespace of pure functions that work element by element.

    Arithmetic and comparisons are the operators of the operands. A function never changes its
    arguments, though its result may be one of them.
    """

    where = staticmethod(np.where)
    """`where(condition, x, y)`: `x` where the condition holds, `y` elsewhere."""

    def either(
        self, condition: Operand, x: Callable[[], Operand], y: Callable[[], Operand]
    ) -> Operand:
        """`where` of two formulas, of which one that is chosen nowhere is not computed."""
        if not condition.any():
            return y()
        return x() if condition.all() else np.where(condition, x(), y())

    minimum = staticmethod(np.minimum)
    """The smaller one of two values."""

    maximum = staticmethod(np.maximum)
    """The larger one of two values."""

    floor = staticmethod(np.floor)
    """The largest whole number that is not above `x`."""

    ceil = staticmethod(np.ceil)
    """The smallest whole number that is not below `x`."""

    sqrt = staticmethod(np.sqrt)
    """The square root."""

    copysign = staticmethod(np.copysign)
    """`copysign(x, y)`: the size of `x` with the sign of `y`."""

    exp = staticmethod(exp)
    """e to the power of `x`."""

    exp2 = staticmethod(np.exp2)
    """2 to the power of `x`."""

    powers = staticmethod(powers)
    """`powers(base, t, over)`: base^(t/over), for one base and t ≥ 0."""

    log1p = staticmethod(np.log1p)
    """The natural logarithm of 1 + `x`."""

    cos_pi = staticmethod(cosines)
    """`cos_pi(t, span, radius, offset)`: offset + radius·cos(π·t/span), for 0 ≤ t ≤ span."""

    def searchsorted(self, edges: Sequence[float], x: Operand) -> Operand:
        """The number of `edges`, which are in order, that are not above `x`."""
        return np.searchsorted(np.array(edges, dtype=np.float64), x, "right")

    def take(self, table: Sequence[float], index: Operand) -> Operand:
        """The entries of a table at whole numbers."""
        return np.array(table, dtype=np.float64)[np.asarray(index, dtype=np.intp)]

    def interp(self, x: Operand, points: Sequence[tuple[float, float]]) -> Operand:
        """Straight lines through points (x, y), held outside of them."""
        times, values = zip(*points, strict=True)
        return by_row(lambda *values: np.interp(np.asarray(x), times, values), values)

    def last_multiple(self, t: Operand, every: Fraction, phase: Fraction) -> Operand:
        """The last k ≥ 0 for which `phase + k·every`, rounded half up, is at `t` or before."""
        return last_multiple(t, every, phase)

    def multiple(self, k: Operand, of: Fraction, phase: Fraction) -> Operand:
        """The whole updates that `phase + k·of` is rounded to, half up."""
        return multiple(k, of, phase)

    def noise(self, n: Operand, seed: int) -> Operand:
        """For each whole number `n` a random one with mean 0 and deviation 1."""
        philox = import_late("lrdsl.language.pointwise.philox")
        return philox.standard_noise(n, seed)

    def full_like(self, t: Operand, value: float) -> Operand:
        """One value at all times `t`."""
        return filled(t.size, value)

    def clip(self, x: Operand, low: float, high: float) -> Operand:
        """`x`, kept from `low` to `high`."""
        return x.clip(low, high)

    def blend(self, weight: Operand, one: float, other: float) -> Operand:
        """The mean of `one`, by its weight, and `other`, by what is left of 1."""
        values: Array = (one - other) * weight
        values += other
        # The sum can miss `one` by a rounding error, and an end must be met exactly.
        whole = weight == 1.0
        if _may_hold(whole):
            values[..., whole] = one
        return values

    def pin(self, values: Operand, t: Times, at: float, value: float) -> Operand:
        """The values, with exactly `value` at time `at`."""
        if isinstance(t, Range):
            if not t.first <= at <= t.last:  # as for most ranges
                return values
            t = np.asarray(t)
        met = t == at
        if not _may_hold(met):
            return values
        pinned: Array = values.copy()
        pinned[..., met] = value
        return pinned


def _may_hold(condition: Array) -> bool:
    """Whether a condition may hold somewhere; for a few elements it is not worth asking."""
    return condition.size < 64 or bool(condition.any())


NUMPY = PointwiseFunctions()
