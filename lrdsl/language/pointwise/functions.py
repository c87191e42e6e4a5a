"""The functions of the pointwise namespace."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, TypeAlias

Operand: TypeAlias = Any
"""Times or values in the form of the namespace that evaluates them, or one number for all."""


class PointwiseFunctions(ABC):
    """A namespace of pure functions that work element by element.

    Arithmetic and comparisons are the operators of the operands. A function never changes its
    arguments, though its result may be one of them.
    """

    @abstractmethod
    def where(self, condition: Operand, x: Operand, y: Operand) -> Operand:
        """`x` where the condition holds, `y` elsewhere."""

    @abstractmethod
    def minimum(self, x: Operand, y: Operand) -> Operand:
        """The smaller one of two values."""

    @abstractmethod
    def maximum(self, x: Operand, y: Operand) -> Operand:
        """The larger one of two values."""

    @abstractmethod
    def floor(self, x: Operand) -> Operand:
        """The largest whole number that is not above `x`."""

    @abstractmethod
    def ceil(self, x: Operand) -> Operand:
        """The smallest whole number that is not below `x`."""

    @abstractmethod
    def sqrt(self, x: Operand) -> Operand:
        """The square root."""

    @abstractmethod
    def exp(self, x: Operand) -> Operand:
        """e to the power of `x`."""

    @abstractmethod
    def exp2(self, x: Operand) -> Operand:
        """2 to the power of `x`."""

    @abstractmethod
    def log1p(self, x: Operand) -> Operand:
        """The natural logarithm of 1 + `x`."""

    @abstractmethod
    def cos_pi(self, t: Operand, span: float, radius: float, offset: float) -> Operand:
        """offset + radius·cos(π·t/span), for times `t` from 0 to `span`."""

    @abstractmethod
    def searchsorted(self, edges: Sequence[float], x: Operand) -> Operand:
        """How many of the `edges`, which are in order, are not above `x`."""

    @abstractmethod
    def take(self, table: Sequence[float], index: Operand) -> Operand:
        """The entries of a table at whole numbers."""

    @abstractmethod
    def interp(self, x: Operand, points: Sequence[tuple[float, float]]) -> Operand:
        """Straight lines through points (x, y), held outside of them."""

    @abstractmethod
    def full_like(self, t: Operand, value: float) -> Operand:
        """One value at all times `t`."""

    def clip(self, x: Operand, low: float, high: float) -> Operand:
        """`x`, kept from `low` to `high`."""
        return self.minimum(self.maximum(x, low), high)

    def blend(self, weight: Operand, one: float, other: float) -> Operand:
        """The mean of `one`, by its weight, and `other`, by what is left of 1."""
        # other + (one - other) can miss one by a rounding error, and an end must be met exactly.
        return self.where(weight == 1.0, one, (one - other) * weight + other)

    def pin(self, values: Operand, t: Operand, at: float, value: float) -> Operand:
        """The values, with exactly `value` at time `at`."""
        return self.where(t == at, value, values)
