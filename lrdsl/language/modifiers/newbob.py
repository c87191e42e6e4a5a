from __future__ import annotations

import math
from typing import Annotated, NamedTuple

from pydantic import Field

from lrdsl.language.modifiers.base import modifier
from lrdsl.language.modifiers.reactive import MetricModifier, State
from lrdsl.language.parameters import Count, Value


class Progress(NamedTuple):
    """The metric before, if there was one, and how many bad metrics are still tolerated."""

    previous: float | None
    patience: float


@modifier
class Newbob(MetricModifier):
    """Multiplies by `factor` when a metric improves too little on the one before it.

    The improvement is (before - now) / before, or 0 where the metric before is 0; below `threshold`
    it is too little. The first `patience` such metrics are tolerated, and as many after each
    change. A metric that is NaN or infinite is no improvement, and is not remembered.

    Example: `constant(1) | newbob(0.5, threshold=0.01)`

    It is SpeechBrain's NewBobScheduler, after the schedule of ICSI's QuickNet.
    """

    factor: Annotated[Value, Field(ge=0, le=1)] = 0.5
    threshold: Value = 0.0025
    patience: Annotated[Count, Field(ge=0)] = 0.0

    def initial_state(self) -> Progress:
        return Progress(None, self.patience)

    def update(self, state: State, metric: float) -> tuple[Progress, float]:
        previous, patience = state
        remembered = previous if math.isnan(metric) else metric
        if previous is None:
            return Progress(remembered, patience), 1.0
        gain = 0.0 if previous == 0 else (previous - metric) / previous
        if gain >= self.threshold:
            return Progress(remembered, patience), 1.0
        if patience > 0:
            return Progress(remembered, patience - 1), 1.0
        return Progress(remembered, self.patience), self.factor
