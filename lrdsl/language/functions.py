"""The operators and functions of the language's arithmetic, on numbers and on schedules alike."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from lrdsl.language.pointwise.powers import exp, floor_divide, raised


class Function(NamedTuple):
    """A function, what it computes, an example, and how many arguments it takes.

    `most` None: any number. `arguments` are their names.
    """

    name: str
    compute: Callable[..., Any]
    summary: str
    example: str
    least: int = 1
    most: int | None = 1
    arguments: str = "a"

    @property
    def signature(self) -> str:
        """The call.

        >>> FUNCTIONS["sqrt"].signature, FUNCTIONS["max"].signature
        ('sqrt(a)', 'max(a, b, …)')
        """
        return f"{self.name}({self.arguments})"

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
        Function("exp", exp, "e to the power of a.", "0.1 * exp(-0.01 * t)"),
        Function("log", np.log, "The natural logarithm of a.", "0.1 / log(t + 3)"),
        Function("sin", np.sin, "The sine of a, an angle in radians.", "1 + sin(pi * t / 200) / 2"),
        Function("cos", np.cos, "The cosine of a, an angle in radians.", "cos(pi * t / 2000)"),
        Function("abs", np.abs, "a without its sign.", "abs(1 - t / 500)"),
        Function("floor", np.floor, "a, rounded down to a whole number.", "0.5 ** floor(t / 100)"),
        Function("ceil", np.ceil, "a, rounded up to a whole number.", "0.5 ** ceil(t / 100)"),
        Function(
            "min",
            _fold(np.minimum),
            "The smallest argument.",
            "min(t / 100, 1)",
            least=2,
            most=None,
            arguments="a, b, …",
        ),
        Function(
            "max",
            _fold(np.maximum),
            "The largest argument.",
            "max(0.1, 0.99 ** t)",
            least=2,
            most=None,
            arguments="a, b, …",
        ),
        Function(
            "mod",
            lambda a, b: a - b * floor_divide(a, b),
            "The remainder of a divided by b: a - b·(a // b).",
            "1 + mod(t, 10) / 10",
            least=2,
            most=2,
            arguments="a, b",
        ),
        Function(
            "mix",
            lambda a, b, w: a * (1 - w) + b * w,
            "a at weight w = 0, b at w = 1, and in between their mean: a·(1 - w) + b·w.",
            "mix(0.1, cosine(0.1, 0, 800), linear(0, 1, 400))",
            least=3,
            most=3,
            arguments="a, b, w",
        ),
    ]
}

OPERATORS: dict[str, Any] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "//": floor_divide,
    "**": raised,
    "negative": np.negative,
}

CONSTANTS = {"pi": math.pi}
