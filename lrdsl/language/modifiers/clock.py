from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal

from lrdsl.language.length import Length, ends
from lrdsl.language.modifiers.base import Filter, modifier
from lrdsl.language.modifiers.stretch import Scale
from lrdsl.language.parameters import Kind
from lrdsl.language.time_map import IDENTITY, TimeMap
from lrdsl.language.uneven_clock import Consumed


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
    time: Any = IDENTITY
    """The time map in the run, which the compiler knows."""

    def time_map(self) -> TimeMap:
        found: TimeMap = self.time
        return found

    def length(self, source: Length) -> Length:
        if isinstance(self.time, Scale):
            return source * self.time.k
        if not isinstance(self.time, Consumed) or not ends(source):
            return source
        return self.time.clock.updates_from(self.time.start, source * self.time.per)

    def room(self, outer: Fraction) -> Fraction | None:
        if isinstance(self.time, Scale):
            return outer / self.time.k
        if not isinstance(self.time, Consumed):
            return None
        reading, start = self.time.clock.reading, self.time.start
        return Fraction(reading(start + outer) - reading(start)) / self.time.per
