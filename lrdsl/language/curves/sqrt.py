from __future__ import annotations

from typing import ClassVar

import numpy as np

from lrdsl.language.curves.base import Rise, curve
from lrdsl.language.signal import Array


@curve
class Sqrt(Rise):
    """The 1-sqrt cooldown: start + (end - start)·√p, with p = t/steps. A mode only.

    Example: `constant(1, 80) >> cooldown(sqrt, 20)`

    Hägele et al., Scaling Laws and Compute-Optimal Training Beyond Fixed Training Durations, 2024
    (arXiv:2405.18392).
    """

    name: ClassVar[str] = "sqrt"
    is_shape: ClassVar[bool] = False

    def gone(self, p: Array) -> Array:
        root: Array = np.sqrt(p)
        return root
