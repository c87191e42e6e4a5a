from __future__ import annotations

from fractions import Fraction
from typing import Annotated, ClassVar

from pydantic import Field

from lrdsl.language.length import ENDLESS, Length
from lrdsl.language.modifiers.base import Filter, modifier
from lrdsl.language.parameters import ParameterError, Updates
from lrdsl.language.signal import Piece, Signal, Times, round_half_up, whole


@modifier
class Skip(Filter):
    """What is left without the first `n` updates.

    Example: `cosine(1, 0, 1000) | skip(200)`
    """

    name: ClassVar[str] = "skip"
    warps: ClassVar[bool] = True

    n: Annotated[Updates, Field(gt=0)]

    def times(self, t: Times) -> Times:
        return t + float(self.n)

    def segments(self, source: Signal, stop: float, text: str) -> tuple[Piece, ...]:
        skipped = round_half_up(self.n)
        return tuple(
            [
                Piece(max(start - skipped, 0), whole(end - skipped), f"{formula} | {text}")
                for start, end, formula in source.segments(stop + skipped)
                if end > skipped
            ]
        )

    def min_max(self, source: Signal, start: int, stop: int) -> tuple[float, float] | None:
        if self.n.denominator != 1:
            return None
        return source.min_max(start + self.n.numerator, stop + self.n.numerator)

    def length(self, source: Length) -> Length:
        if source is ENDLESS:
            return ENDLESS
        if source <= self.n:
            there, skipped = float(source), float(self.n)
            message = f"nothing is left: there are {there:g} updates, {skipped:g} are skipped"
            raise ParameterError("n", message)
        return source - self.n

    def began(self) -> Fraction:
        return self.n

    def room(self, outer: Fraction) -> Fraction | None:
        return outer + self.n
