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
    more = unit // 2 - in_units(phase, unit) - 1
    return _quotients(t, unit, more, in_units(every, unit))


def multiple(k: Array, of: Fraction, phase: Fraction | int = 0) -> Array:
    """The times phase + k·of, rounded half up to whole updates.

    >>> multiple(np.array([0., 1., 2.]), Fraction(5, 2))
    array([0., 3., 5.])
    """
    unit = 2 * math.lcm(of.denominator, phase.denominator)
    return _quotients(k, in_units(of, unit), in_units(phase, unit) + unit // 2, unit)


def multiples_of(
    t: Range, of: Fraction, phase: Fraction | int = 0
) -> tuple[Array, NDArray[np.intp]]:
    """The multiples, rounded to whole updates, that the times of a range have come to last.

    Each with how many of the times have.

    >>> multiples_of(Range(1.0, 6), Fraction(5, 2))
    (array([0., 3., 5.]), array([2, 2, 2]))
    """
    first, last = last_multiple(np.array([t.first, t.last]), of, phase)
    times = multiple(np.arange(first, last + 1), of, phase)
    edges = np.concatenate([[t.first], times[1:], [t.last + 1]])
    return times, np.diff(edges).astype(np.intp)


def in_units(x: Fraction | int, unit: int) -> int:
    """A number as a multiple of 1/unit, of which it is one."""
    return x.numerator * (unit // x.denominator)


def _quotients(t: Times, by: int, more: int, over: int) -> Array:
    """⌊(⌊t⌋·by + more) / over⌋, exactly."""
    if t.size == 1:
        first = t.first if isinstance(t, Range) else t.item()
        return np.array([float((math.floor(first) * by + more) // over)])
    whole = whole_numbers(t, by, more)
    if whole.dtype != np.float64:
        return (whole // over).astype(np.float64)
    found: Array = np.floor(whole / over)  # below 2**52 no quotient is rounded up to a whole number
    return found


def whole_numbers(t: Times, by: int, more: int) -> NDArray[Any]:
    """⌊t⌋·by + more, exactly: as floats or in 64 bits if these hold it, else as Python's integers.

    >>> whole_numbers(np.array([1., 2.5]), 10, 3), whole_numbers(np.array([2.]), 2**80, 1)
    (array([13., 23.]), array([2417851639229258349412353], dtype=object))
    """
    whole: NDArray[Any] = np.floor(t)
    if t.size == 0:
        return whole
    largest = (int(t.last if isinstance(t, Range) else np.max(t)) + 1) * by + abs(more)
    if largest >= 2**52:
        whole = whole.astype(np.int64)
    if largest >= 2**63:
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
