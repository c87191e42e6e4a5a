"""The base class of shapes, and the signatures that they are called with."""

from __future__ import annotations

import enum
import math
from abc import abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

from lrdsl.language.curves import Curve
from lrdsl.language.parameters import UNTIL, CallableModel, Kind, Parameter
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.util.forks import lazy_property
from lrdsl.util.registry import Registry


class Direction(enum.Enum):
    """Where the values of a shape lead; the value is how messages say it."""

    UP = "rises"
    DOWN = "falls"


class Shape(CallableModel):
    """A schedule with its parameters known. The fields are the parameters of its call."""

    bracket: ClassVar[bool] = False
    """Whether it is written `name[…]`."""
    start_field: ClassVar[str | None] = None
    """The field that is exactly the value at update 0, if there is one."""
    level_field: ClassVar[str | None] = None
    """The field that is the learning rate at which the shape works, if there is one."""
    factor_field: ClassVar[str | None] = None
    """The field by which the value is multiplied again and again, if there is one."""
    allows_no_length: ClassVar[bool] = False
    """Whether it needs no length where nothing follows and the run's length is unknown."""
    lets_others_decide: ClassVar[bool] = False
    """Whether it takes the length of what it is combined with, as a number does."""
    is_stepped: ClassVar[bool] = False
    """Whether it stays the same for many updates, where its values are computed alike."""
    promised_direction: ClassVar[Direction | None] = None
    """The direction that the name promises: a warmup goes up; None: either."""

    @classmethod
    def stair(cls, given: Collection[str]) -> str | None:
        """The field with the period at whose multiples the value drops or rises in steps.

        None if it has no such period when the arguments `given` are. A class that has one has a
        field `phase`, too: how far its exact start lies behind its first update.
        """
        return None

    @abstractmethod
    def values(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        """The values at local times `t` from 0 to `end_time`, as a formula of functions of `xp`."""

    @property
    def end_time(self) -> float:
        """The local time from which on the value is held: by default the field `steps`."""
        return float(self.__dict__.get("steps", math.inf))  # pydantic's getattr is slow

    @property
    def extrema_steps(self) -> tuple[int, ...] | None:
        """The updates between which the values only fall or only rise; None if unknown."""
        return ()


@dataclass(frozen=True)
class ShapeSignature:
    """How a shape is called: its name, what it takes, and what it makes.

    `curve` is the curve that the name stands for: `cosine(…)` is `ramp(cosine, …)`. `origin` is the
    qualified name of what `lrdsl.shape` made the shape of, "" for the shapes of lrdsl.
    """

    name: str
    cls: type[Shape]
    parameters: tuple[Parameter, ...]
    doc: str
    curve: type[Curve] | None = None
    origin: str = ""

    @property
    def bracket(self) -> bool:
        """Whether it is written `name[…]`."""
        return self.cls.bracket

    @lazy_property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of the parameters."""
        return frozenset([parameter.kind for parameter in self.parameters])

    @property
    def accepted(self) -> tuple[Parameter, ...]:
        """All that a call may give: what takes `steps` takes `until` instead."""
        return (*self.parameters, UNTIL) if Kind.STEPS in self.kinds else self.parameters


SHAPES: Registry[type[Shape]] = Registry("shape", "lrdsl.language.shapes")
"""The shapes that have modules of their own; curves make others, see `shipped_shape`."""
shape = SHAPES.register
