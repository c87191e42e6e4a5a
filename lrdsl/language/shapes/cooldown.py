from __future__ import annotations

from lrdsl.language.parameters import PREV, Value
from lrdsl.language.shapes.base import Direction, shape
from lrdsl.language.shapes.ramp import Mode, Ramp


@shape
class Cooldown(Ramp):
    """A fall from where the previous segment ends to `end`, along the curve `mode`.

    `cooldown(200)` is linear. The curve's own parameters are given by name: `power=0.9`.

    Example: `constant(1, 800) >> cooldown(sqrt, 200)`
    """

    promised_direction = Direction.DOWN
    positional = ("mode", "steps", "end")

    mode: Mode = "linear"
    start: Value = PREV
