"""The operators and functions of the language's arithmetic, on numbers and on schedules alike."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Function(NamedTuple):
    """A function, what it computes, an example, and how many arguments it takes.

    `most` None: any number.
    """

    name: str
    compute: Callable[..., Any]
    summary: str
    example: str
    least: int = 1
    most: int | None = 1

    @property
    def signature(self) -> str:
        """The call.

        >>> FUNCTIONS["sqrt"].signature, FUNCTIONS["max"].signature
        ('sqrt(a)', 'max(a, b, …)')
        """
        return f"{self.name}(a)" if self.most == 1 else f"{self.name}(a, b, …)"

    @property
    def doc(self) -> str:
        """The docstring.

        >>> print(FUNCTIONS["floor"].doc)
        a, rounded down to a whole number.
        <BLANKLINE>
        Example: `0.5 ** floor(t / 100)`
        """
        return f"{self.summary}\n\nExample: `{self.example}`"


def _fold(binary: Any) -> Callable[..., Any]:
    return lambda *arguments: functools.reduce(binary, arguments)


FUNCTIONS = {
    function.name: function
    for function in [
        Function("sqrt", np.sqrt, "The square root of a.", "0.1 / sqrt(t + 1)"),
        Function("exp", np.exp, "e to the power of a.", "0.1 * exp(-0.01 * t)"),
        Function("log", np.log, "The natural logarithm of a.", "0.1 / log(t + 3)"),
        Function("sin", np.sin, "The sine of a, an angle in radians.", "1 + sin(pi * t / 200) / 2"),
        Function("cos", np.cos, "The cosine of a, an angle in radians.", "cos(pi * t / 2000)"),
        Function("abs", np.abs, "a without its sign.", "abs(1 - t / 500)"),
        Function("floor", np.floor, "a, rounded down to a whole number.", "0.5 ** floor(t / 100)"),
        Function("ceil", np.ceil, "a, rounded up to a whole number.", "0.5 ** ceil(t / 100)"),
        Function("min", _fold(np.minimum), "The smallest argument.", "min(t / 100, 1)", 2, None),
        Function("max", _fold(np.maximum), "The largest argument.", "max(0.1, 0.99 ** t)", 2, None),
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
