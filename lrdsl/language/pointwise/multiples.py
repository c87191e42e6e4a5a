"""Exact multiples of a number of updates, rounded half up to whole updates."""

from __future__ import annotations

from fractions import Fraction

from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions

MAX_EXACT = 2**53
"""Whole numbers up to this are exact in float64."""


def last_multiple(t: Operand, every: Fraction, xp: PointwiseFunctions) -> Operand:
    """How many multiples of `every`, each rounded half up to a whole update, lie in (0, t].

    >>> from lrdsl.language.pointwise.functions import NUMPY, np
    >>> last_multiple(np.array([0., 2., 3., 4., 5.]), Fraction(5, 2), NUMPY)
    array([0., 0., 1., 1., 2.])
    """
    # ⌊k·every + ½⌋ ≤ t  ⇔  k·every < ⌊t⌋ + ½. Both sides of the division are whole numbers, so
    # that a multiple that falls on an update is never missed by a rounding error.
    return xp.ceil(scaled(2 * xp.floor(t) + 1, 1 / (2 * every))) - 1


def multiple(k: Operand, of: Fraction, xp: PointwiseFunctions) -> Operand:
    """The k-th multiples of a number, rounded half up to whole updates.

    >>> from lrdsl.language.pointwise.functions import NUMPY, np
    >>> multiple(np.array([0., 1., 2.]), Fraction(5, 2), NUMPY)
    array([0., 3., 5.])
    """
    return xp.floor((scaled(2 * k, of) + 1) / 2)


def scaled(t: Operand, by: Fraction) -> Operand:
    """Times multiplied by a fraction, with one rounding as long as its parts are small.

    >>> import numpy as np
    >>> scaled(np.array([33.]), Fraction(10, 11))
    array([30.])
    """
    if max(by.numerator, by.denominator) >= MAX_EXACT:
        return t * float(by)
    return t * by.numerator / by.denominator
