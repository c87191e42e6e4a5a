"""Lengths of schedules: exact numbers of updates, or `ENDLESS`."""

from __future__ import annotations

import functools
import math
from fractions import Fraction
from typing import Final, TypeAlias, TypeGuard

from lrdsl.language.pointwise.multiples import MAX_EXACT

Exact: TypeAlias = Fraction | int
"""An exact number of updates. Whole ones are ints: they take a tenth of the time of a Fraction."""


@functools.lru_cache(maxsize=1024)
def decimal_fraction(value: float) -> Fraction:
    """The decimal number that a float is written as.

    >>> decimal_fraction(0.1)
    Fraction(1, 10)
    """
    if value.is_integer() and abs(value) < MAX_EXACT:
        return Fraction(int(value))
    return Fraction(repr(value))


def round_half_up(x: Exact) -> int:
    """The nearest whole number; a half goes up.

    >>> round_half_up(Fraction(5, 2)), round_half_up(Fraction(7, 2)), round_half_up(Fraction(12, 5))
    (3, 4, 2)
    """
    if isinstance(x, int):
        return x
    return (2 * x.numerator + x.denominator) // (2 * x.denominator)


ENDLESS: Final = math.inf
"""The length of a schedule that never ends."""

Length: TypeAlias = Exact | float
"""An exact number of updates, or `ENDLESS`."""


def ends(length: Length) -> TypeGuard[Exact]:
    """Whether a length is an exact number of updates.

    >>> ends(Fraction(5, 2)), ends(ENDLESS)
    (True, False)
    """
    return length != ENDLESS


def divisible(length: Length) -> Fraction | float:
    """The same length for code that divides it: a quotient of ints would be a float.

    >>> divisible(3) / 2
    Fraction(3, 2)
    """
    return Fraction(length) if ends(length) else ENDLESS


def rounded(length: Length, start: Exact = 0) -> float:
    """The update at which a stretch of that length, begun at `start`, has ended.

    It is an int, or `ENDLESS`.

    >>> rounded(2, Fraction(1, 2)), rounded(ENDLESS)
    (3, inf)
    """
    return round_half_up(start + length) if ends(length) else ENDLESS
