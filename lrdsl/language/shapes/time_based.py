from __future__ import annotations

import itertools
import operator
from typing import Annotated

from pydantic import Field

from lrdsl.language.parameters import PREV, Value
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.language.shapes.base import Shape, shape

FIRST = 16
"""The number of factors that are multiplied one by one; from there the expansion is exact."""

STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188)
"""B₂ⱼ/(2j(2j - 1)) with the Bernoulli numbers B₂ⱼ: the coefficients of Stirling's series."""

SERIES = 26
"""Terms of the series in `_mean_log`: enough for all digits up to y = 2."""


@shape
class TimeBased(Shape):
    """start / ∏(1 + rate·k) over 0 ≤ k < t: η(n+1) = η(n)/(1 + rate·n) from η(0) = start.

    It never ends. The closed form takes as long at update 10^9 as at the first one. Under `stretch`
    a time between two updates counts as the earlier one.

    Example: `time_based(0.1, 0.01)`

    This is the time-based schedule of Wikipedia's article on the learning rate. The product is a
    ratio of gamma functions, rate^t·Γ(1/rate + t)/Γ(1/rate); its logarithm is found by the
    Euler-Maclaurin formula (NIST Digital Library of Mathematical Functions, §2.10(i)).
    """

    start_field = "start"
    level_field = "start"
    is_endless = True

    start: Value = PREV
    rate: Annotated[Value, Field(ge=0, le=1e300)]

    def values(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        n = xp.floor(t)
        factors = [1.0 + self.rate * k for k in range(FIRST)]
        products = tuple(itertools.accumulate(factors, operator.mul, initial=1.0))
        first = xp.take(products, xp.minimum(n, FIRST))
        # 1 + rate·k with k = FIRST + j is (1 + rate·FIRST)·(1 + slower·j).
        further, ahead = xp.maximum(n - FIRST, 0.0), self.rate * FIRST
        slower = self.rate / (1.0 + ahead)
        log_rest = further * xp.log1p(ahead) + _log_product(slower, further, xp)
        return self.start / first * xp.exp(-log_rest)


def _log_product(rate: float, n: Operand, xp: PointwiseFunctions) -> Operand:
    """Σ log(1 + rate·j) over 0 ≤ j < n, for rates up to 1/FIRST.

    The integral of log(1 + rate·x) from 0 to n, and the corrections at its two ends.

    >>> from lrdsl.language.pointwise.functions import NUMPY, np
    >>> _log_product(0.01, np.array([0., 1., 2.]), NUMPY).round(12)
    array([0.        , 0.        , 0.00995033])
    """
    y = rate * n
    total = n * _mean_log(y, xp) - xp.log1p(y) / 2
    here, there = rate, rate / (1.0 + y)
    for power, coefficient in zip(range(1, 2 * len(STIRLING), 2), STIRLING, strict=True):
        total = total + coefficient * (there**power - here**power)
    return total


def _mean_log(y: Operand, xp: PointwiseFunctions) -> Operand:
    """The mean of log(1 + x) over 0 ≤ x ≤ y, which is (1 + 1/y)·log(1 + y) - 1.

    For small y that difference loses its digits. With s = y/(2 + y), so that log(1 + y) is
    2·atanh(s), it becomes s + (1 + s)·(s²/3 + s⁴/5 + s⁶/7 + …), where nothing is subtracted.
    """
    near = xp.minimum(y, 2.0)
    s = near / (2.0 + near)
    square, series = s * s, 0.0
    for k in range(SERIES, 0, -1):
        series = square * (1.0 / (2 * k + 1) + series)
    wide = xp.maximum(y, 2.0)
    far = (1.0 + 1.0 / wide) * xp.log1p(wide) - 1.0
    return xp.where(y < 2.0, s + (1.0 + s) * series, far)
