"""Terms as they are measured, and the windows of the run that they are placed in."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

from lrdsl.compiler.placed_ir import PlacedTerm
from lrdsl.language.length import ENDLESS, Endless, Exact, Length, round_half_up
from lrdsl.language.modifiers import Modifier
from lrdsl.syntax import ast


class PhaseLimits:
    """The phases of a round with which all boundaries inside it are rounded to the same updates.

    They reach from `low` to before `high`. Rounds whose phase is a multiple of `unit` are looked
    for. Where the round is part of a round of another repetition, whose limits are `outer`, the
    other rounds beside it begin at multiples of `size`.
    """

    def __init__(self, phase: Exact, unit: Exact, size: Exact, outer: PhaseLimits | None) -> None:
        self.phase, self.unit, self.size, self.outer = phase, unit, size, outer
        self.low: Exact = -_HALF
        self.high: Exact = _HALF

    def meet(self, exact: Exact, every: Exact = 1) -> None:
        """Note a boundary at an exact time, and others at multiples of `every` from it."""
        grid = 1 if every == 1 else _common_divisor(every, 1)
        over = (exact + _HALF) % grid  # it could be that much earlier, and be rounded likewise
        low = self.phase - over
        self.low, self.high = max(self.low, low), min(self.high, low + grid)
        if self.outer is not None:
            self.outer.meet(exact, _common_divisor(grid, self.size))

    def pin(self) -> None:
        """Note boundaries that nothing is known of."""
        self.low, self.high = self.phase, self.phase + self.unit
        if self.outer is not None:
            self.outer.pin()


_HALF = Fraction(1, 2)


def _common_divisor(a: Exact, b: Exact) -> Fraction:
    """The largest number of which two numbers are multiples.

    >>> _common_divisor(Fraction(3, 2), 1)
    Fraction(1, 2)
    """
    over = a.denominator * b.denominator
    return Fraction(math.gcd(a.numerator * b.denominator, b.numerator * a.denominator), over)


class RunWindow(NamedTuple):
    """The updates of the run that a term is for: those from `start` to before `stop`.

    The term's own clock is at 0 at update `zero`. Under a modifier that warps time a term has no
    such updates; `warped_by` is that modifier's name.

    `origin`, the phase, is the exact start of the term minus the update that it was rounded to, so
    that the boundaries inside are rounded where they really lie. `room` is the exact length of a
    term that fills the rest. In a round of a `repeat` that takes longer, all durations inside last
    `pace` times as long. `limits` notes all boundaries inside a round. `depth` is the number of
    repetitions around it whose rounds are not alike.
    """

    zero: Exact
    start: Exact
    stop: Length
    warped_by: str | None
    origin: Exact
    room: Exact | None
    pace: Exact = 1
    limits: PhaseLimits | None = None
    depth: int = 0

    def rounded(self, time: Length) -> int | Endless:
        """The whole update at an exact time of the term's clock."""
        return ENDLESS if isinstance(time, Endless) else self.update(time)

    def update(self, time: Exact) -> int:
        """The same for a time that is known to be finite."""
        exact = self.origin + (time if self.pace == 1 else time * self.pace)
        if self.limits is not None:
            self.limits.meet(exact)
        return round_half_up(exact)

    def meet_multiples(self, every: Exact) -> None:
        """Note that there are boundaries at the multiples of a number of updates."""
        if self.limits is not None:
            self.limits.meet(self.origin, every)

    def part(self, time: Exact, at: int, stop: Length, room: Exact | None) -> RunWindow:
        """The window of a part from an exact time, which is rounded to `at`, up to `stop`."""
        zero = self.zero + at
        last = min(self.stop, stop + self.zero)
        origin = self.origin + (time if self.pace == 1 else time * self.pace) - at
        start = max(self.start, zero)
        warp, pace, limits, depth = self.warped_by, self.pace, self.limits, self.depth
        return RunWindow(zero, start, last, warp, origin, room, pace, limits, depth)

    def of_source(
        self, cls: type[Modifier], modifier: Modifier | None, room: Exact | None
    ) -> RunWindow:
        """The window of the source of a modifier whose result has this window.

        The modifier is None where it is at fault. `room` is what a source that fills the rest gets.
        """
        if cls.makes_cycles:  # each round begins at its own exact start
            zero, start, stop, warp, origin, _, pace, limits, depth = self
            return RunWindow(zero, start, stop, warp or cls.name, origin, room, pace, limits, depth)
        inside = self._replace(room=room)
        if cls.rescales_time or (cls.counts_updates and self.pace != 1):
            inside = inside._replace(pace=1, origin=0, limits=None)
        elif cls.warps_time:
            inside = inside._replace(origin=0, limits=None)
        if modifier is None:
            return inside
        began = modifier.began()
        if began is None:  # the two clocks run differently
            return inside._replace(warped_by=self.warped_by or cls.name)
        return inside._replace(zero=inside.zero - began)

    def faulty(self) -> RunWindow:
        """The window of a term whose place is unknown, in which its mistakes are looked for."""
        return self._replace(origin=0, room=1)


class Measured(NamedTuple):
    """The length of a term in an environment, and what places the term in its window.

    `length` is None for a term that fills the rest of the run. A plain number has no length at all
    and lets the others decide (`is_number`). It has a say up to `reach`, where the last entry of an
    `interval` ends; unless it `is_steady` it may change all the same. `fixed` is the part of the
    length that is known of a chain that fills the rest. A term that never ends only for want of a
    total (`by_default`) would rather fill the rest when something follows. `cause` is the node that
    sets the length.

    A term that is not `is_sound` has a mistake, which has been noted, and no length.
    """

    place: Callable[[RunWindow], PlacedTerm]
    cause: ast.Node
    length: Length | None = None
    is_sound: bool = True
    is_number: bool = False
    by_default: bool = False
    fixed: Exact = 0
    reach: Exact = 0
    is_steady: bool = False

    @property
    def may_change_unheard(self) -> bool:
        """Whether it may change without having a say in lengths."""
        return self.is_number and not self.is_steady


def place_all(parts: Sequence[Measured], window: RunWindow) -> tuple[PlacedTerm, ...]:
    """Some terms in the same window."""
    return tuple([part.place(window) for part in parts])
