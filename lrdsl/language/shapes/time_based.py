from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from lrdsl.language.parameters import PREV, Value
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.language.shapes.base import Shape, shape

FIRST = 16
"""The number of factors that are multiplied one by one; from there the expansion is exact."""

STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188)
"""B₂ⱼ/(2j(2j - 1)) with the Bernoulli numbers B₂ⱼ: the coefficients of Stirling's series."""

SERIES, SERIES_END = 12, 0.5
"""Terms of the series in `_by_series`, and the y up to which they are enough for all digits."""


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
        first = xp.either(
            n < FIRST, lambda: xp.take(products, xp.minimum(n, FIRST)), lambda: products[FIRST]
        )
        # 1 + rate·k with k = FIRST + j is (1 + rate·FIRST)·(1 + slower·j).
        further, ahead = xp.maximum(n - FIRST, 0.0), self.rate * FIRST
        slower = self.rate / (1.0 + ahead)
        log_rest = further * xp.log1p(ahead) + _log_product(slower, further, xp)
        return self.start / first * xp.exp(-log_rest)


def _log_product(rate: float, n: Operand, xp: PointwiseFunctions) -> Operand:
    """Σ log(1 + rate·j) over 0 ≤ j < n, for rates up to 1/FIRST.

    The integral of log(1 + rate·x) from 0 to n, less half of the last one, and the corrections at
    the two ends.

    >>> from lrdsl.language.pointwise.functions import NUMPY, np
    >>> _log_product(0.01, np.array([0., 1., 2.]), NUMPY).round(12)
    array([0.        , 0.        , 0.00995033])
    """
    y = rate * n
    here, slow = _correction(rate), rate / (1.0 + y)
    there = xp.either(
        slow < 1e-3, lambda: _correction(slow, STIRLING[:2]), lambda: _correction(slow)
    )
    period = 1.0 / rate if rate else math.inf
    summed = xp.either(
        y < SERIES_END, lambda: _by_series(n, y), lambda: _by_logarithm(n, period, xp.log1p(y))
    )
    return summed + (there - here)


def _by_logarithm(n: Operand, period: float, log: Operand) -> Operand:
    """The integral less half the last logarithm, from log(1 + y), with y = n / period."""
    return (n + (period - 0.5)) * log - n


def _by_series(n: Operand, y: Operand) -> Operand:
    """The same for small y, for which that difference loses its digits.

    With s = y/(2 + y), log(1 + y) is 2·atanh(s), and nothing is subtracted in the mean of the
    logarithms, s + (1 + s)·(s²/3 + s⁴/5 + s⁶/7 + …).
    """
    s = y / (2.0 + y)
    square = s * s
    series = square / (2 * SERIES + 1)
    for k in range(SERIES - 1, 0, -1):
        series = square * (1.0 / (2 * k + 1) + series)
    return n * (s + (1.0 + s) * series) - s * (1.0 + series)


def _correction(rate: Operand, terms: Sequence[float] = STIRLING) -> Operand:
    """Stirling's series."""
    square, series = rate * rate, terms[-1]
    for coefficient in terms[-2::-1]:
        series = coefficient + square * series
    return rate * series
