from __future__ import annotations

from fractions import Fraction
from typing import Annotated, ClassVar

from pydantic import Field

from lrdsl.language.modifiers.base import Filter, Length, modifier
from lrdsl.language.parameters import Updates
from lrdsl.language.signal import Signal
from lrdsl.language.time_map import Hold, TimeMap


@modifier
class Take(Filter):
    """The first `n` updates; from then on it holds the value at update n.

    Example: `exponential_decay(0.1, 0.99) | take(500)`
    """

    name: ClassVar[str] = "take"
    neutral_arguments: ClassVar[tuple[float, ...] | None] = ()

    n: Annotated[Updates, Field(gt=0)]

    def time_map(self) -> TimeMap:
        return Hold(self.n)

    def apply(self, source: Signal, length: Length, end: float, text: str) -> Signal:
        return super().apply(source, length, end, "")  # the formulas stay what they are

    def length(self, source: Length) -> Length:
        return self.n

    def room(self, outer: Fraction) -> Fraction | None:
        return None
