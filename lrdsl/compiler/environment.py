"""What surrounds a term being resolved: where it stands, how long it is, what is beside it.

These are named tuples, not frozen dataclasses, because every part of a spec makes several of them:
they take a third of the time to make, and to make anew with a change.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from lrdsl.diagnostics import Span
from lrdsl.language.modifiers.base import Length
from lrdsl.language.signal import Exact, Signal
from lrdsl.syntax import ast

Ask: TypeAlias = "Callable[[Span], float | None]"
"""A question for a value, `prev` or `next`; the span is who asks, for a complaint."""


class Place(NamedTuple):
    """Where a term stands in its chain and in the run; None is unknown.

    `outer` is where the definition was called that the term stands in.
    """

    clock: Exact | None
    rest: Exact | None
    outer: Place | None = None

    def moved(self, clock: Exact | None, rest: Exact | None) -> Place:
        """Another place in the same definition."""
        return Place(clock, rest, self.outer)

    def inside(self) -> Place:
        """The start of what a definition called here stands for."""
        return Place(0, self.rest, self)


class Extent(NamedTuple):
    """How long a term is.

    `length` is exact; inf for what never ends, None for what fills the rest of the run. A plain
    number has no length at all and lets the others decide (`is_number`). `fixed` is the part of
    the length that is known of an open chain, `node` what to point at. What never ends only for
    want of a total (`by_default`) would rather fill the rest when something follows.
    """

    length: Length | None
    node: ast.Node
    is_number: bool = False
    by_default: bool = False
    fixed: Exact = 0

    @property
    def is_open(self) -> bool:
        """Whether it fills the rest."""
        return self.length is None

    @property
    def never_ends(self) -> bool:
        """Whether nothing can follow."""
        return self.length == math.inf


class Layout(NamedTuple):
    """A chain's parts: where they stand and how long they are, and the whole.

    A part that fills the rest has no length yet, but may have one that is fixed inside. Where
    something is wrong `whole` is None, and the extents are of no use.
    """

    places: list[Place]
    extents: list[Extent]
    whole: Extent | None


class Window(NamedTuple):
    """Which updates of the run a term is for: those from `start` to before `stop`.

    Its own clock is at 0 at update `zero`. Under a modifier that warps time a term has no such
    updates; `warped_by` is that modifier's name.
    """

    zero: Exact = 0
    start: Exact = 0
    stop: Length = math.inf
    warped_by: str | None = None

    def part(self, start: int, stop: Length) -> Window:
        """The window of what begins at `start` and ends at `stop` of this one's clock."""
        zero = self.zero + start
        first, last = max(self.start, zero), min(self.stop, self.zero + stop)
        return Window(zero, first, last, self.warped_by)

    def under(self, name: str, began: Exact | None) -> Window:
        """The window of what a modifier changes, whose clock is at `began` when its own is at 0.

        None: the modifier warps time.
        """
        if began is None:
            return self._replace(warped_by=self.warped_by or name)
        return self._replace(zero=self.zero - began)


class Frame(NamedTuple):
    """What a term is built in.

    `window` is where it stands in the run. `origin` is the exact start minus the update it was
    rounded to, so that boundaries inside are rounded where they really lie. `room` is the exact
    length for a term that fills what it gets.
    """

    place: Place
    window: Window
    origin: Exact
    room: Exact | None
    prev: Ask
    next: Ask
    outer: Frame | None = None
    """The frame where the definition was called that the term stands in."""


@dataclass(slots=True)
class Cell:
    """A part of a chain while the chain is being built: made when first asked for."""

    make: Callable[[], Signal | None]
    begin: Callable[[], float | None] | None
    """The value at its first update, when that is known without making it."""
    length: int | None
    lean_on_base: Callable[[Span], float | None]
    signal: Signal | None = None
    start: float | None = None
    begun: bool = False
    made: bool = False
    asking: bool = False
    met: bool = False

    def get(self) -> Signal | None:
        if not self.made:
            self.signal = self.make()
            self.made = True
        return self.signal

    def first(self, span: Span) -> float | None:
        """The value that it starts at."""
        if not self.begun:
            if self.begin is not None and not self.made:
                found = self.begin()
            else:
                signal = self.get()
                found = None if signal is None else signal.value_at(0)
            self.start, self.begun = found, True
        return self.start

    def last(self, span: Span) -> float | None:
        """The value that it ends at."""
        if self.asking:
            # The part after asks for the end of this one, which waits for that part's start.
            self.met = True
            return self.lean_on_base(span)
        signal = self.get()
        return None if signal is None or self.length is None else signal.value_at(self.length)

    def ask(self, following: Ask, span: Span) -> float | None:
        """What follows starts at; where each would lean on the other they meet at base."""
        self.asking, self.met = True, False
        found = following(span)
        self.asking = False
        return self.lean_on_base(span) if self.met else found
