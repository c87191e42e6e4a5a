from __future__ import annotations

from typing import ClassVar

from lrdsl.curves.base import Fade, curve
from lrdsl.signal import Array


@curve
class Linear(Fade):
    """A straight line: start + (end - start)·p, with p = t/steps.

    Example: `linear(1, 0.1, 100)`

    Corresponds to torch's LinearLR and optax's linear_schedule.
    """

    name: ClassVar[str] = "linear"

    def weight(self, p: Array) -> Array:
        return 1.0 - p
