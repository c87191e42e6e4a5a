from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from lrdsl.language.modifiers.base import Filter, modifier
from lrdsl.language.parameters import Duration
from lrdsl.language.signal import Array, Times, last_multiple, multiple


@modifier
class Every(Filter):
    """Refreshes the value at updates 0, n, 2n, … only; `every(1ep)` steps once an epoch.

    A multiple of `n` that is no whole number of updates is rounded half up.

    Example: `cosine(1, 0, 900) | every(100)`
    """

    name: ClassVar[str] = "every"

    n: Annotated[Duration, Field(ge=1)]

    def times(self, t: Times) -> Array:
        return multiple(last_multiple(t, self.n), self.n)
