from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from lrdsl.parameters import Duration, Lean, Value, lean
from lrdsl.shapes.base import Shape, shape
from lrdsl.signal import Array, last_multiple


@shape
class Step(Shape):
    """start·gamma^⌊t/every⌋: times gamma at update every, 2·every and so on. It never ends.

    A multiple of `every` that is no whole number of updates is rounded half up.

    Example: `step(0.1, 0.5, 30)`

    Corresponds to torch's StepLR.
    """

    name: ClassVar[str] = "step"
    begins_at: ClassVar[str | None] = "start"

    start: Value = lean(Lean.PREV)
    gamma: Annotated[Value, Field(gt=0)]
    every: Annotated[Duration, Field(ge=1)]

    def values(self, t: Array) -> Array:
        return self.start * self.gamma ** last_multiple(t, self.every)
