from __future__ import annotations

import functools
from typing import Annotated, Any

from pydantic import Field

from lrdsl.language.curves import CURVES, Curve
from lrdsl.language.parameters import PREV, REQUIRED, REST, Flag, Kind, Parameter, Steps, Value
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.language.shapes.base import SHAPES, Shape, ShapeSignature, shape

Mode = Annotated[Any, Kind.MODE]
"""A curve with its parameters known; the default of a field is the curve's name."""


@shape
class Ramp(Shape):
    """The curve named by `mode`, from start to end in `steps` updates.

    The curve's own parameters follow: `ramp(polynomial, 1, 0, 800, power=0.9)`. The value reaches
    `end` at the first update after the segment; with closed=true, at the segment's last update.

    Example: `ramp(sqrt, 1, 0, 100)`
    """

    keywords = ("closed",)
    start_field = "start"
    level_field = "start"

    mode: Mode
    start: Value = PREV
    end: Value = 0.0
    steps: Annotated[Steps, Field(ge=0)] = REST
    closed: Flag = False

    def model_post_init(self, context: Any) -> None:
        self.mode.check(self.start, self.end)

    def values(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        span = self.end_time
        if span == 0:  # the one time that there is, 0, is at the end
            t, span = t + 1.0, 1.0
        values = self.mode.interpolate(self.start, self.end, t, span, xp)
        # Rounding may step a hair over an end of the curve.
        low, high = xp.minimum(self.start, self.end), xp.maximum(self.start, self.end)
        return xp.clip(values, low, high)

    @property
    def end_time(self) -> float:
        return float(max(self.steps - 1 if self.closed else self.steps, 0))

    @classmethod
    def signature(cls, name: str, curve: type[Curve]) -> ShapeSignature:
        """The signature `name(start, end, steps, …)` of a curve."""
        start, end, steps = (cls._parameter(field, True) for field in ("start", "end", "steps"))
        if curve.default_end is None:
            end = Parameter("end", end.kind, REQUIRED)
        own = (start, end, steps, *curve.parameters(), cls._parameter("closed", False))
        return ShapeSignature(name, cls, own, curve.__doc__ or "", curve)


@functools.lru_cache(maxsize=256)
def shipped_shape(name: str) -> ShapeSignature | None:
    """The shape of lrdsl's own that has a name, of its module or of a curve; None without one.

    >>> str(shipped_shape("cosine").parameters[2])
    'steps=rest'
    """
    if SHAPES.has_module(name) and (cls := SHAPES.get(name)) is not None:
        return ShapeSignature(name, cls, cls.parameters(), cls.__doc__ or "")
    curve = CURVES.get(name)
    return None if curve is None or not curve.is_shape else Ramp.signature(name, curve)
