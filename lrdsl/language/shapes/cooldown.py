from __future__ import annotations

from lrdsl.language.parameters import ContextDefault, Value, default_from
from lrdsl.language.shapes.base import Direction, shape
from lrdsl.language.shapes.ramp import Mode, Ramp


@shape
class Cooldown(Ramp):
    """The curve named by `mode` from where the previous segment ends down to `end`.

    The curve's own parameters follow.

    Example: `constant(1, 800) >> cooldown(sqrt, 200)`
    """

    promised_direction = Direction.DOWN
    positional = ("mode", "steps", "end")

    mode: Mode = "linear"
    start: Value = default_from(ContextDefault.PREV)
