"""Terms as they are measured, and the windows of the run that they are placed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from lrdsl.compiler.placed_ir import PlacedTerm
from lrdsl.language.length import Endless, Exact, Length, round_half_up, rounded
from lrdsl.language.modifiers import Modifier
from lrdsl.syntax import ast


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

    def rounded(self, time: Length) -> int | Endless:
        """The whole update at an exact time of the term's clock."""
        return rounded(time, self.origin)

    def update(self, time: Exact) -> int:
        """The same for a time that is known to be finite."""
        return round_half_up(self.origin + time)

    def part(self, time: Exact, at: int, stop: Length, room: Exact | None) -> RunWindow:
        """The window of a part from an exact time, which is rounded to `at`, up to `stop`."""
        zero = self.zero + at
        last = min(self.stop, stop + self.zero)
        origin = self.origin + time - at
        return RunWindow(zero, max(self.start, zero), last, self.warped_by, origin, room)

    def of_source(
        self, cls: type[Modifier], modifier: Modifier | None, room: Exact | None
    ) -> RunWindow:
        """The window of the source of a modifier whose result has this window.

        The modifier is None where it is at fault. `room` is what a source that fills the rest gets.
        """
        inside = self._replace(room=room)
        if cls.warps_time:
            inside = inside._replace(origin=0)
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
    and lets the others decide (`is_number`). `fixed` is the part of the length that is known of a
    chain that fills the rest. A term that never ends only for want of a total (`by_default`) would
    rather fill the rest when something follows. `cause` is the node that sets the length.

    A term that is not `is_sound` has a mistake, which has been noted, and no length.
    """

    place: Callable[[RunWindow], PlacedTerm]
    cause: ast.Node
    length: Length | None = None
    is_sound: bool = True
    is_number: bool = False
    by_default: bool = False
    fixed: Exact = 0


def place_all(parts: Sequence[Measured], window: RunWindow) -> tuple[PlacedTerm, ...]:
    """Some terms in the same window."""
    return tuple([part.place(window) for part in parts])
