from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from lrdsl.language.modifiers.base import Filter, modifier
from lrdsl.language.parameters import Duration
from lrdsl.language.time_map import Stairs, TimeMap


@modifier
class Every(Filter):
    """Refreshes the value at updates 0, n, 2n, … only; `every(1ep)` steps once an epoch.

    A multiple of `n` that is no whole number of updates is rounded half up.

    Example: `cosine(1, 0, 900) | every(100)`
    """

    name: ClassVar[str] = "every"
    neutral_arguments: ClassVar[tuple[float, ...] | None] = (1.0,)

    n: Annotated[Duration, Field(ge=1)]

    def time_map(self) -> TimeMap:
        return Stairs(self.n)

    @classmethod
    def time_parameters(cls) -> tuple[str, ...]:
        return ()  # `n` says how often the value is refreshed, which is no time of the schedule
