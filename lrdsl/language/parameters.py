"""The parameters of shapes, curves and modifiers: their kinds and their defaults.

Parameters are the fields of a frozen pydantic model. The annotation of a field says what may be
written there (`Value`, `Steps`, …), its default what happens when nothing is; the model checks the
numbers once they are known.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, ClassVar, NamedTuple, get_args

from annotated_types import Ge
from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticUndefined

from lrdsl.diagnostics import OUT_OF_RANGE, Problem
from lrdsl.syntax.ast import Node
from lrdsl.syntax.unparse import unparse


class Kind(enum.Enum):
    """The kind of an argument; the value is its name in messages."""

    VALUE = "a value"
    VALUES = "a value or a list of values"
    STEPS = "a duration, the length of the segment,"
    UPDATES = "a duration"  # whole, if it is written as a plain number
    DURATION = "a duration "
    MILESTONES = "a list of durations"
    PERIODS = "a list of lengths"
    COUNT = "a count"
    FLAG = "true or false"
    WORD = "a word"
    LIST = "a list of values"
    MODE = "the name of a curve"
    POINTS = "entries `update:value`"
    ENTRIES = "entries such as `600:*0.5`"


TIME_KINDS = frozenset({Kind.STEPS, Kind.UPDATES, Kind.DURATION, Kind.MILESTONES, Kind.PERIODS})
"""The kinds of durations and of lists of them."""

DURATION_KINDS = frozenset({Kind.UPDATES, Kind.DURATION})
"""The kinds of single durations that are no length of a segment."""


class ContextDefault(enum.Enum):
    """Defaults that lean on something else; the value is how the language spells them."""

    PREV = "prev"
    NEXT = "next"
    BASE = "base"
    REST = "rest"


# The same, as the defaults of fields of any type.
PREV: Any = ContextDefault.PREV
NEXT: Any = ContextDefault.NEXT
BASE: Any = ContextDefault.BASE
REST: Any = ContextDefault.REST

Value = Annotated[float, Kind.VALUE]
Values = Annotated[float | tuple[float, ...], Kind.VALUES]
Steps = Annotated[int, Kind.STEPS]
Updates = Annotated[Fraction, Kind.UPDATES]
Duration = Annotated[Fraction, Kind.DURATION]
Milestones = Annotated[tuple[int, ...], Kind.MILESTONES]
Count = Annotated[float, Kind.COUNT]
Flag = Annotated[bool, Kind.FLAG]


class Parameter(NamedTuple):
    """One parameter: its name, kind and default (`REQUIRED` if it has none)."""

    name: str
    kind: Kind
    default: Any
    positional: bool = True
    words: tuple[str, ...] = ()
    """The words that may be given; they are the field's `Literal`."""

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is REQUIRED

    def __str__(self) -> str:
        if self.required:
            return self.name
        default = self.default.value if isinstance(self.default, ContextDefault) else self.default
        if isinstance(default, bool) or default is None:
            default = "_" if default is None else str(default).lower()
        elif isinstance(default, (float, Fraction)):
            default = f"{float(default):g}".replace("e-0", "e-")
        elif isinstance(default, Node):
            default = unparse(default)
        elif isinstance(default, list):
            default = f"[{', '.join(f'{item:g}' for item in default)}]"
        return f"{self.name}={default}"


REQUIRED: Any = PydanticUndefined

UNTIL = Parameter("until", Kind.DURATION, None, positional=False)
"""Where a segment ends on its chain's clock."""


class ParameterError(Exception):
    """A parameter whose value is impossible beside the others; `fix` says what to do."""

    def __init__(
        self, parameter: str, message: str, fix: str | None = None, problem: Problem = OUT_OF_RANGE
    ) -> None:
        super().__init__(message)
        self.problem = problem
        self.parameter = parameter
        self.message = message
        self.fix = fix


class CallableModel(BaseModel):
    """The base of everything that is called by name in a spec."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True, strict=False
    )

    name: ClassVar[str]
    """Its name in specs; for what comes with lrdsl, the name of its module."""

    aliases: ClassVar[tuple[str, ...]] = ()
    """Other names of it."""

    positional: ClassVar[tuple[str, ...] | None] = None
    """The parameters that may be given by position, in this order; None: all in field order."""

    keywords: ClassVar[tuple[str, ...]] = ()
    """Parameters given by name only. A field that is neither is filled by its default alone."""

    is_endless: ClassVar[bool] = False
    """Whether it goes on changing for as long as the run does, whatever its arguments are."""

    endless_without: ClassVar[tuple[str, ...]] = ()
    """The parameters without all of which it goes on for as long as the run does, if there are."""

    @classmethod
    @functools.cache
    def parameters(cls) -> tuple[Parameter, ...]:
        """The parameters of a call, in order.

        >>> from lrdsl.language.shapes.warmup import Warmup
        >>> [str(p) for p in Warmup.parameters()]
        ['mode=linear', 'steps=rest', 'start=0', 'end=next', 'closed=false']
        """
        named = cls.positional
        if named is None:
            named = tuple(name for name in cls.model_fields if name not in cls.keywords)
        return tuple(
            [cls._parameter(name, True) for name in named]
            + [cls._parameter(name, False) for name in cls.keywords]
        )

    @classmethod
    def time_parameters(cls) -> tuple[str, ...]:
        """The parameters that say when or for how long, in updates or in other units."""
        return tuple([p.name for p in cls.parameters() if p.kind in TIME_KINDS])

    @classmethod
    def in_longer_round(cls, name: str, duration: Fraction, pace: Fraction | int) -> Fraction:
        """A duration where everything takes `pace` times as long, which may be shorter.

        It never falls below the least that its parameter allows.

        >>> from lrdsl.language.modifiers.every import Every
        >>> Every.in_longer_round("n", Fraction(3), Fraction(1, 2))
        Fraction(3, 2)
        """
        field = cls.model_fields.get(name)
        rules: list[Any] = [] if field is None else field.metadata
        bounds: list[Any] = [rule.ge for rule in rules if isinstance(rule, Ge)]
        return Fraction(max([duration * pace, *bounds]))

    @classmethod
    @functools.cache
    def hidden(cls) -> Mapping[str, ContextDefault]:
        """The fields that no call names, with what fills them."""
        shown = cls.model_fields if cls.positional is None else (*cls.positional, *cls.keywords)
        return {
            name: field.default
            for name, field in cls.model_fields.items()
            if name not in shown and isinstance(field.default, ContextDefault)
        }

    @classmethod
    def _parameter(cls, name: str, positional: bool) -> Parameter:
        field = cls.model_fields[name]
        (kind,) = [item for item in field.metadata if isinstance(item, Kind)]
        words = get_args(field.annotation) if kind is Kind.WORD else ()
        return Parameter(name, kind, field.default, positional, words)
