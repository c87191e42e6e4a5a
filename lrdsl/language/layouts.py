"""The layouts of a repeated schedule: the signals of its rounds, made as they are needed."""

from __future__ import annotations

import bisect
from collections.abc import Callable

from lrdsl.language.length import Exact
from lrdsl.language.modifiers.base import FirstRound, Fit, Layout
from lrdsl.language.round_numbers import NeedsNumber

MAX_LAYOUTS = 1024
"""More layouts than this are not kept."""


class Layouts:
    """The layouts of one schedule; each is made when a round needs it.

    Keeping a layout never changes a value, and no lock guards it: two threads may make the same.
    """

    def __init__(self, first: FirstRound, fit: Callable[[int], Fit]) -> None:
        self.first, self.fit, self.make = first.layout, fit, first.make
        self.counts, self.make_shared = first.counts, first.make_shared
        self._shared: tuple[Layout, ...] = ()
        self._kept: dict[Fit, tuple[Layout, ...]] = {self._fit(0): (self.first,)}

    def _fit(self, k: int) -> Fit:
        """How the schedule is fitted into round k."""
        return self.fit(k)._replace(number=k) if self.counts else self.fit(k)

    def at(self, phase: Exact, k: int = 0) -> Layout:
        """The layout of round k, or of any that the schedule is fitted into likewise."""
        if self.make is None:
            return self.first
        fit = self._fit(k)
        kept = self._kept.get(fit, ())
        if (found := _found(kept, phase)) is not None:
            return found
        layout = self.make(phase, fit)
        if sum(map(len, self._kept.values())) >= MAX_LAYOUTS:
            self._kept, kept = {}, ()
        self._kept[fit] = tuple(sorted([*kept, layout], key=_low))
        return layout

    def of_all_rounds(self, phase: Exact) -> Layout:
        """The layout of all rounds of a phase; `NeedsNumber` where each needs its own."""
        if not self.counts:
            return self.at(phase)
        if self.make_shared is None:
            raise NeedsNumber
        if (kept := _found(self._shared, phase)) is not None:
            return kept
        layout = self.make_shared(phase, self.fit(0))
        if layout is None:
            self.make_shared = None
            raise NeedsNumber
        shared = self._shared if len(self._shared) < MAX_LAYOUTS else ()
        self._shared = tuple(sorted([*shared, layout], key=_low))
        return layout


def _found(layouts: tuple[Layout, ...], phase: Exact) -> Layout | None:
    """The layout that is right for a phase, of some in order."""
    i = bisect.bisect_right(layouts, phase, key=_low) - 1
    return layouts[i] if i >= 0 and phase < layouts[i].high else None


def _low(layout: Layout) -> Exact:
    return layout.low
