"""The signals that are made of terms rather than by a modifier."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from lrdsl.shapes import Shape
from lrdsl.signal import Array, Piece, Signal
from lrdsl.syntax import nodes as n
from lrdsl.syntax.printer import write


@dataclass(frozen=True, slots=True)
class Leaf(Signal):
    """A shape with its parameters known."""

    shape: Shape
    node: n.Node

    def values(self, t: Array) -> Array:
        return self.shape.values(t)

    def outline(self, stop: float) -> tuple[Piece, ...]:
        return (Piece(0, stop, write(self.node)),)

    def extremes(self, start: int, stop: int) -> tuple[float, float]:
        turns = self.shape.turns
        if turns is None:
            return Signal.extremes(self, start, stop)
        inside = [t for t in turns if start < t < stop - 1]
        found = self.values(np.array([start, *inside, stop - 1], dtype=np.float64))
        return float(found.min()), float(found.max())


@dataclass(frozen=True, slots=True)
class Number(Signal):
    """One value for ever."""

    value: float
    node: n.Node

    def values(self, t: Array) -> Array:
        return np.full_like(t, self.value)

    def outline(self, stop: float) -> tuple[Piece, ...]:
        return (Piece(0, stop, write(self.node)),)

    def extremes(self, start: int, stop: int) -> tuple[float, float]:
        return self.value, self.value


@dataclass(frozen=True, slots=True)
class Time(Signal):
    """The local time itself."""

    def values(self, t: Array) -> Array:
        return t

    def outline(self, stop: float) -> tuple[Piece, ...]:
        return (Piece(0, stop, "t"),)


@dataclass(frozen=True, slots=True)
class Pointwise(Signal):
    """Functions applied from left to right: f₁(part₀, part₁), then f₂(that, part₂) and so on."""

    functions: tuple[Any, ...]
    parts: tuple[Signal, ...]
    node: n.Node

    def values(self, t: Array) -> Array:
        out = self.parts[0].values(t)
        if len(self.functions) == len(self.parts) - 1:
            for function, part in zip(self.functions, self.parts[1:], strict=True):
                out = function(out, part.values(t))
            return out
        (function,) = self.functions
        found: Array = function(out, *[part.values(t) for part in self.parts[1:]])
        return found

    def outline(self, stop: float) -> tuple[Piece, ...]:
        edges = sorted({p.start for part in self.parts for p in part.outline(stop)})
        text = write(self.node)
        return tuple(map(Piece, edges, [*edges[1:], stop], itertools.repeat(text)))
