"""Exact multiples of a number of updates, rounded half up to whole updates."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrdsl.language.pointwise.times import Array, Range, Times

MAX_EXACT = 2**53
"""Whole numbers up to this are exact in float64."""


def last_multiple(t: Times, every: Fraction, phase: Fraction | int = 0) -> Array:
    """The last k for which phase + k·every, rounded half up, is t or before, with k ≥ 0.

    `phase`, from -1/2 to before 1/2, is the exact time at which the clock is at 0.

    >>> last_multiple(np.array([0., 2., 3., 4., 5.]), Fraction(5, 2))
    array([0., 0., 1., 1., 2.])
    >>> last_multiple(np.array([1., 2., 3.]), Fraction(5, 2), Fraction(-1, 2))
    array([0., 1., 1.])
    """
    # ⌊phase + k·every + ½⌋ ≤ t  ⇔  k·every < ⌊t⌋ + ½ - phase. Over a common denominator these are
    # whole numbers, so that a multiple that falls on an update is never missed.
    unit = 2 * math.lcm(every.denominator, phase.denominator)
    more = unit // 2 - int(phase * unit) - 1
    found: Array = (whole_numbers(t, unit, more) // int(every * unit)).astype(np.float64)
    return found


def multiple(k: Array, of: Fraction, phase: Fraction | int = 0) -> Array:
    """The times phase + k·of, rounded half up to whole updates.

    >>> multiple(np.array([0., 1., 2.]), Fraction(5, 2))
    array([0., 3., 5.])
    """
    unit = 2 * math.lcm(of.denominator, phase.denominator)
    more = int(phase * unit) + unit // 2
    found: Array = (whole_numbers(k, int(of * unit), more) // unit).astype(np.float64)
    return found


def whole_numbers(t: Times, by: int, more: int) -> NDArray[Any]:
    """⌊t⌋·by + more, exactly: in 64 bits if all of them fit, else as Python's integers.

    >>> whole_numbers(np.array([1., 2.5]), 10, 3), whole_numbers(np.array([2.]), 2**80, 1)
    (array([13, 23]), array([2417851639229258349412353], dtype=object))
    """
    if t.size == 0:
        return np.zeros(0, dtype=np.int64)
    last = int(t.last if isinstance(t, Range) else np.max(t))
    whole: NDArray[Any] = np.floor(t).astype(np.int64)
    if (last + 1) * by + abs(more) >= 2**63:
        whole = whole.astype(object)
    return whole * by + more


def scaled(t: Any, by: Fraction) -> Any:
    """Times multiplied by a fraction, with one rounding as long as its parts are small.

    >>> import numpy as np
    >>> scaled(np.array([33.]), Fraction(10, 11))
    array([30.])
    """
    if max(by.numerator, by.denominator) >= MAX_EXACT:
        return t * float(by)
    return t * by.numerator / by.denominator
