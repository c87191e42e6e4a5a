"""Numbers that depend on the number of a round, `cycle`, for many rounds at once.

They spare laying out a schedule for each of its rounds. Where a signal needs one number, it asks
for its values alone: that is `NeedsNumber`, and the rounds are laid out one by one then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lrdsl.language.pointwise.rows import filled
from lrdsl.language.pointwise.times import Array, Times
from lrdsl.language.signal import LeafSignal, TimelineSegment


class NeedsNumber(Exception):
    """A value depends on the number of the round, or rounds have mistakes of their own."""


@dataclass(frozen=True, eq=False, slots=True)
class OfRounds:
    """A number that `of` finds for an array of rounds."""

    of: Callable[[Array], Array]

    def __neg__(self) -> OfRounds:
        return OfRounds(lambda k: -self.of(k))

    def __ge__(self, other: object) -> bool:
        raise NeedsNumber


def apply_in_rounds(
    compute: Callable[..., Array], operands: tuple[OfRounds | float, ...]
) -> OfRounds:
    """A function of numbers, some of which depend on the round; all of its outcomes are finite."""

    def of(k: Array) -> Array:
        each = [x.of(k) if isinstance(x, OfRounds) else filled(k.size, x) for x in operands]
        found = compute(*each)
        if not np.isfinite(found).all():
            raise NeedsNumber
        return found

    return OfRounds(of)


@dataclass(frozen=True, slots=True)
class NumberedSignal(LeafSignal):
    """A number that is another one in each round; `text` is how it was written."""

    number: OfRounds
    text: str

    def values(self, t: Times) -> Array:
        raise NeedsNumber

    def values_in_rounds(self, t: Array, k: Array) -> Array:
        return self.number.of(k)

    def segments(self, stop: float) -> tuple[TimelineSegment, ...]:
        return (TimelineSegment(0, stop, self.text, self),)
