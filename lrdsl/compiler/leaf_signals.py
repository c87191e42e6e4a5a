"""The signals of the terms that are no modifiers: shapes, the clock, references, arithmetic."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from lrdsl.diagnostics import SpecError
from lrdsl.language.failures import FAILURES, failed
from lrdsl.language.functions import FUNCTIONS
from lrdsl.language.length import Endless, Exact, ends
from lrdsl.language.pointwise.functions import NUMPY
from lrdsl.language.pointwise.powers import floor_divide
from lrdsl.language.pointwise.rows import filled, has_rows
from lrdsl.language.pointwise.times import Array, Range, Times, clamp_end
from lrdsl.language.shapes import Shape
from lrdsl.language.signal import ConstantSignal, LeafSignal, Signal, TimelineSegment, merged
from lrdsl.language.wrapped_signal import WrappedSignal
from lrdsl.syntax import ast

ROUNDING = 8.0
"""Units in the last place by which rounding may change a value."""

MAX_ROUNDED_ALIKE = 2 * 10**6
"""Updates beside an extreme that are looked at, where a formula hardly changes."""


@dataclass(frozen=True, slots=True)
class ShapeSignal(LeafSignal):
    """A shape with its parameters known; after its end it holds its value."""

    shape: Shape
    node: ast.Node

    def values(self, t: Times) -> Array:
        try:
            return clamp_end(t, self.shape.end_time, lambda t: self.shape.values(t, NUMPY))
        except (SpecError, *FAILURES):
            raise
        except Exception as error:  # of a shape that the user has written
            raise failed(f"`{self.shape.name}`", error) from error

    def segments(self, stop: float) -> tuple[TimelineSegment, ...]:
        return (TimelineSegment(0, stop, self.node, self),)

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        steps = self.shape.extrema_steps
        if steps is None:
            return Signal.min_max(self, start, stop)
        end = self.shape.end_time  # later it holds
        last = stop - 1 if math.isinf(end) else min(stop - 1, max(start, math.ceil(end)))
        ends = [start, *[t for t in steps if start < t < last], last]
        values = self.values(np.array(ends, dtype=np.float64))
        if not self.shape.is_stepped:
            stretches = self._around_extremes(ends, values)
            values = np.concatenate([values, *map(self.values, stretches)])
        return float(values.min()), float(values.max())

    def _around_extremes(self, ends: list[int], values: Array) -> Iterator[Range]:
        """The updates beside an extreme at which rounding may have made a more extreme value.

        A formula only falls or only rises between two ends, but its values are rounded one by one.
        """
        noise = ROUNDING * np.spacing(np.abs(values).max())
        is_extreme = (values <= values.min() + noise) | (values >= values.max() - noise)
        for i in np.flatnonzero(is_extreme).tolist():
            at, value = ends[i], values[i]
            for other in ends[max(i - 1, 0) : i + 2]:
                room, size = min(abs(other - at), MAX_ROUNDED_ALIKE), 1
                step = 1 if other > at else -1
                while size < room and abs(self.value_at(at + step * size) - value) <= noise:
                    size *= 2
                if room:
                    size = min(size, room)
                    yield Range(float(min(at, at + step * size)), size + 1)


@dataclass(frozen=True, slots=True)
class ClockSignal(LeafSignal):
    """The local time itself."""

    def values(self, t: Times) -> Array:
        return np.asarray(t)

    def segments(self, stop: float) -> tuple[TimelineSegment, ...]:
        return (TimelineSegment(0, stop, "t", self),)

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        return float(start), float(stop - 1)


def held(signal: Signal, end: int | Endless) -> Signal:
    """A signal whose value is held from update `end` on; a steady one is anyway."""
    return WrappedSignal(signal, "", end=float(end)) if ends(end) else signal


def slowed(signal: Signal, pace: Exact) -> Signal:
    """A signal whose clock runs `pace` times slower, in a longer round of a `repeat`."""
    if pace == 1:
        return signal
    from lrdsl.language.modifiers.stretch import Scale  # which most specs do without

    return WrappedSignal(signal, "", Scale(Fraction(pace)))


@dataclass(frozen=True, slots=True)
class ScheduleReference(WrappedSignal):
    """Another schedule of the program, whose name is the text, read at the same update of the run.

    The clock of the run was at `zero` when the clock here was at 0.
    """

    zero: Exact = field(kw_only=True)

    def values(self, t: Times) -> Array:
        t = t + float(self.zero)
        if not isinstance(t, Range) or t.first < 0:
            # Updates of the run are whole, also where `skip` leaves a fraction; none is before 0.
            t = np.maximum(np.rint(t), 0)
        return self.source.values(t)

    def formula(self, text: str) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class PointwiseSignal(Signal):
    """Functions applied from left to right: f₁(part₀, part₁), then f₂(that, part₂) and so on.

    A single function is applied to all parts.
    """

    functions: tuple[Any, ...]
    parts: tuple[Signal, ...]
    node: ast.Node

    def values(self, t: Times) -> Array:
        # A number stays one: numpy takes it beside an array in any function.
        parts = [p.value if isinstance(p, ConstantSignal) else p.values(t) for p in self.parts]
        if any(map(has_rows, parts)) and not _ELEMENTWISE.issuperset(self.functions):
            return np.array([filled(t.size, self._combine(row)) for row in self._rows(parts)])
        values = self._combine(parts)
        return values if isinstance(values, np.ndarray) else filled(t.size, values)

    def values_in_rounds(self, t: Array, k: Array) -> Array:
        values: Array = self._combine([part.values_in_rounds(t, k) for part in self.parts])
        return values

    def _rows(self, values: list[Any]) -> list[tuple[Any, ...]]:
        """The values of the parts for each of several bases; where a part is a number, a number."""
        count = max([len(x) for x in values if has_rows(x)])
        of_parts = [
            (x[:, 0].tolist() if isinstance(part, ConstantSignal) else [*x])
            if has_rows(x)
            else [x] * count
            for part, x in zip(self.parts, values, strict=True)
        ]
        return [*zip(*of_parts, strict=True)]

    def segments(self, stop: float) -> tuple[TimelineSegment, ...]:
        edges = sorted({p.start for part in self.parts for p in part.segments(stop)})
        ends = [*edges[1:], stop]
        return tuple([TimelineSegment(*x, self.node, self) for x in zip(edges, ends, strict=True)])

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        changing = [i for i, part in enumerate(self.parts) if part.constant_value is None]
        if len(changing) != 1 or not self._keeps_order(*changing):
            return Signal.min_max(self, start, stop)
        # Each operation with a number keeps the order of values or turns it round.
        ends = np.array(self.parts[changing[0]].min_max(start, stop))
        steady = [part.constant_value for part in self.parts]
        found = self._combine([ends if x is None else np.full(2, x) for x in steady])
        return float(found.min()), float(found.max())

    def cycle_ends(self, start: int, stop: int) -> Iterator[int]:
        return merged(*[part.cycle_ends(start, stop) for part in self.parts])

    def _keeps_order(self, changing: int) -> bool:
        """Whether the result only rises or only falls with its one part that changes."""
        if len(self.parts) == 1:
            return self.functions[0] is np.negative
        divides = self.functions[changing - 1] in _DIVIDING if changing > 0 else False
        return all([f in (*_DIVIDING, *_MONOTONE) for f in self.functions]) and not divides

    def _combine(self, values: Sequence[Any]) -> Any:
        if len(self.functions) == 1:
            return self.functions[0](*values)
        out = values[0]
        for function, operand in zip(self.functions, values[1:], strict=True):
            out = function(out, operand)
        return out


_ELEMENTWISE = frozenset(
    [np.add, np.subtract, np.multiply, np.divide, np.negative]
    + [FUNCTIONS[name].compute for name in ("min", "max", "abs", "sqrt")]
)
"""Functions that have one result for two numbers, whatever is computed beside them."""
_DIVIDING = (np.divide, floor_divide)
_MONOTONE = (np.add, np.subtract, np.multiply, FUNCTIONS["min"].compute, FUNCTIONS["max"].compute)
