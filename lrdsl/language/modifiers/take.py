from __future__ import annotations

from fractions import Fraction
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from lrdsl.language.length import Length
from lrdsl.language.modifiers.base import Filter, modifier
from lrdsl.language.parameters import Updates
from lrdsl.language.signal import Array, Piece, Signal, Times, clamp_end, round_half_up


@modifier
class Take(Filter):
    """The first `n` updates; from then on it holds the value at update n.

    Example: `exponential_decay(0.1, 0.99) | take(500)`
    """

    name: ClassVar[str] = "take"

    n: Annotated[Updates, Field(gt=0)]

    def times(self, t: Times) -> Array:
        return np.minimum(t, float(self.n))

    def values(self, source: Signal, t: Times) -> Array:
        return clamp_end(t, float(self.n), source.values)

    def segments(self, source: Signal, stop: float, text: str) -> tuple[Piece, ...]:
        if stop <= self.n:
            return source.segments(stop)
        *others, last = source.segments(max(round_half_up(self.n), 1))
        return (*others, last._replace(stop=stop))

    def min_max(self, source: Signal, start: int, stop: int) -> tuple[float, float] | None:
        return source.min_max(start, stop) if self.n.denominator == 1 else None

    def length(self, source: Length) -> Length:
        return self.n

    def room(self, outer: Fraction) -> Fraction | None:
        return None
