"""Numbers with a row for each of several bases, so that one evaluation serves all of them.

Where a number depends on `base` it is then an array of one column, with a row for each base: numpy
combines it with times, which lie along the other axis, as it does with a single float. So it may
stand wherever a signature says `float`. What cannot work with it raises an exception.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from lrdsl.language.pointwise.times import Array


def column(numbers: Sequence[float]) -> float:
    """One number with a row for each of several.

    >>> column([0.1, 0.2]) * np.array([1.0, 10.0])
    array([[0.1, 1. ],
           [0.2, 2. ]])
    """
    return cast(float, np.array(numbers, dtype=np.float64)[:, None])


def has_rows(number: object) -> bool:
    """Whether a number has a row for each of several bases."""
    return isinstance(number, np.ndarray) and number.ndim == 2


def against(number: float, times: Any) -> Any:
    """A number whose rows go before all axes of some times."""
    return np.reshape(number, (-1, *[1] * np.ndim(times))) if has_rows(number) else number


def contains_rows(value: object) -> bool:
    """Whether a number, or one in a tuple, has a row for each of several bases."""
    return has_rows(value) or (isinstance(value, tuple) and any(map(contains_rows, value)))


def within(number: Any, low: float = -math.inf, high: float = math.inf) -> bool:
    """Whether a number is finite and lies from `low` to `high`, in all its rows."""
    if has_rows(number):
        return bool((np.isfinite(number) & (low <= number) & (number <= high)).all())
    return math.isfinite(number) and low <= number <= high


def rows_of(values: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    """The values of each of `count` rows by itself; what has no rows is the same in all of them.

    >>> rows_of({"start": column([1.0, 2.0]), "steps": 5}, 2)
    [{'start': 1.0, 'steps': 5}, {'start': 2.0, 'steps': 5}]
    """
    split = {name: _split(value, count) for name, value in values.items()}
    return [dict(zip(split, row, strict=True)) for row in zip(*split.values(), strict=True)]


def _split(value: Any, count: int) -> list[Any]:
    if has_rows(value):
        found: list[Any] = value[:, 0].tolist()
        return found
    if isinstance(value, tuple) and value:
        return [*zip(*[_split(item, count) for item in value], strict=True)]
    return [value] * count


def by_row(compute: Callable[..., Any], numbers: Sequence[Any]) -> Any:
    """The result for some numbers: where these have rows, one computed for each row.

    >>> by_row(max, [column([1.0, 5.0]), 3.0])
    array([[3.],
           [5.]])
    """
    counts = [len(number) for number in numbers if has_rows(number)]
    if not counts:
        return compute(*numbers)
    found = [compute(*row) for row in _split(tuple(numbers), counts[0])]
    return np.array([np.ravel(x) for x in found])


def filled(size: int, value: Any) -> Array:
    """One value, `size` times in each of its rows; as many values as they are."""
    return np.full((*np.shape(value)[:-1], size), value)
