"""Signals: what a spec is compiled to.

A signal is a pure function of local time. `values(t)` takes times that are not negative, a
contiguous float64 array or a `Range`, and returns a float64 array of the same length; past the
signal's own length it returns the final value. One vectorised definition serves scalars, arrays,
plots and training: a value never depends, not in its last bit, on what it was asked for with.
"""

from __future__ import annotations

import functools
import heapq
import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error

Array: TypeAlias = NDArray[np.float64]

CHUNK = 20_480
"""How many values are evaluated at once: few enough to stay in the cache, enough to be fast."""


LAST_STEP = 2**53
"""Update counts beyond this are not exact in float64; no schedule is longer."""

MAX_SCANNED_UPDATES = 10**8
"""More updates than this are not searched for extremes."""


class Range:
    """Times one update apart, `first`, `first` + 1 and so on, `size` of them; `first` is whole.

    It stands for the array of them, which numpy's functions take it for, where that need not be
    made. One time alone is a range as well.

    >>> (Range(2.0, 3) + 5).last, np.sqrt(Range(0.0, 2))
    (9.0, array([0., 1.]))
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

    def __getitem__(self, part: slice) -> Range:
        start, stop, _ = part.indices(self.size)
        return Range(self.first + start, stop - start)


Times: TypeAlias = "Array | Range"


class Piece(NamedTuple):
    """A stretch of updates governed by one formula; `text` is that formula."""

    start: int
    stop: float
    text: str


class Signal(ABC):
    """A pure function of local time."""

    @abstractmethod
    def values(self, t: Times) -> Array:
        """The values at times `t`."""

    @abstractmethod
    def segments(self, stop: float) -> tuple[Piece, ...]:
        """The pieces that make up the updates from 0 to `stop`."""

    @property
    def constant_value(self) -> float | None:
        """The value, if it is one and the same at all times."""
        return None

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        """The lowest and the highest value at the updates from `start` to before `stop`.

        Signals that know where their extremes are look there. This looks everywhere, and so has a
        limit.
        """
        if stop - start > MAX_SCANNED_UPDATES:
            message = f"the extremes of {stop - start:,} updates would be looked for one by one"
            raise spec_error(diag.BAD_STEP, message, fix="pass a nearer `stop`")
        low, high = math.inf, -math.inf
        for first in range(start, stop, CHUNK):
            values = self.values(Range(float(first), min(CHUNK, stop - first)))
            low, high = min(low, float(values.min())), max(high, float(values.max()))
        return low, high

    def cycle_ends(self, start: int, stop: int) -> Iterator[int]:
        """The updates e, `start < e ≤ stop`, with which a new round of a repetition would begin.

        These are the cycles that end while the updates from `start` to before `stop` are made.
        They come in order, each once.
        """
        return iter(())

    def value_at(self, t: float) -> float:
        """The value at one time."""
        t = float(t)
        alone = Range(t, 1) if t.is_integer() else np.array([t])
        return float(self.values(alone)[0])


@dataclass(frozen=True, slots=True)
class ConstantSignal(Signal):
    """One value at all times; `text` is how it was written."""

    value: float
    text: str

    @property
    def constant_value(self) -> float:
        return self.value

    def values(self, t: Times) -> Array:
        return np.full(t.size, self.value)

    def segments(self, stop: float) -> tuple[Piece, ...]:
        return (Piece(0, stop, self.text),)

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        return self.value, self.value


@dataclass(frozen=True, slots=True)
class SequenceSignal(Signal):
    """One signal after the other; part i starts at `starts[i]`, where its clock is 0."""

    parts: tuple[Signal, ...]
    starts: Array

    def values(self, t: Times) -> Array:
        return piecewise(t, self.starts, self._part)

    def _part(self, i: int, t: Times) -> Array:
        return self.parts[i].values(t - float(self.starts[i]))

    def segments(self, stop: float) -> tuple[Piece, ...]:
        return tuple(
            [
                piece
                for i, first, last in intervals_between(self.starts, 0, stop)
                for piece in shift_segments(self.parts[i].segments(last - first), first)
            ]
        )

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        found: list[tuple[float, float]] = []
        for i, first, last in intervals_between(self.starts, start, stop):
            begin = int(self.starts[i])
            found.append(self.parts[i].min_max(first - begin, int(last) - begin))
        return min([low for low, _ in found]), max([high for _, high in found])

    def cycle_ends(self, start: int, stop: int) -> Iterator[int]:
        for i, first, last in intervals_between(self.starts, start, stop):
            begin = int(self.starts[i])
            for end in self.parts[i].cycle_ends(first - begin, int(last) - begin):
                yield begin + end


def merged(*ends: Iterator[int]) -> Iterator[int]:
    """Times from several sources that are each in order, in order and each once.

    >>> list(merged(iter([1, 3]), iter([2, 3])))
    [1, 2, 3]
    """
    return (end for end, _ in itertools.groupby(heapq.merge(*ends)))


def shift_segments(pieces: tuple[Piece, ...], by: int) -> tuple[Piece, ...]:
    """The same pieces, `by` updates later; stops that were infinite stay so."""
    return tuple([Piece(start + by, whole(stop + by), text) for start, stop, text in pieces])


def whole(time: float) -> float:
    """A time as an int, unless it is infinite."""
    return time if math.isinf(time) else int(time)


def intervals_between(starts: Array, start: int, stop: float) -> Iterator[tuple[int, int, float]]:
    """The intervals [starts[i], starts[i + 1]) with updates from `start` to before `stop`.

    Each with its number, cut to these updates; the last interval has no end.

    >>> list(intervals_between(np.array([0., 3., 5.]), 4, 9))
    [(1, 4, 5), (2, 5, 9)]
    """
    ends = [*starts[1:].tolist(), math.inf]
    for i, (first, last) in enumerate(zip(starts.tolist(), ends, strict=True)):
        first, last = max(first, start), min(last, stop)
        if first < last:
            yield i, int(first), whole(last)


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
    out = np.empty(t.size)
    for i, (start, stop) in enumerate(itertools.pairwise([0, *cuts, t.size]), first):
        if start < stop:
            out[start:stop] = part(i, t[start:stop])
    return out


def _reordered(t: Array, starts: Array, part: Callable[[int, Times], Array]) -> Array:
    """`piecewise` for times in no order."""
    key: NDArray[Any] = t
    edges: NDArray[Any] = starts[1:]
    if len(starts) < 32:  # then counting, and sorting small numbers, is quicker than sorting times
        key, edges = np.zeros(t.size, np.uint8), np.arange(1, len(starts))
        for start in starts[1:].tolist():
            key += t >= start
    order = np.argsort(key, kind="stable" if key is not t else None)
    out = np.empty(t.size)
    out[order] = _cut(t[order], 0, key[order].searchsorted(edges).tolist(), part)
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
    out = np.full(t.size, values(Range(float(end), 1))[0])
    before = int(end - t.first)
    if before > 0:
        out[:before] = values(t[:before])
    return out


Exact: TypeAlias = Fraction | int
"""An exact number of updates. Whole ones are ints: they take a tenth of the time of a Fraction."""


@functools.lru_cache(maxsize=1024)
def decimal_fraction(value: float) -> Fraction:
    """The decimal number that a float is written as.

    >>> decimal_fraction(0.1)
    Fraction(1, 10)
    """
    if value.is_integer() and abs(value) < LAST_STEP:
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


def last_multiple(t: Times, every: Fraction) -> Array:
    """How many multiples of `every`, each rounded half up to a whole update, lie in (0, t].

    >>> last_multiple(np.array([0., 2., 3., 4., 5.]), Fraction(5, 2))
    array([0., 0., 1., 1., 2.])
    """
    # ⌊k·every + ½⌋ ≤ t  ⇔  k·every < ⌊t⌋ + ½. Both sides of the division are whole numbers, so
    # that a multiple that falls on an update is never missed by a rounding error.
    return np.ceil(scaled(2 * np.floor(t) + 1, 1 / (2 * every))) - 1


def multiple(k: Array, of: Fraction) -> Array:
    """The k-th multiples of a number, rounded half up to whole updates.

    >>> multiple(np.array([0., 1., 2.]), Fraction(5, 2))
    array([0., 3., 5.])
    """
    return np.floor((scaled(2 * k, of) + 1) / 2)


def scaled(t: Times, by: Fraction) -> Array:
    """Times multiplied by a fraction, with one rounding as long as its parts are small.

    >>> scaled(np.array([33.]), Fraction(10, 11))
    array([30.])
    """
    t = np.asarray(t)
    if max(by.numerator, by.denominator) >= LAST_STEP:
        return t * float(by)
    return t * by.numerator / by.denominator
