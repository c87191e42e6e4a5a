"""What a shape is, and the forms under which shapes are called."""

from __future__ import annotations

import enum
import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, TypeVar

from lrdsl.language.curves import CURVES, Curve
from lrdsl.language.parameters import CallableModel, ContextDefault, Kind, Parameter
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.util.entry_points import EntryPointGroup
from lrdsl.util.registry import Registry


class Direction(enum.Enum):
    """Where the values of a shape lead; the value is how messages say it."""

    UP = "rises"
    DOWN = "falls"


class Shape(CallableModel):
    """A schedule with its parameters known. The fields are the parameters of its call."""

    name: ClassVar[str]
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
    promised_direction: ClassVar[Direction | None] = None
    """The direction that the name promises: a warmup goes up; None: either."""

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
class Form:
    """How a shape is called: its name, what it takes, and what it makes."""

    name: str
    cls: type[Shape]
    parameters: tuple[Parameter, ...]
    doc: str
    fixed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def bracket(self) -> bool:
        """Whether it is written `name[…]`."""
        return self.cls.bracket

    @cached_property
    def hidden(self) -> Mapping[str, ContextDefault]:
        """Fields that are filled although no call names them."""
        return {k: v for k, v in self.cls.hidden().items() if k not in self.fixed}

    @property
    def curve(self) -> type[Curve] | None:
        """The curve that the name itself stands for: `cosine(…)` is `ramp(cosine, …)`."""
        return self.fixed.get("mode")

    def has(self, kind: Kind) -> bool:
        """Whether some parameter is of that kind."""
        return kind in self._kinds

    @cached_property
    def _kinds(self) -> tuple[Kind, ...]:
        return tuple([parameter.kind for parameter in self.parameters])

    @cached_property
    def valued(self) -> tuple[Parameter, ...]:
        """The parameters that are neither the length nor the name of a curve."""
        apart = (Kind.STEPS, Kind.MODE)
        return tuple([each for each in self.parameters if each.kind not in apart])


def _of_curves(name: str | None) -> bool:
    """Add the shape `cosine(start, end, steps)` of a curve; with None, those of all curves."""
    from lrdsl.language.shapes.ramp import Ramp

    for each in CURVES if name is None else [name]:
        curve = CURVES.find(each)
        if curve is None or not curve.is_shape:
            continue
        if each not in SHAPES.loaded:
            SHAPES.add(each, Ramp.form(each, curve))
        if name is not None:
            return True
    return False


SHAPES: Registry[Form] = Registry(
    "shape", "lrdsl.language.shapes", make=_of_curves, plugins=EntryPointGroup("lrdsl.shapes")
)

S = TypeVar("S", bound=type[Shape])


def shape(cls: S) -> S:
    """Register a shape under its `name`."""
    SHAPES.add(cls.name, Form(cls.name, cls, cls.parameters(), cls.__doc__ or ""))
    return cls
