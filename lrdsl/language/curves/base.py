"""What a curve is: a way from `start` at progress 0 to `end` at progress 1."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, TypeVar

import numpy as np

from lrdsl.language.parameters import CallableModel
from lrdsl.language.signal import Array, Times
from lrdsl.util.registry import Registry


class Curve(CallableModel):
    """A way from one value to another. The fields are the curve's own parameters."""

    name: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    is_shape: ClassVar[bool] = True
    """Whether `name(start, end, steps, …)` is a shape too, not a mode alone."""
    default_end: ClassVar[float | None] = 0.0
    """What the shape's `end` is when left out; None: it must be given."""
    meets_ends: ClassVar[bool] = True
    """Whether it is at `start` at progress 0 and leads to `end`; else it only comes near them."""

    @abstractmethod
    def between(self, start: float, end: float, t: Times, span: float) -> Array:
        """The values at times `t` from 0, where progress is 0, to `span`, where it is 1."""

    def check(self, start: float, end: float) -> None:
        """Raise `ParameterError` if no such curve leads from `start` to `end`."""


class Fade(Curve):
    """A curve given by the weight of its start value, which falls from 1 to 0."""

    @abstractmethod
    def weight(self, p: Array) -> Array:
        """The weight of the start value at progress `p`."""

    def between(self, start: float, end: float, t: Times, span: float) -> Array:
        return _mixed(self.weight(progress(t, span)), start, end)


class Rise(Curve):
    """A curve given by how much of the way has been gone, from 0 to 1."""

    @abstractmethod
    def gone(self, p: Array) -> Array:
        """How much of the way has been gone at progress `p`."""

    def between(self, start: float, end: float, t: Times, span: float) -> Array:
        return _mixed(self.gone(progress(t, span)), end, start)


def _mixed(weight: Array, one: float, other: float) -> Array:
    """One value by its weight, and another by what is left of 1."""
    values = (one - other) * weight
    values += other
    # other + (one - other) can miss one by a rounding error, and an end must be met exactly.
    values[weight == 1.0] = one
    return values


def progress(t: Times, span: float) -> Array:
    """How much of the way's time has gone: from 0 to 1."""
    return np.asarray(t) / span


CURVES: Registry[type[Curve]] = Registry("curve", "lrdsl.language.curves")

C = TypeVar("C", bound=type[Curve])


def curve(cls: C) -> C:
    """Register a curve under its `name` and its `aliases`."""
    return CURVES.register(cls.name, *cls.aliases)(cls)  # type: ignore[return-value]
