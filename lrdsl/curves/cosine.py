from __future__ import annotations

from typing import ClassVar

import numpy as np

from lrdsl.curves.base import Fade, curve
from lrdsl.signal import Array


@curve
class Cosine(Fade):
    """Half a cosine: end + (start - end)·(1 + cos πp)/2, with p = t/steps.

    Example: `cosine(1, 1e-3, 800)`

    Loshchilov and Hutter, SGDR, 2017 (arXiv:1608.03983), without restarts. Corresponds to MXNet's
    CosineScheduler and to torch's CosineAnnealingLR up to T_max.
    """

    name: ClassVar[str] = "cosine"

    def weight(self, p: Array) -> Array:
        return (1.0 + np.cos(np.pi * p)) / 2.0
