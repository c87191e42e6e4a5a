from __future__ import annotations

from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from lrdsl.language.parameters import ContextDefault, Value, default_from
from lrdsl.language.shapes.base import Shape, shape
from lrdsl.language.signal import Array

FIRST = 16
"""So many factors are multiplied as they stand; after them the expansion is exact to a rounding."""

STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188)
"""B₂ⱼ/(2j(2j - 1)) with the Bernoulli numbers B₂ⱼ: the coefficients of Stirling's series."""

SERIES = 26
"""Terms of the series of `_mean_log`, enough for all of its digits up to y = 2."""


@shape
class TimeBased(Shape):
    """start / ∏(1 + rate·k) over 0 ≤ k < t: η(n+1) = η(n)/(1 + rate·n) from η(0) = start.

    A closed form, as quick at update 10^9 as at the first. It never ends. Times that are no whole
    updates, under `stretch`, count as the update before.

    Example: `time_based(0.1, 0.01)`

    This is the time-based schedule of Wikipedia's article on the learning rate. The product is a
    ratio of gamma functions, rate^t·Γ(1/rate + t)/Γ(1/rate); its logarithm is found by the
    Euler-Maclaurin formula (NIST Digital Library of Mathematical Functions, §2.10(i)).
    """

    name: ClassVar[str] = "time_based"
    begins_at: ClassVar[str | None] = "start"

    start: Value = default_from(ContextDefault.PREV)
    rate: Annotated[Value, Field(ge=0, le=1e300)]

    def values(self, t: Array) -> Array:
        n = np.floor(t)
        factors = 1.0 + self.rate * np.arange(FIRST)
        first = np.concatenate(([1.0], np.cumprod(factors)))[np.minimum(n, FIRST).astype(np.intp)]
        # 1 + rate·k with k = FIRST + j is (1 + rate·FIRST)·(1 + slower·j).
        further, ahead = np.maximum(n - FIRST, 0.0), self.rate * FIRST
        slower = self.rate / (1.0 + ahead)
        log_rest = further * np.log1p(ahead) + _log_product(slower, further)
        values: Array = self.start / first * np.exp(-log_rest)
        return values


def _log_product(rate: float, n: Array) -> Array:
    """Σ log(1 + rate·j) over 0 ≤ j < n, for rates up to 1/FIRST.

    The integral of log(1 + rate·x) from 0 to n, and the corrections at its two ends.

    >>> _log_product(0.01, np.array([0., 1., 2.])).round(12)
    array([0.        , 0.        , 0.00995033])
    """
    y = rate * n
    total = n * _mean_log(y) - np.log1p(y) / 2
    here, there = rate, rate / (1.0 + y)
    for power, coefficient in zip(range(1, 2 * len(STIRLING), 2), STIRLING, strict=True):
        total += coefficient * (there**power - here**power)
    return total


def _mean_log(y: Array) -> Array:
    """The mean of log(1 + x) over 0 ≤ x ≤ y, which is (1 + 1/y)·log(1 + y) - 1.

    For small y that difference loses its digits. With s = y/(2 + y), so that log(1 + y) is
    2·atanh(s), it becomes s + (1 + s)·(s²/3 + s⁴/5 + s⁶/7 + …), where nothing is subtracted.
    """
    s = np.minimum(y, 2.0) / (2.0 + np.minimum(y, 2.0))
    square, series = s * s, np.zeros_like(s)
    for k in range(SERIES, 0, -1):
        series = square * (1.0 / (2 * k + 1) + series)
    wide = np.maximum(y, 2.0)
    return np.where(y < 2.0, s + (1.0 + s) * series, (1.0 + 1.0 / wide) * np.log1p(wide) - 1.0)
