"""Where a term stands: in its chain, in the run, and between its neighbours.

These are named tuples, not frozen dataclasses, because every part of a spec makes several of them:
they take a third of the time to make.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from lrdsl.diagnostics import Span
from lrdsl.language.length import Length, added, shortest
from lrdsl.language.signal import Exact


class Environment(NamedTuple):
    """What durations depend on: the place of a term in its chain and in the run.

    `clock` is the update of the chain at which the term starts, `rest` how many updates of the run
    are left; None is unknown. `caller` is the environment of the call of the definition that the
    term stands in.
    """

    clock: Exact | None = None
    rest: Exact | None = None
    caller: Environment | None = None

    def at(self, clock: Exact | None, rest: Exact | None) -> Environment:
        """Another place in the same definition."""
        return Environment(clock, rest, self.caller)

    def after(self, updates: Exact) -> Environment:
        """The environment of a term that starts so much later, by a clock of its own."""
        return Environment(0, None if self.rest is None else self.rest - updates, self.caller)

    def in_definition(self) -> Environment:
        """The environment of the body of a definition that is called here."""
        return Environment(0, self.rest, self)


NO_ENVIRONMENT = Environment()
"""The environment of what stands in no chain: nothing is known."""


class RunWindow(NamedTuple):
    """The updates of the run that a term is for: those from `start` to before `stop`.

    The term's own clock is at 0 at update `zero`. Under a modifier that warps time a term has no
    such updates; `warped_by` is that modifier's name.

    `origin` is the exact start of the term minus the update that it was rounded to, so that the
    boundaries inside are rounded where they really lie. `room` is the exact length of a term that
    fills the rest.
    """

    zero: Exact
    start: Exact
    stop: Length
    warped_by: str | None
    origin: Exact
    room: Exact | None

    def part(self, start: int, stop: Length, origin: Exact, room: Exact | None) -> RunWindow:
        """The window of a part that begins at `start` and ends at `stop` of this one's clock."""
        zero = self.zero + start
        last = shortest(self.stop, added(stop, self.zero))
        return RunWindow(zero, max(self.start, zero), last, self.warped_by, origin, room)

    def under(self, name: str, began: Exact | None) -> RunWindow:
        """The window of the source of a modifier, whose clock is at `began` when this one is at 0.

        None: the modifier warps time.
        """
        if began is None:
            return self._replace(warped_by=self.warped_by or name)
        return self._replace(zero=self.zero - began)


NeighbourValue: TypeAlias = "Callable[[Span], float | None]"
"""Finds the value of `prev` or `next`; the span is that of the term that needs it."""


class Neighbours(NamedTuple):
    """What values depend on: those of the parts before and after.

    `caller` are the neighbours of the call of the definition that the term stands in.
    """

    prev: NeighbourValue
    next: NeighbourValue
    caller: Neighbours | None = None

    def in_definition(self) -> Neighbours:
        """The neighbours of the body of a definition that is called here."""
        return Neighbours(self.prev, self.next, self)
