"""The operators and functions of the language's arithmetic, on numbers and on schedules alike."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Function:
    """A function and how many arguments it takes (`most` None: any number)."""

    name: str
    compute: Callable[..., Any]
    least: int = 1
    most: int | None = 1


def _fold(binary: Any) -> Callable[..., Any]:
    return lambda *arguments: functools.reduce(binary, arguments)


FUNCTIONS = {
    function.name: function
    for function in [
        Function("sqrt", np.sqrt),
        Function("exp", np.exp),
        Function("log", np.log),
        Function("sin", np.sin),
        Function("cos", np.cos),
        Function("abs", np.abs),
        Function("floor", np.floor),
        Function("ceil", np.ceil),
        Function("min", _fold(np.minimum), 2, None),
        Function("max", _fold(np.maximum), 2, None),
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
