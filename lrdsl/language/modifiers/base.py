"""Modifiers change the whole of a signal."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar

from lrdsl.language.length import Length
from lrdsl.language.parameters import CallableModel
from lrdsl.language.pointwise.functions import NUMPY, Operand, PointwiseFunctions
from lrdsl.language.pointwise.times import Array
from lrdsl.language.signal import Signal
from lrdsl.language.time_map import IDENTITY, TimeMap
from lrdsl.language.wrapped_signal import WrappedSignal
from lrdsl.util.registry import Registry


class Modifier(CallableModel):
    """A change of a whole signal. The fields are the parameters of its call."""

    bracket: ClassVar[bool] = False
    """Whether it is written `name[…]`."""

    needs_end: ClassVar[str | None] = None
    """Why a source that never ends cannot be modified, as the end of a message; None: it can."""

    warps_time: ClassVar[bool] = False
    """Whether the updates of the result have other numbers by the source's clock."""

    rescales_time: ClassVar[bool] = False
    """Whether the source's clock may count something else than updates."""

    cuts_time: ClassVar[bool] = False
    """Whether its only argument is the time at which the source is cut off."""

    makes_cycles: ClassVar[bool] = False
    """Whether the source comes again and again."""

    limits_values: ClassVar[bool] = False
    """Whether all that it does is to keep the values inside bounds."""

    neutral_arguments: ClassVar[tuple[float, ...] | None] = None
    """The numbers that change nothing as its only argument; (): that depends; None: none does."""

    def length(self, source: Length) -> Length:
        """How long the modified signal is."""
        return source

    def room(self, outer: Fraction) -> Fraction | None:
        """How long the source must be for the result to take `outer` updates; None: undecided."""
        return outer

    def began(self) -> Fraction | None:
        """The source's time when the result's is 0; None where the two run differently."""
        return None if self.warps_time else Fraction(0)

    @abstractmethod
    def apply(self, source: Signal, length: Length, end: float, text: str) -> Signal:
        """The modified signal.

        `length` is the source's exact length, `end` the update at which the result ends, `text`
        the modifier as written. The result should be a `WrappedSignal`, which knows all that the
        source knows, wherever one update of the result reads one time of the source.
        """


class Filter(Modifier):
    """A modifier that reads the source by a time map, or changes its values one by one."""

    def time_map(self) -> TimeMap:
        """How the source's time relates to the result's."""
        return IDENTITY

    def changed(self, values: Operand, xp: PointwiseFunctions) -> Operand:
        """The modified values. A larger value must never become the smaller one."""
        return values

    def apply(self, source: Signal, length: Length, end: float, text: str) -> Signal:
        return FilteredSignal(source, text, self.time_map(), end, filter=self)


@dataclass(frozen=True, slots=True)
class FilteredSignal(WrappedSignal):
    """A signal under a filter."""

    filter: Filter = field(kw_only=True)

    def changed(self, values: Array) -> Array:
        changed: Array = self.filter.changed(values, NUMPY)
        return changed


MODIFIERS: Registry[type[Modifier]] = Registry("modifier", "lrdsl.language.modifiers")
modifier = MODIFIERS.register
