from __future__ import annotations

import itertools
import math
from fractions import Fraction
from functools import partial
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from lrdsl.diagnostics import CONFLICTING_ARGUMENTS, WRONG_PLACE, counted
from lrdsl.language.layouts import Layouts
from lrdsl.language.length import (
    ENDLESS,
    Exact,
    Length,
    decimal_fraction,
    ends,
    round_half_up,
)
from lrdsl.language.modifiers.base import FirstRound, Fit, Repetition, modifier
from lrdsl.language.parameters import Count, Kind, ParameterError, Value
from lrdsl.language.repeated_signal import EndSignal, Heights, PeriodicSignal, UnequalRoundsSignal
from lrdsl.language.signal import LAST_STEP, Signal
from lrdsl.language.time_map import Shift
from lrdsl.language.wrapped_signal import WrappedSignal

MAX_ROUNDS = 100_000
"""Rounds of different length are listed one by one, up to this many."""

_Period = Annotated[Fraction, Field(gt=0)]
_Scale = Annotated[float, Field(ge=0)]


@modifier
class Repeat(Repetition):
    """Repeats the schedule, `times` times or without end: a chain of copies.

    Each round takes `stretch` times as many updates as the one before, with all durations inside,
    and its values are `scale` times as far from `about`. With `top`, a value of the schedule, that
    one is multiplied by `scale`, and `about` stays the floor. Rounds begin at exact times, and all
    boundaries are rounded half up, as in a chain.

    `periods` lists how long each round is instead, and `scales` what its values are multiplied by:
    it ends after the last. A schedule that fills the rest fills the period, one that never ends is
    cut off there, and one with a length of its own is stretched to it, with all durations inside.

    Example: `cosine(1, 0, 10) | repeat(stretch=2, scale=0.5)`

    With stretch it is SGDR (Loshchilov and Hutter, 2017, arXiv:1608.03983): `stretch` is T_mult.
    `scale` with `top` is timm's `cycle_decay`.
    """

    needs_end = "so it cannot be repeated"
    warps_time = True
    endless_without = ("times", "periods")
    neutral_arguments = (1.0,)
    keywords = ("top", "periods", "scales")

    times: Annotated[Count, Field(ge=0)] = math.inf
    stretch: Annotated[Value, Field(gt=0)] = 1.0
    scale: Annotated[Value, Field(ge=0)] = 1.0
    about: Value = 0.0
    top: Annotated[float | None, Kind.VALUE] = None
    periods: Annotated[tuple[_Period, ...] | None, Kind.PERIODS] = None
    scales: Annotated[tuple[_Scale, ...] | None, Kind.LIST] = None

    def model_post_init(self, context: Any) -> None:
        given = self.model_fields_set
        if self.periods is None and self.scales is not None:
            fix = "give `periods`, or one `scale`"
            raise ParameterError("scales", "`scales` go with `periods`", fix, WRONG_PLACE)
        if self.periods is not None:
            self._check_lists(self.periods, [name for name in _OF_NO_LIST if name in given])
        elif math.isinf(self.times) and self.stretch < 1:
            message = "rounds that get shorter cannot repeat without end"
            raise ParameterError("stretch", message, "give `times`, the number of rounds")
        if self.top is not None and self.top <= self.about:
            message = f"`top` ({self.top:g}) does not lie above `about` ({self.about:g})"
            raise ParameterError("top", message, "it is the highest value of the first round")

    def _check_lists(self, periods: tuple[Fraction, ...], beside: list[str]) -> None:
        if beside:
            message = f"`{beside[0]}` and `periods` both say how the rounds differ"
            if beside[0] == "times":
                message = "`times` and `periods` both say how many rounds there are"
            fix = "leave one of them out" if beside[0] != "scale" else "list them as `scales`"
            raise ParameterError(beside[0], message, fix, CONFLICTING_ARGUMENTS)
        if not periods:
            raise ParameterError("periods", "`periods` must not be empty", "list a length each")
        if self.scales is not None and len(self.scales) != len(periods):
            rounds, scales = counted(len(periods), "period"), counted(len(self.scales), "scale")
            message = f"{scales} for {rounds}"
            raise ParameterError("scales", message, "give one for each round")

    @property
    def is_regular(self) -> bool:
        """Whether all rounds are of one length."""
        return self.stretch == 1 and self.periods is None

    @property
    def rounds(self) -> float:
        """How many rounds there are."""
        return self.times if self.periods is None else len(self.periods)

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

    def given_length(self) -> Fraction | None:
        return None if self.periods is None else sum(self.periods, Fraction(0))

    def first_length(self, source: Fraction) -> Fraction:
        return source if self.periods is None else self.periods[0]

    def denominators(self, first: Fraction) -> tuple[int, ...]:
        return tuple([each.denominator for each in self.periods or (first,)])

    def fit(self, k: int, source: Length | None, whole: Fit) -> Fit:
        if self.periods is None:
            ratio = decimal_fraction(self.stretch)
            return whole if ratio == 1 else whole._replace(pace=_bounded(whole.pace * ratio**k))
        if source is None or not ends(source) or source == 0:
            return whole._replace(room=self.periods[k] / whole.pace)
        return whole._replace(pace=self.periods[k] / source)

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
        fit = partial(self.fit, source=first.source, whole=first.fit)
        layouts = Layouts(first, (lambda _: first.fit) if self.is_regular else fit)
        heights = Heights(self.scale, self.about, self.top, self.scales)
        if first.length == 0 or self.times == 0:  # nothing of it is seen but the end of the last
            shift = Shift(round_half_up(first.phase + first.length))
            k = max(int(self.times) - 1, 0)
            last = layouts.at(first.phase, k).signal
            if not heights.have_rows and self.scale == 1:
                return WrappedSignal(last, text, shift, 0)
            return EndSignal(last, text, shift, 0, heights=heights, number=k)
        if self.is_regular:
            rounds = first.length, first.phase
            return PeriodicSignal(layouts, heights, self.times, end, text, *rounds)
        begins = self._begins(first.length, first.phase)
        starts = [round_half_up(begin) for begin in begins]
        if len(starts) > self.rounds:
            starts[-1] = int(end)
        edges = np.minimum(np.array(starts, dtype=np.float64), end)
        at_end: float = edges[-1] - edges[-2]
        if first.source == ENDLESS:
            at_end = min(at_end, float(begins[-1] - begins[-2]))
        count = len(starts) - 1
        return UnequalRoundsSignal(layouts, heights, count, end, text, edges, begins, at_end)

    def _begins(self, length: Fraction, phase: Exact) -> list[Exact]:
        """The exact times at which each round begins and the last one ends, as far as runs go."""
        if self.periods is not None:
            return [*itertools.accumulate(self.periods, initial=Fraction(phase))]
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


_OF_NO_LIST = ("times", "stretch", "scale")
"""The parameters of rounds that no list describes."""


def _bounded(x: Fraction) -> Fraction:
    """The same number; past 512 bits, the nearest with a denominator of 2**64."""
    if x.denominator.bit_length() < 512:
        return x
    return Fraction(round(x * 2**64), 2**64)
