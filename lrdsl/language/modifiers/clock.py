from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal

from lrdsl.language.length import Length
from lrdsl.language.modifiers.base import Filter, modifier
from lrdsl.language.parameters import Kind
from lrdsl.language.time_map import ClockMap


@modifier
class Clock(Filter):
    """Runs the schedule by what has been consumed: its updates are samples, tokens or epochs.

    Numbers without a unit inside it count the clock's own, so that `cosine(3e-4, 3e-5, 10T) |
    clock(tok)` takes 10T tokens however many of them an update has. The clock reads 0 where the
    schedule begins. `stretch(1tok)` says the same.

    Example: `cosine(1, 0, 18) | clock(ep)`
    """

    warps_time = True
    rescales_time = True
    positional = ("unit",)

    unit: Annotated[Literal["ep", "sp", "tok"], Kind.WORD]
    time: Any = None
    """The time map in the run, a ClockMap, which the compiler knows."""

    def time_map(self) -> ClockMap:
        found: ClockMap = self.time
        return found

    def length(self, source: Length) -> Length:
        return self.time_map().length(source)

    def room(self, outer: Fraction) -> Fraction | None:
        return self.time_map().room(outer)
