"""Signals: the pure functions of local time that specs are compiled to.

`values(t)` takes times that are not negative, a contiguous float64 array or a `Range`, and returns
a float64 array of the same length; past the signal's own length it returns the final value. One
vectorised definition serves scalars, arrays, plots and training: a value has the same bits whether
it is asked for alone or among others.
"""

from __future__ import annotations

import heapq
import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import Diagnostic, Span, SpecError
from lrdsl.language.length import Length
from lrdsl.language.pointwise.multiples import MAX_EXACT
from lrdsl.language.pointwise.rows import filled
from lrdsl.language.pointwise.times import Array, Range, Times, piecewise
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse
from lrdsl.util.forks import lazy_property

CHUNK = 32_768
"""How many values are evaluated at once: few enough to stay in the cache, enough to be fast."""


LAST_STEP = MAX_EXACT
"""Update counts beyond this are not exact in float64; no schedule is longer."""

MAX_AT_ONCE: ContextVar[int] = ContextVar("MAX_AT_ONCE", default=10**8)
"""More updates than this are not evaluated one by one for one result; less while a spec is compiled
or linted, which takes as long for a long run as for a short one."""


class TooDear(SpecError):
    """A result takes more updates than `MAX_AT_ONCE`."""


@contextmanager
def at_most(updates: int) -> Iterator[None]:
    """Evaluate no more updates than these for one result."""
    before = MAX_AT_ONCE.set(min(updates, MAX_AT_ONCE.get()))
    try:
        yield
    finally:
        MAX_AT_ONCE.reset(before)


class Signal(ABC):
    """A pure function of local time."""

    @abstractmethod
    def values(self, t: Times) -> Array:
        """The values at times `t`, in an array of its own."""

    def values_in_rounds(self, t: Array, k: Array) -> Array:
        """The values at times `t` in rounds `k`, for signals that are others in each round."""
        return self.values(t)

    @abstractmethod
    def segments(self, stop: float) -> tuple[TimelineSegment, ...]:
        """The segments of the updates from 0 to before `stop`, which is an int or infinite."""

    @abstractmethod
    def cycle_ends(self, start: int, stop: int) -> Iterator[int]:
        """The updates e, `start < e ≤ stop`, with which a new round of a repetition would begin.

        These are the cycles that end while the updates from `start` to before `stop` are made.
        They come in order, each once.
        """

    def cycle_ends_later(self, zero: int, start: int, stop: int) -> Iterator[int]:
        """The same by a clock that is `zero` where that of the signal is 0."""
        return (zero + end for end in self.cycle_ends(start - zero, stop - zero))

    @property
    def constant_value(self) -> float | None:
        """The value, if it is one and the same at all times, and is known to be."""
        return None

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        """The lowest and the highest value at the updates from `start` to before `stop`.

        Signals that know where their extremes are evaluate these updates alone. This method
        evaluates all of them, and so has a limit.
        """
        if stop - start > MAX_AT_ONCE.get():
            message = f"the extremes of {stop - start:,} updates would be looked for one by one"
            raise TooDear([Diagnostic(diag.BAD_STEP, message, fix="pass a nearer `stop`")])
        low, high = math.inf, -math.inf
        for first in range(start, stop, CHUNK):
            values = self.values(Range(float(first), min(CHUNK, stop - first)))
            low, high = min(low, float(values.min())), max(high, float(values.max()))
        return low, high

    def value_at(self, t: float) -> float:
        """The value at one time."""
        t = float(t)
        alone = Range(t, 1) if t.is_integer() else np.array([t])
        values: Any = self.values(alone)
        return values if values.ndim > 1 else float(values[0])  # a row for each of several bases


@dataclass(frozen=True, eq=False, repr=False)
class TimelineSegment:
    """Updates that one formula governs: `start ≤ t < stop`.

    `signal` evaluates the formula; its clock is at 0 at update `zero`. `formula` is the node of the
    spec that it stands for, or a text where modifiers have changed it. `length` is exact, before
    the boundaries were rounded; None where nothing was rounded.

    Two segments are equal when their updates, values and descriptions are.
    """

    start: int
    stop: float
    formula: ast.Node | str
    signal: Signal
    zero: int = 0
    length: Length | None = None

    @lazy_property
    def first(self) -> float:
        """The value of the formula at `start`."""
        return self.value_at(self.start)

    @lazy_property
    def last(self) -> float | None:
        """The value at the last update before `stop`; None where there is no last update."""
        return None if math.isinf(self.stop) else self.value_at(self.stop - 1)

    @lazy_property
    def leads_to(self) -> float:
        """The value that the formula comes to at `stop`; NaN if it goes on for ever."""
        return math.nan if math.isinf(self.stop) else self.value_at(self.stop)

    @property
    def is_seen(self) -> bool:
        """Whether some update of the run lies in it: not if it rounds to none or is skipped."""
        return max(self.start, 0) < self.stop

    @property
    def description(self) -> str:
        """The formula as text."""
        return self.formula if isinstance(self.formula, str) else unparse(self.formula)

    @property
    def node(self) -> ast.Node:
        """Where a part of a chain stands in the text: all of it, a pipe with its modifiers."""
        assert not isinstance(self.formula, str)
        return self.formula

    @property
    def span(self) -> Span:
        """The place of a part of a chain in the text."""
        return self.node.span

    def facts(self) -> dict[str, Any]:
        """The segment as plain data."""
        names = ("start", "stop", "first", "last", "description")
        return {name: getattr(self, name) for name in names}

    def shifted(self, by: int) -> TimelineSegment:
        """The same formula `by` updates later; a stop that was infinite stays so."""
        start, stop = self.start + by, whole(self.stop + by)
        return replace(self, start=start, stop=stop, zero=self.zero + by)

    def value_at(self, update: float) -> float:
        """The value of the formula at an update, also one beyond `stop`."""
        with np.errstate(all="ignore"):
            return self.signal.value_at(update - self.zero)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TimelineSegment):
            return NotImplemented
        return self.facts() == other.facts()

    def __hash__(self) -> int:
        return hash((self.start, self.stop))

    def __repr__(self) -> str:
        return f"Segment({', '.join([f'{k}={v!r}' for k, v in self.facts().items()])})"


class LeafSignal(Signal):
    """A signal without parts, in which nothing is repeated."""

    def cycle_ends(self, start: int, stop: int) -> Iterator[int]:
        return iter(())


@dataclass(frozen=True, slots=True)
class ConstantSignal(LeafSignal):
    """One value at all times; `text` is how it was written."""

    value: float
    text: str

    @property
    def constant_value(self) -> float:
        return self.value

    def value_at(self, t: float) -> float:
        value = self.value
        return float(value) if isinstance(value, float) else LeafSignal.value_at(self, t)

    def values(self, t: Times) -> Array:
        return filled(t.size, self.value)

    def segments(self, stop: float) -> tuple[TimelineSegment, ...]:
        return (TimelineSegment(0, stop, self.text, self),)

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        return self.value, self.value


@dataclass(frozen=True, slots=True)
class SequenceSignal(Signal):
    """One signal after the other: part i from `starts[i]` on, its clock being 0 at `zeros[i]`."""

    parts: tuple[Signal, ...]
    starts: Array
    zeros: tuple[int, ...]

    def values(self, t: Times) -> Array:
        return piecewise(t, self.starts, self._part)

    def _part(self, i: int, t: Times) -> Array:
        return self.parts[i].values(t - self.zeros[i])

    def values_in_rounds(self, t: Array, k: Array) -> Array:
        out = np.empty(t.size)
        which = self.starts.searchsorted(t, "right") - 1
        for i in np.unique(which).tolist():
            at = which == i
            out[at] = self.parts[i].values_in_rounds(t[at] - self.zeros[i], k[at])
        return out

    def segments(self, stop: float) -> tuple[TimelineSegment, ...]:
        found: list[TimelineSegment] = []
        for i, first, last in intervals_between(self.starts, 0, stop):
            zero = self.zeros[i]
            for segment in self.parts[i].segments(last - zero):
                later = segment.shifted(zero)
                if later.stop > first:
                    found.append(later if later.start >= first else replace(later, start=first))
        return tuple(found)

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        found = [
            self.parts[i].min_max(first - self.zeros[i], int(last) - self.zeros[i])
            for i, first, last in intervals_between(self.starts, start, stop)
        ]
        return min([low for low, _ in found]), max([high for _, high in found])

    def cycle_ends(self, start: int, stop: int) -> Iterator[int]:
        for i, first, last in intervals_between(self.starts, start, stop):
            yield from self.parts[i].cycle_ends_later(self.zeros[i], first, int(last))


def merged(*ends: Iterator[int]) -> Iterator[int]:
    """Times from several sources that are each in order, in order and each once.

    >>> list(merged(iter([1, 3]), iter([2, 3])))
    [1, 2, 3]
    """
    return (end for end, _ in itertools.groupby(heapq.merge(*ends)))


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
