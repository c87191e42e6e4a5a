from __future__ import annotations

import math
from typing import Annotated, NamedTuple

from pydantic import Field

from lrdsl.language.modifiers.base import modifier
from lrdsl.language.modifiers.reactive import MetricModifier, State, reduction_factor
from lrdsl.language.parameters import Count, Value


class Progress(NamedTuple):
    """How many metrics have come, the anchor, and how many in a row lay above it."""

    seen: int = 0
    anchor: float = math.inf
    bad: int = 0


@modifier
class Anchor(MetricModifier):
    """Multiplies by `factor` once more than `patience` metrics in a row were above the anchor.

    The anchor is the latest metric that was not above the anchor before it; each of the first
    `grace` metrics becomes the anchor, whatever it is. The value is never reduced below `min_lr`. A
    metric that is NaN or infinite counts as above, and never becomes the anchor.

    Example: `constant(1) | anchor(0.5, patience=2, grace=10)`

    It is SpeechBrain's ReduceLROnPlateau, whose `dont_halve_until_epoch` is `grace`, with a metric
    an epoch. That one also lifts a value that lies below `lr_min` from the start; this never does.
    """

    has_grace = True
    limit_fields = ("min_lr",)

    factor: Annotated[Value, Field(ge=0, le=1)] = 0.5
    patience: Annotated[Count, Field(ge=0)] = 2.0
    grace: Annotated[Count, Field(ge=0)] = 65.0
    min_lr: Value = 1e-8

    def initial_state(self) -> Progress:
        return Progress()

    def update(self, state: State, metric: float) -> tuple[Progress, float]:
        seen, anchor, bad = state
        seen += 1
        if seen <= self.grace:
            return Progress(seen, anchor if math.isnan(metric) else metric, bad), 1.0
        if metric <= anchor:
            return Progress(seen, metric, 0), 1.0
        if bad < self.patience:
            return Progress(seen, anchor, bad + 1), 1.0
        return Progress(seen, anchor, 0), self.factor

    def limited(self, ratio: float, value: float) -> float:
        return reduction_factor(value, ratio, self.min_lr)
