from __future__ import annotations

import math
from fractions import Fraction
from typing import Annotated, ClassVar

from pydantic import Field

from lrdsl.language.length import ENDLESS, Length
from lrdsl.language.modifiers.base import Filter, modifier
from lrdsl.language.parameters import Duration
from lrdsl.language.signal import Array, Piece, Signal, Times, scaled


@modifier
class Stretch(Filter):
    """`k` times slower: the value at t is the source's at t/k.

    `k` may be a duration: under `stretch(1ep)` the source's clock counts epochs.

    Example: `cosine(1, 0, 100) | stretch(3)`
    """

    name: ClassVar[str] = "stretch"
    warps: ClassVar[bool] = True

    k: Annotated[Duration, Field(gt=0)]

    def times(self, t: Times) -> Array:
        return scaled(t, 1 / self.k)

    def segments(self, source: Signal, stop: float, text: str) -> tuple[Piece, ...]:
        pieces = source.segments(stop if math.isinf(stop) else math.ceil(stop / self.k))
        edges = [min(math.ceil(piece.start * self.k), stop) for piece in pieces] + [stop]
        return tuple(
            [
                Piece(int(first), last, f"{piece.text} | {text}")
                for piece, first, last in zip(pieces, edges, edges[1:], strict=False)
                if first < last
            ]
        )

    def length(self, source: Length) -> Length:
        return ENDLESS if source is ENDLESS else source * self.k

    def room(self, outer: Fraction) -> Fraction | None:
        return outer / self.k
