"""Powers and quotients of many numbers, as numpy computes them but in less time."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from lrdsl.language.pointwise.blocks import BLOCK, Factors, InBlocks
from lrdsl.language.pointwise.multiples import MAX_EXACT, scaled
from lrdsl.language.pointwise.rows import by_row, has_rows
from lrdsl.language.pointwise.times import Array, Range, Times

VANISHING = 750.0
"""e to the power of -VANISHING is 0: the smallest float is e to the power of -744.4."""


SPLIT = 2.0**27 + 1.0
"""Times this number, less the difference to it, a float is cut to the first half of its bits."""


class PowersOf(InBlocks):
    """base^(t/over), where base^(start + place) = base^start·base^place."""

    def __init__(self, base: float, over: Fraction | int) -> None:
        self.base, self.over, self.inverse = base, over, 1 / Fraction(over)

    def of_starts(self, t: Any) -> Factors:
        return (self.directly(t),)

    of_places = of_starts

    def table(self) -> Factors:
        return _table(self.base, self.over)

    def combined(self, starts: Factors, places: Factors) -> Array:
        values: Array = starts[0] * places[0]
        return values

    def one_by_one(self, starts: Array, places: Array) -> Array:
        # Together, since for few times the calls of numpy are what takes time.
        of_starts, of_places = self.directly(np.array([starts, places]))
        return self.combined((of_starts,), (of_places,))

    def directly(self, t: Any) -> Array:
        exponent = t if self.over == 1 else scaled(t, self.inverse)
        values: Array = raised(self.base, exponent)
        return values


@functools.lru_cache(maxsize=8)
def _table(base: float, over: Fraction | int) -> Factors:
    return PowersOf(base, over).of_places(np.arange(float(BLOCK)))


def powers(base: float, t: Times, over: Fraction | int = 1) -> Array:
    """base^(t/over) at times `t` from 0.

    >>> powers(0.5, np.array([0.0, 1.0, 2.5, 3000.0])).round(6)
    array([1.      , 0.5     , 0.176777, 0.      ])
    """
    if has_rows(base):
        found: Array = by_row(lambda each: powers(each, t, over), [base])
        return found
    if 0.0 < base < math.inf:
        return PowersOf(float(base), over).values(t)
    values: Array = raised(base, scaled(np.asarray(t), Fraction(1) / over))
    return values


_BY_EXPONENT: dict[float, Any] = {
    0.5: np.sqrt,
    -0.5: lambda base: 1.0 / np.sqrt(base),
    2.0: np.square,
    -1.0: np.reciprocal,
}


def raised(base: Any, exponent: Any) -> Any:
    """base^exponent, of one base or of one exponent in less time.

    >>> raised(0.5, np.array([0.0, 1.0, 2.5, 3000.0])).round(6)
    array([1.      , 0.5     , 0.176777, 0.      ])
    >>> raised(np.array([4.0, 9.0]), 0.5), raised(np.array([4.0, 9.0]), -0.5).round(6)
    (array([2., 3.]), array([0.5     , 0.333333]))
    """
    if np.ndim(exponent) == 0:
        known = _BY_EXPONENT.get(float(exponent)) if np.ndim(base) else None
        return np.power(base, exponent) if known is None else known(base)
    if np.ndim(base) or not 0.0 < base < math.inf or base == 1.0:
        return np.power(base, exponent)
    return _unvanished(math.log(base), exponent, lambda x: _raised(float(base), x))


def _raised(base: float, exponent: Array) -> Array:
    """base^exponent as e^(exponent·log base), which takes less time; whole powers are exact.

    The product is twice as long as a float: the exponential of its first half is corrected by the
    rest.
    """
    whole = np.floor(exponent) == exponent
    if bool(whole.all()):
        return np.power(base, exponent)
    log, log_high, log_low = _logarithm(base)
    shifted = exponent * SPLIT
    high = shifted - (shifted - exponent)
    product = high * log_high
    rest = (exponent - high) * log + high * log_low
    values: Array = np.exp(product) * (1.0 + rest * (1.0 + rest * (0.5 + rest / 6.0)))
    if bool(whole.any()):
        values[whole] = np.power(base, exponent[whole])
    return values


@functools.lru_cache(maxsize=64)
def _logarithm(base: float) -> tuple[float, float, float]:
    """The natural logarithm, its first 26 bits, and those after them."""
    digits = Context(prec=50)
    exact = Decimal(base).ln(digits)
    log = float(exact)
    shifted = log * SPLIT
    high = shifted - (shifted - log)
    return log, high, float(digits.subtract(exact, Decimal(high)))


def exp(x: Any) -> Any:
    """e^x.

    >>> exp(np.array([0.0, -1.0, -1e9])).round(6)
    array([1.      , 0.367879, 0.      ])
    """
    return _unvanished(1.0, np.asarray(x), np.exp) if np.ndim(x) else np.exp(x)


def _unvanished(log: float, x: Any, compute: Callable[[Any], Array]) -> Array:
    """Powers of a base with that logarithm, of which those that are 0 would take the longest."""
    if np.size(x) <= 1 or log * (x.min() if log > 0 else x.max()) >= -VANISHING:
        return compute(x)
    values, left = np.zeros(x.shape), ~(x * log < -VANISHING)
    values[left] = compute(x[left])
    return values


def floor_divide(a: Any, b: Any) -> Any:
    """⌊a / b⌋ of the exact quotient.

    >>> floor_divide(np.array([0.3, 6.0, -1.0]), 0.1), floor_divide(np.arange(5.0), 2)
    (array([  2.,  59., -10.]), array([0., 0., 1., 1., 2.]))
    """
    quotient = np.asarray(np.divide(a, b))
    if quotient.size == 1:
        return np.floor_divide(a, b)
    found = np.floor(quotient)
    # A quotient that comes out whole may have been rounded up to it, unless both numbers are whole.
    unsure = found == quotient
    if bool(unsure.any()) and not (_are_whole(a) and _are_whole(b)):
        a, b = np.broadcast_to(a, found.shape), np.broadcast_to(b, found.shape)
        found[unsure] = np.floor_divide(a[unsure], b[unsure])
    return found


def _are_whole(x: Any) -> bool:
    if isinstance(x, Range):
        return x.last < MAX_EXACT
    return bool((np.floor(x) == x).all()) and bool(np.abs(x).max() < MAX_EXACT)
