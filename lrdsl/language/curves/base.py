"""Curves lead from `start` at progress 0 to `end` at progress 1."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from lrdsl.language.parameters import CallableModel
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.util.registry import Registry


class Curve(CallableModel):
    """A transition from one value to another. The fields are the curve's own parameters."""

    is_shape: ClassVar[bool] = True
    """Whether `name(start, end, steps, …)` is a shape too, not a mode alone."""
    default_end: ClassVar[float | None] = 0.0
    """The value of the shape's `end` when it is left out; None: it must be given."""
    hits_endpoints: ClassVar[bool] = True
    """Whether it is exactly `start` at progress 0 and `end` at progress 1, not only near them."""
    is_flat: ClassVar[bool] = False
    """Whether it stays at `start`, whatever `end` is."""

    @abstractmethod
    def interpolate(
        self, start: float, end: float, t: Operand, span: float, xp: PointwiseFunctions
    ) -> Operand:
        """The values at times `t` from 0, where progress is 0, to `span`, where it is 1."""

    def check(self, start: float, end: float) -> None:
        """Raise `ParameterError` if no such curve leads from `start` to `end`."""


class DecayCurve(Curve):
    """A curve given by the weight of its start value, which falls from 1 to 0."""

    @abstractmethod
    def remaining(self, p: Operand, xp: PointwiseFunctions) -> Operand:
        """The weight of the start value at progress `p`."""

    def interpolate(
        self, start: float, end: float, t: Operand, span: float, xp: PointwiseFunctions
    ) -> Operand:
        return xp.blend(self.remaining(t / span, xp), start, end)


class GrowthCurve(Curve):
    """A curve given by the weight of its end value, which grows from 0 to 1."""

    @abstractmethod
    def progress(self, p: Operand, xp: PointwiseFunctions) -> Operand:
        """The weight of the end value at progress `p` of the time."""

    def interpolate(
        self, start: float, end: float, t: Operand, span: float, xp: PointwiseFunctions
    ) -> Operand:
        return xp.blend(self.progress(t / span, xp), end, start)


CURVES: Registry[type[Curve]] = Registry("curve", "lrdsl.language.curves")
curve = CURVES.register
