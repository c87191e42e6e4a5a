"""Lengths of schedules: exact numbers of updates, or `ENDLESS`."""

from __future__ import annotations

import enum
import functools
import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Final, TypeAlias

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


class Endless(enum.Enum):
    """The length of a schedule that never ends. There is one such length, `ENDLESS`."""

    ENDLESS = enum.auto()

    def __repr__(self) -> str:
        return self.name


ENDLESS: Final = Endless.ENDLESS

Length: TypeAlias = Exact | Endless
"""An exact number of updates, or `ENDLESS`."""


def divisible(length: Length) -> Fraction | Endless:
    """The same length for code that divides it: a quotient of ints would be a float.

    >>> divisible(3) / 2
    Fraction(3, 2)
    """
    return ENDLESS if length is ENDLESS else Fraction(length)


def added(length: Length, updates: Exact) -> Length:
    """The length with more updates.

    >>> added(3, 4), added(ENDLESS, 4)
    (7, ENDLESS)
    """
    return ENDLESS if length is ENDLESS else length + updates


def longest(lengths: Iterable[Length]) -> Length:
    """The greatest of some lengths; nothing is longer than `ENDLESS`.

    >>> longest([3, 7, 5]), longest([3, ENDLESS])
    (7, ENDLESS)
    """
    finite: list[Exact] = []
    for length in lengths:
        if length is ENDLESS:
            return ENDLESS
        finite.append(length)
    return max(finite)


def shortest(one: Length, other: Length) -> Length:
    """The lesser of two lengths.

    >>> shortest(3, 7), shortest(ENDLESS, 7)
    (3, 7)
    """
    if one is ENDLESS:
        return other
    return one if other is ENDLESS or one <= other else other


def ends_after(length: Length, update: Exact) -> bool:
    """Whether more updates than that belong to a length.

    >>> ends_after(3, 2), ends_after(3, 3), ends_after(ENDLESS, 3)
    (True, False, True)
    """
    return length is ENDLESS or length > update


def rounded(length: Length, start: Exact = 0) -> int | Endless:
    """The update at which a stretch of that length, begun at `start`, has ended.

    >>> rounded(2, Fraction(1, 2)), rounded(ENDLESS)
    (3, ENDLESS)
    """
    return ENDLESS if length is ENDLESS else round_half_up(start + length)


def as_time(stop: int | Endless) -> float:
    """A stop as signals count it: an int, or `math.inf`.

    >>> as_time(3), as_time(ENDLESS)
    (3, inf)
    """
    return math.inf if stop is ENDLESS else stop


def from_time(stop: float) -> int | Endless:
    """The stop that signals count as an int or `math.inf`.

    >>> from_time(3), from_time(math.inf)
    (3, ENDLESS)
    """
    return ENDLESS if math.isinf(stop) else int(stop)
