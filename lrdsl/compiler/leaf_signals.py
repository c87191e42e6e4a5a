"""The signals that are made of terms rather than by a modifier."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from lrdsl.language.functions import FUNCTIONS
from lrdsl.language.shapes import Shape
from lrdsl.language.signal import (
    Array,
    Exact,
    Piece,
    Range,
    Signal,
    Times,
    merged,
    round_half_up,
    whole,
)
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse


@dataclass(frozen=True, slots=True)
class ShapeSignal(Signal):
    """A shape with its parameters known."""

    shape: Shape
    node: ast.Node

    def values(self, t: Times) -> Array:
        return self.shape.over(t)

    def segments(self, stop: float) -> tuple[Piece, ...]:
        return (Piece(0, stop, unparse(self.node)),)

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        turns = self.shape.turns
        if turns is None:
            return Signal.min_max(self, start, stop)
        inside = [t for t in turns if start < t < stop - 1]
        found = self.values(np.array([start, *inside, stop - 1], dtype=np.float64))
        return float(found.min()), float(found.max())


@dataclass(frozen=True, slots=True)
class ClockSignal(Signal):
    """The local time itself."""

    def values(self, t: Times) -> Array:
        return np.asarray(t)

    def segments(self, stop: float) -> tuple[Piece, ...]:
        return (Piece(0, stop, "t"),)

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        return float(start), float(stop - 1)


@dataclass(frozen=True, slots=True)
class ScheduleReference(Signal):
    """Another schedule, called `name`, whose clock was at `zero` when this one's was at 0."""

    signal: Signal
    name: str
    zero: Exact

    @property
    def constant_value(self) -> float | None:
        return self.signal.constant_value

    def values(self, t: Times) -> Array:
        t = t + float(self.zero)
        if not isinstance(t, Range) or t.first < 0:
            # Updates of the run are whole, also where `skip` leaves a fraction; none is before 0.
            t = np.maximum(np.rint(t), 0)
        return self.signal.values(t)

    def segments(self, stop: float) -> tuple[Piece, ...]:
        zero = round_half_up(self.zero)
        pieces = [p for p in self.signal.segments(stop + zero) if p.stop > zero]
        return tuple(
            [Piece(max(start - zero, 0), whole(end - zero), self.name) for start, end, _ in pieces]
        )

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        zero = round_half_up(self.zero)
        first = max(start + zero, 0)
        return self.signal.min_max(first, max(stop + zero, first + 1))

    def cycle_ends(self, start: int, stop: int) -> Iterator[int]:
        zero = round_half_up(self.zero)
        first, last = max(start + zero, 0), max(stop + zero, 0)
        return (end - zero for end in self.signal.cycle_ends(first, last))


@dataclass(frozen=True, slots=True)
class PointwiseSignal(Signal):
    """Functions applied from left to right: f₁(part₀, part₁), then f₂(that, part₂) and so on."""

    functions: tuple[Any, ...]
    parts: tuple[Signal, ...]
    node: ast.Node

    def values(self, t: Times) -> Array:
        return self._combine([part.values(t) for part in self.parts])

    def segments(self, stop: float) -> tuple[Piece, ...]:
        edges = sorted({p.start for part in self.parts for p in part.segments(stop)})
        text = unparse(self.node)
        return tuple(map(Piece, edges, [*edges[1:], stop], itertools.repeat(text)))

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
        if len(self.functions) < len(self.parts) - 1 or len(self.parts) == 1:
            return self.functions[0] in (np.negative, *_MONOTONE)
        divides = self.functions[changing - 1] is np.divide if changing > 0 else False
        return all([f in (np.divide, *_MONOTONE) for f in self.functions]) and not divides

    def _combine(self, values: list[Array]) -> Array:
        out = values[0]
        if len(self.functions) == len(values) - 1:
            for function, operand in zip(self.functions, values[1:], strict=True):
                out = function(out, operand)
            return out
        (function,) = self.functions
        found: Array = function(*values)
        return found


_MONOTONE = (np.add, np.subtract, np.multiply, FUNCTIONS["min"].compute, FUNCTIONS["max"].compute)
