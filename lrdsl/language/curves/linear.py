from __future__ import annotations

from typing import ClassVar

from lrdsl.language.curves.base import Rise, curve
from lrdsl.language.signal import Array


@curve
class Linear(Rise):
    """A straight line: start + (end - start)·p, with p = t/steps.

    Example: `linear(1, 0.1, 100)`

    Corresponds to torch's LinearLR and optax's linear_schedule.
    """

    name: ClassVar[str] = "linear"

    def gone(self, p: Array) -> Array:
        return p
