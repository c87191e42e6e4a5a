"""The operators and functions of the language's arithmetic, on numbers and on schedules alike."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Function(NamedTuple):
    """A function and how many arguments it takes (`most` None: any number)."""

    name: str
    compute: Callable[..., Any]
    doc: str
    least: int = 1
    most: int | None = 1

    @property
    def signature(self) -> str:
        """The call.

        >>> FUNCTIONS["sqrt"].signature, FUNCTIONS["max"].signature
        ('sqrt(a)', 'max(a, b, …)')
        """
        return f"{self.name}(a)" if self.most == 1 else f"{self.name}(a, b, …)"


def _fold(binary: Any) -> Callable[..., Any]:
    return lambda *arguments: functools.reduce(binary, arguments)


FUNCTIONS = {
    function.name: function
    for function in [
        Function("sqrt", np.sqrt, "The square root of a.\n\nExample: `0.1 / sqrt(t + 1)`"),
        Function("exp", np.exp, "e to the power of a.\n\nExample: `0.1 * exp(-0.01 * t)`"),
        Function("log", np.log, "The natural logarithm of a.\n\nExample: `0.1 / log(t + 3)`"),
        Function(
            "sin",
            np.sin,
            "The sine of a, an angle in radians.\n\nExample: `1 + 0.5 * sin(2 * pi * t / 200)`",
        ),
        Function(
            "cos",
            np.cos,
            "The cosine of a, an angle in radians.\n\nExample: `1 + 0.5 * cos(2 * pi * t / 200)`",
        ),
        Function("abs", np.abs, "a without its sign.\n\nExample: `abs(1 - t / 500)`"),
        Function(
            "floor",
            np.floor,
            "The whole number at a or next below.\n\nExample: `0.5 ** floor(t / 100)`",
        ),
        Function(
            "ceil",
            np.ceil,
            "The whole number at a or next above.\n\nExample: `0.5 ** ceil(t / 100)`",
        ),
        Function(
            "min",
            _fold(np.minimum),
            "The smallest of its arguments.\n\nExample: `min(t / 100, 1)`",
            2,
            None,
        ),
        Function(
            "max",
            _fold(np.maximum),
            "The largest of its arguments.\n\nExample: `max(linear(1, 0, 800), 0.1)`",
            2,
            None,
        ),
    ]
}

OPERATORS: dict[str, Any] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "**": np.power,
    "negative": np.negative,
}

CONSTANTS = {"pi": math.pi}
