from __future__ import annotations

import math
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from lrdsl.language.modifiers.base import modifier
from lrdsl.language.modifiers.reactive import MetricModifier, State, reduction_factor
from lrdsl.language.parameters import Count, Kind, Value


class Progress(NamedTuple):
    """The best metric so far, the bad ones in a row since, and how many more are ignored."""

    best: float
    bad: int = 0
    cooling: float = 0


@modifier
class Plateau(MetricModifier):
    """Multiplies by `factor` after more than `patience` metrics in a row without improvement.

    A metric is an improvement when it is below the best one so far (with `mode=max`, above it) by
    more than `threshold`, a share of the best one, or with `threshold_mode=abs` an absolute number.
    The `cooldown` metrics after a change are not counted. The value is never reduced below
    `min_lr`, and a change of `eps` or less is not made. A metric that is NaN or infinite is no
    improvement, and is not remembered.

    Example: `constant(0.1) | plateau(0.5, patience=3)`

    It is torch's ReduceLROnPlateau, which differs in one thing: it remembers an infinite metric.
    """

    reduction_fields = ("factor", "min_lr", "eps")
    limit_fields = ("min_lr", "eps")

    factor: Annotated[Value, Field(ge=0, lt=1)] = 0.1
    patience: Annotated[Count, Field(ge=0)] = 10.0
    mode: Annotated[Literal["min", "max"], Kind.WORD] = "min"
    threshold: Value = 1e-4
    threshold_mode: Annotated[Literal["rel", "abs"], Kind.WORD] = "rel"
    cooldown: Annotated[Count, Field(ge=0)] = 0.0
    min_lr: Value = 0.0
    eps: Annotated[Value, Field(ge=0)] = 1e-8

    def initial_state(self) -> Progress:
        return Progress(math.inf if self.mode == "min" else -math.inf)

    def update(self, state: State, metric: float) -> tuple[Progress, float]:
        best, bad, cooling = state
        if self.threshold_mode == "abs":
            is_better = (
                metric < best - self.threshold
                if self.mode == "min"
                else metric > best + self.threshold
            )
        elif self.mode == "min":
            is_better = metric < best * (1.0 - self.threshold)
        else:
            is_better = metric > best * (1.0 + self.threshold)
        if is_better:
            best, bad = metric, 0
        else:
            bad += 1
        if cooling > 0:
            cooling, bad = cooling - 1, 0
        if bad <= self.patience:
            return Progress(best, bad, cooling), 1.0
        return Progress(best, 0, self.cooldown), self.factor

    def limited(self, ratio: float, value: float) -> float:
        return reduction_factor(value, ratio, self.min_lr, self.eps)
