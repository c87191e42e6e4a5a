from __future__ import annotations

import math
from fractions import Fraction
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from lrdsl.language.length import ENDLESS, Exact, Length, decimal_fraction, round_half_up
from lrdsl.language.modifiers.base import FirstRound, Repetition, modifier
from lrdsl.language.parameters import Count, Kind, ParameterError, Value
from lrdsl.language.repeated_signal import (
    Heights,
    Layouts,
    PeriodicSignal,
    UnequalRoundsSignal,
)
from lrdsl.language.signal import LAST_STEP, Signal
from lrdsl.language.time_map import Shift
from lrdsl.language.wrapped_signal import WrappedSignal

MAX_ROUNDS = 100_000
"""Rounds of different length are listed one by one, up to this many."""


@modifier
class Repeat(Repetition):
    """Repeats the schedule, `times` times or without end: a chain of copies.

    Each round takes `stretch` times as many updates as the one before, with all durations inside,
    and its values are `scale` times as far from `about`. With `top`, a value of the schedule, that
    one is multiplied by `scale`, and `about` stays the floor. Rounds begin at exact times, and all
    boundaries are rounded half up, as in a chain.

    Example: `cosine(1, 0, 10) | repeat(stretch=2, scale=0.5)`

    With stretch it is SGDR (Loshchilov and Hutter, 2017, arXiv:1608.03983): `stretch` is T_mult.
    `scale` with `top` is timm's `cycle_decay`.
    """

    needs_end = "so it cannot be repeated"
    warps_time = True
    endless_without = "times"
    neutral_arguments = (1.0,)
    keywords = ("top",)

    times: Annotated[Count, Field(ge=0)] = math.inf
    stretch: Annotated[Value, Field(gt=0)] = 1.0
    scale: Annotated[Value, Field(ge=0)] = 1.0
    about: Value = 0.0
    top: Annotated[float | None, Kind.VALUE] = None

    def model_post_init(self, context: Any) -> None:
        if math.isinf(self.times) and self.stretch < 1:
            message = "rounds that get shorter cannot repeat without end"
            raise ParameterError("stretch", message, "give `times`, the number of rounds")
        if self.top is not None and self.top <= self.about:
            message = f"`top` ({self.top:g}) does not lie above `about` ({self.about:g})"
            raise ParameterError("top", message, "it is the highest value of the first round")

    @property
    def is_regular(self) -> bool:
        """Whether all rounds are of one length."""
        return self.stretch == 1

    def length(self, source: Length) -> Length:
        if not math.isinf(self.times):
            return source * self._rounds(int(self.times))
        if source == 0:
            message = "a schedule without updates cannot be repeated without end"
            raise ParameterError("times", message, "give `times`, the number of rounds")
        return ENDLESS

    def room(self, outer: Fraction) -> Fraction | None:
        if math.isinf(self.times) or self.times == 0:
            return None
        return outer / self._rounds(int(self.times))

    def _rounds(self, count: int) -> Fraction:
        """How many first rounds `count` rounds take."""
        ratio = decimal_fraction(self.stretch)
        if ratio == 1:
            return Fraction(count)
        if count > MAX_ROUNDS or count * abs(math.log(ratio)) > 700:
            message = f"{count} rounds with this stretch are too many"
            raise ParameterError("times", message)
        return (ratio**count - 1) / (ratio - 1)

    def repeated(self, first: FirstRound, end: float, text: str) -> Signal:
        if first.length == 0 or self.times == 0:  # nothing of it is seen but the end
            last = round_half_up(first.phase + first.length)
            return WrappedSignal(first.layout.signal, text, Shift(last), 0)
        layouts, heights = Layouts(first), Heights(self.scale, self.about, self.top)
        if self.is_regular:
            rounds = first.length, first.phase
            return PeriodicSignal(layouts, heights, self.times, end, text, *rounds)
        begins = self._begins(first.length, first.phase)
        starts = [round_half_up(begin) for begin in begins]
        if len(starts) > self.times:
            starts[-1] = int(end)
        edges = np.minimum(np.array(starts, dtype=np.float64), end)
        ratio = decimal_fraction(self.stretch)
        return UnequalRoundsSignal(
            layouts,
            heights,
            len(starts) - 1,
            end,
            text,
            edges,
            begins,
            lambda k: _bounded(first.pace * ratio**k),
        )

    def _begins(self, length: Fraction, phase: Exact) -> list[Exact]:
        """The exact times at which each round begins and the last one ends, as far as runs go."""
        ratio, size, end = decimal_fraction(self.stretch), length, Fraction(phase)
        begins: list[Exact] = [end]
        while len(begins) <= self.times and end < LAST_STEP:
            if len(begins) > MAX_ROUNDS:
                message = f"{MAX_ROUNDS:,} rounds do not reach far: the stretch is too close to 1"
                raise ParameterError("stretch", message, "give `times`, or leave `stretch` out")
            # Exact while it matters, bounded in size always.
            end, size = _bounded(end + size), _bounded(size * ratio)
            begins.append(end)
        return begins


def _bounded(x: Fraction) -> Fraction:
    """The same number; past 512 bits, the nearest with a denominator of 2**64."""
    if x.denominator.bit_length() < 512:
        return x
    return Fraction(round(x * 2**64), 2**64)
