"""Times as numpy sees them: arrays, ranges, and functions that are defined piece by piece."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]


class Range:
    """Times one update apart, `first`, `first` + 1 and so on, `size` of them; `first` is whole.

    It stands for the array of them, which is made only where it is needed: by operators and by
    numpy's functions. One time alone is a range as well.

    >>> (Range(2.0, 3) + 5).last, np.sqrt(Range(0.0, 2)), Range(0.0, 2) / 2
    (9.0, array([0., 1.]), array([0. , 0.5]))
    """

    __slots__ = ("first", "size")

    def __init__(self, first: float, size: int) -> None:
        self.first = first
        self.size = size

    @property
    def last(self) -> float:
        """The last time."""
        return self.first + (self.size - 1)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if self.size == 1:  # as most are
            return np.array([self.first], dtype=dtype or np.float64)
        times = np.arange(self.size, dtype=dtype or np.float64)
        times += self.first
        return times

    def __add__(self, by: float) -> Times:
        if float(by).is_integer():
            return Range(self.first + by, self.size)
        return np.asarray(self) + by

    def __sub__(self, by: float) -> Times:
        return self + -by

    __radd__ = __add__

    def __rsub__(self, by: float) -> Array:
        return by - np.asarray(self)

    def __neg__(self) -> Array:
        return -np.asarray(self)

    def __abs__(self) -> Array:
        return abs(np.asarray(self))

    def __getitem__(self, part: slice) -> Range:
        start, stop, _ = part.indices(self.size)
        return Range(self.first + start, stop - start)


Times: TypeAlias = "Array | Range"


def _add_operator(name: str) -> None:
    """Give `Range` an operator of arrays."""
    compute = getattr(operator, name)
    setattr(Range, f"__{name}__", lambda self, other: compute(np.asarray(self), other))
    if name in _ARITHMETIC:
        setattr(Range, f"__r{name}__", lambda self, other: compute(other, np.asarray(self)))


_ARITHMETIC = ("mul", "truediv", "floordiv", "mod", "pow")
for _name in (*_ARITHMETIC, "lt", "le", "gt", "ge", "eq", "ne"):
    _add_operator(_name)


def piecewise(t: Times, starts: Array, part: Callable[[int, Times], Array]) -> Array:
    """The values that `part(i, …)` gives for those of `t` in [starts[i], starts[i + 1]).

    `starts` increase, from 0 or below; the last interval has no end. `part` is called for
    intervals that are hit; times in no order are grouped by their intervals first.

    >>> piecewise(np.array([4., 0., 5.]), np.array([0., 3., 5.]), lambda i, t: 10 * i + t)
    array([14.,  0., 25.])
    """
    if len(starts) == 1 or t.size == 0:
        return part(0, t)
    if isinstance(t, Range):
        first = last = int(starts.searchsorted(t.first, "right")) - 1
        if t.size > 1:
            last = int(starts.searchsorted(t.last, "right")) - 1
        cuts = [int(cut - t.first) for cut in starts[first + 1 : last + 1].tolist()]
    else:
        if bool((t[1:] < t[:-1]).any()):
            return _reordered(t, starts, part)
        first, last = (starts.searchsorted(t[[0, -1]], "right") - 1).tolist()
        cuts = t.searchsorted(starts[first + 1 : last + 1], "left").tolist()
    return _cut(t, first, cuts, part) if cuts else part(first, t)


def _cut(t: Times, first: int, cuts: list[int], part: Callable[[int, Times], Array]) -> Array:
    """The values of times that are grouped by their intervals, the first of which is `first`."""
    parts = enumerate(itertools.pairwise([0, *cuts, t.size]), first)
    hit = ((i, slice(*ends)) for i, ends in parts if ends[0] < ends[1])
    return assembled(t.size, ((places, part(i, t[places])) for i, places in hit))


def _reordered(t: Array, starts: Array, part: Callable[[int, Times], Array]) -> Array:
    """`piecewise` for times in no order."""
    key: NDArray[Any] = t
    edges: NDArray[Any] = starts[1:]
    if len(starts) < 32:  # then counting, and sorting small numbers, is quicker than sorting times
        key, edges = np.zeros(t.size, np.uint8), np.arange(1, len(starts))
        for start in starts[1:].tolist():
            key += t >= start
    order = np.argsort(key, kind="stable" if key is not t else None)
    values = _cut(t[order], 0, key[order].searchsorted(edges).tolist(), part)
    return assembled(t.size, [(order, values)])


def assembled(size: int, pieces: Iterable[tuple[Any, Array]]) -> Array:
    """`size` values, of which each piece gives some: where they belong, and what they are.

    Values with a row for each of several bases make the result one of such rows.

    >>> assembled(3, [(slice(0, 1), np.array([1.])), (slice(1, 3), np.array([[2.], [3.]]))])
    array([[1., 2., 2.],
           [1., 3., 3.]])
    """
    out = np.empty(size)
    for places, values in pieces:
        if values.ndim > out.ndim:
            out = np.repeat(out[None], len(values), axis=0)
        out[..., places] = values
    return out


def clamp_end(t: Times, end: float, values: Callable[[Times], Array]) -> Array:
    """The values at times `t`, of which those after `end` count as `end`.

    >>> clamp_end(Range(0.0, 5), 2.0, np.sqrt)
    array([0.        , 1.        , 1.41421356, 1.41421356, 1.41421356])
    """
    if isinstance(t, Range) and t.last <= end:
        return values(t)
    if not isinstance(t, Range) or not float(end).is_integer():
        return values(np.minimum(t, end))
    before = max(0, int(end - t.first))
    pieces = [(slice(before, None), values(Range(float(end), 1)))]
    return assembled(t.size, [*pieces, (slice(before), values(t[:before]))] if before else pieces)
