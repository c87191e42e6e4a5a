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


class Endless(float):
    """The length of a schedule that never ends, the update that never comes.

    It has a type of its own, so that no infinity that comes out of a computation passes for a
    length. As a float it serves where signals count in floats. It stays endless when updates are
    added or taken away, and in a longer or a shorter time.

    >>> isinstance(ENDLESS + 3, Endless), Fraction(1, 2) * ENDLESS, max(7, ENDLESS)
    (True, inf, inf)
    """

    def __new__(cls, value: float = math.inf) -> Endless:
        return super().__new__(cls, math.inf)

    def __add__(self, updates: float | Fraction) -> Endless:
        return self

    def __sub__(self, updates: float | Fraction) -> Endless:
        return self

    def __mul__(self, factor: float | Fraction) -> Endless:
        return self

    __radd__, __rmul__ = __add__, __mul__


ENDLESS: Final = Endless()

Length: TypeAlias = Exact | Endless
"""An exact number of updates, or `ENDLESS`."""


def ends(length: Length) -> TypeGuard[Exact]:
    """Whether a length is an exact number of updates.

    >>> ends(Fraction(5, 2)), ends(ENDLESS)
    (True, False)
    """
    return not isinstance(length, Endless)


def divisible(length: Length) -> Fraction | Endless:
    """The same length for code that divides it: a quotient of ints would be a float.

    >>> divisible(3) / 2
    Fraction(3, 2)
    """
    return Fraction(length) if ends(length) else ENDLESS


def rounded(length: Length, start: Exact = 0) -> int | Endless:
    """The update at which a stretch of that length, begun at `start`, has ended.

    >>> rounded(2, Fraction(1, 2)), rounded(ENDLESS)
    (3, inf)
    """
    return round_half_up(start + length) if ends(length) else ENDLESS
