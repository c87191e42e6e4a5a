"""Arithmetic over numbers: operators and functions on floats, and on exact durations."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any, cast

import numpy as np

from lrdsl.language.functions import FUNCTIONS, OPERATORS
from lrdsl.language.length import Exact
from lrdsl.language.pointwise.rows import by_row, has_rows
from lrdsl.language.round_numbers import OfRounds, apply_in_rounds
from lrdsl.language.signal import LAST_STEP

EXACT_BITS = 256
"""Durations stay exact up to numerators and denominators of this size."""

_EXACT_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": Fraction,
    "//": operator.floordiv,
    "mod": operator.mod,
    "min": min,
    "max": max,
}


DIVIDING = ("/", "//", "mod")
"""The operators and functions that divide by their second operand."""


def compute(name: str, operands: tuple[float, ...]) -> float:
    """The outcome of an operator or a function over floats, which need not be finite.

    >>> compute("+", (1.0, 2.0)), compute("/", (1.0, 0.0))
    (3.0, inf)
    """
    if any(map(has_rows, operands)):
        return cast(float, by_row(lambda *row: compute(name, row), operands))
    with np.errstate(all="ignore"):
        return float(_function(name)(*[np.float64(operand) for operand in operands]))


def compute_in_rounds(name: str, operands: tuple[OfRounds | float, ...]) -> OfRounds:
    """The outcome of an operator or a function, of which an operand depends on the round."""
    return apply_in_rounds(_function(name), operands)


def _function(name: str) -> Callable[..., Any]:
    """An operator or a function of numbers and arrays."""
    function: Callable[..., Any] = OPERATORS[name] if name in OPERATORS else FUNCTIONS[name].compute
    if name in ("floor", "ceil"):
        return lambda x: function(_without_noise(x))
    return function


def compute_exactly(name: str, operands: tuple[Exact, ...]) -> Exact | None:
    """The outcome of an operator or a function over durations; None if it has no exact one.

    >>> compute_exactly("/", (1, 3)), compute_exactly("sqrt", (2,))
    (Fraction(1, 3), None)
    """
    if name not in _EXACT_OPERATORS or (name in DIVIDING and operands[1] == 0):
        return None
    return bounded(_EXACT_OPERATORS[name](*operands))


def is_whole(value: float) -> bool:
    """Whether a float is a whole number, and one that floats tell from its neighbours."""
    return value.is_integer() and abs(value) < LAST_STEP


def bounded(x: Exact) -> Exact:
    """The same number, or the nearest float where exactness would cost too much."""
    if x.denominator == 1 and abs(x.numerator) < LAST_STEP:
        return x.numerator
    if max(x.numerator.bit_length(), x.denominator.bit_length()) <= EXACT_BITS:
        return x
    if abs(x.numerator) >= 2**1000 * x.denominator:
        return Fraction(2**1000) if x > 0 else Fraction(-(2**1000))
    return Fraction(float(x))


def _without_noise(x: Any) -> Any:
    """The whole number that each float is but for rounding, and any other as it is.

    `0.29 * 100` is 28.999999999999996 as a value and 29 as a duration: `floor` of it must be one
    number, wherever a definition uses it.
    """
    whole = np.rint(x)
    return np.where(np.abs(x - whole) <= 1e-12 * np.maximum(np.abs(x), np.abs(whole)), whole, x)
