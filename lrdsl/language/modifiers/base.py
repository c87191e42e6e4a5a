"""What a modifier is."""

from __future__ import annotations

import bisect
import math
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, TypeAlias, TypeVar

import numpy as np

from lrdsl.language.parameters import CallableModel
from lrdsl.language.signal import Array, Piece, Signal, Times, clamp_end
from lrdsl.util.registry import Registry

Length: TypeAlias = Fraction | float
"""An exact number of updates, or `math.inf` for what never ends."""


class Modifier(CallableModel):
    """A change of a whole signal. The fields are the parameters of its call."""

    name: ClassVar[str]
    bracket: ClassVar[bool] = False
    needs_end: ClassVar[bool] = False
    """Whether what it modifies must have a length."""

    warps: ClassVar[bool] = False
    """Whether the source's time runs differently from the result's."""

    def length(self, source: Length) -> Length:
        """How long the modified signal is."""
        return source

    def room(self, outer: Fraction) -> Fraction | None:
        """How long the source must be for the result to take `outer` updates; None: undecided."""
        return outer

    def began(self) -> Fraction | None:
        """The source's time when the result's is 0; None where the two run differently."""
        return None if self.warps else Fraction(0)

    @abstractmethod
    def apply(self, source: Signal, length: Length, end: float, text: str) -> Signal:
        """The modified signal.

        `length` is the source's exact length, `end` the update at which the result ends, `text`
        the modifier as written.
        """


class Filter(Modifier):
    """A modifier that changes values or times one by one."""

    def times(self, t: Times) -> Times:
        """The source's times at the result's times `t`; they never go back."""
        return t

    def values(self, source: Signal, t: Times) -> Array:
        """The modified values at times `t`."""
        return source.values(self.times(t))

    def segments(self, source: Signal, stop: float, text: str) -> tuple[Piece, ...]:
        """The pieces of the modified signal."""
        return tuple([Piece(p.start, p.stop, f"{p.text} | {text}") for p in source.segments(stop)])

    def min_max(self, source: Signal, start: int, stop: int) -> tuple[float, float] | None:
        """The lowest and the highest value, if that is known without looking everywhere."""
        return None

    def apply(self, source: Signal, length: Length, end: float, text: str) -> Signal:
        return FilteredSignal(source, self, text, end)


@dataclass(frozen=True, slots=True)
class FilteredSignal(Signal):
    """A signal under a filter; from update `end` on it holds its value."""

    source: Signal
    filter: Filter
    text: str
    end: float

    def values(self, t: Times) -> Array:
        return clamp_end(t, self.end, lambda t: self.filter.values(self.source, t))

    def segments(self, stop: float) -> tuple[Piece, ...]:
        return self.filter.segments(self.source, stop, self.text)

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        if start >= self.end:
            return self.value_at(start), self.value_at(start)
        stop = int(min(stop, self.end + 1))
        found = self.filter.min_max(self.source, start, stop)
        return Signal.min_max(self, start, stop) if found is None else found

    def cycle_ends(self, start: int, stop: int) -> Iterator[int]:
        def time(t: int) -> float:
            return float(np.asarray(self.filter.times(np.array([min(t, self.end)], float)))[0])

        found = start
        for end in self.source.cycle_ends(math.floor(time(start)), math.floor(time(stop))):
            if time(found) < end:  # else another cycle has ended at the same update
                # The first update at which the source has come so far.
                found = bisect.bisect_left(range(stop), float(end), lo=found + 1, key=time)
                yield found


MODIFIERS: Registry[type[Modifier]] = Registry("modifier", "lrdsl.language.modifiers")

M = TypeVar("M", bound=type[Modifier])


def modifier(cls: M) -> M:
    """Register a modifier under its `name`."""
    MODIFIERS.add(cls.name, cls)
    return cls


def ends(length: Length) -> bool:
    """Whether a length is finite."""
    return not (isinstance(length, float) and math.isinf(length))
