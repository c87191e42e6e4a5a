from __future__ import annotations

from typing import Annotated

from pydantic import Field

from lrdsl.language.parameters import NEXT, REST, Steps, Value
from lrdsl.language.shapes.base import Direction, shape
from lrdsl.language.shapes.ramp import Mode, Ramp


@shape
class Warmup(Ramp):
    """A rise to where the next segment starts, along the curve `mode`; to `base` if none follows.

    `warmup(100)` is linear. With the mode `constant` the value stays at start. The curve's own
    parameters are given by name: `power=0.9`.

    Example: `warmup(linear, 100) >> cosine(1, 1e-3, 800)`

    Goyal et al., Accurate, Large Minibatch SGD, 2017 (arXiv:1706.02677).
    """

    level_field = "end"
    promised_direction = Direction.UP
    positional = ("mode", "steps", "start", "end")

    mode: Mode = "linear"
    steps: Annotated[Steps, Field(ge=0)] = REST
    start: Value = 0.0
    end: Value = NEXT
