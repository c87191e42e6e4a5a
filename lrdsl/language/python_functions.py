"""Functions written in Python: how they are called, and what they may return.

Such a function must be pure: the same argument gives the same value, whenever and however often it
is called. Values are asked for in any order, and ahead of the updates that they are for.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import SpecError, spec_error
from lrdsl.language.failures import reason_of
from lrdsl.language.pointwise.times import Array, Times, clamp_end
from lrdsl.language.signal import LeafSignal, TimelineSegment
from lrdsl.syntax import ast
from lrdsl.syntax.spec import Spec, as_number, nearest_float
from lrdsl.syntax.unparse import shorten


class CheckedFunction(NamedTuple):
    """Calls a function for its values and checks them.

    `name` is what messages call it, `first` the number that it is given for update 0. It is called
    update by update; if `vectorized`, with an array of them.

    >>> CheckedFunction("double", lambda t: 2 * t, first=1).values(np.array([0., 4.]))
    array([ 2., 10.])
    """

    name: str
    function: Callable[[Any], Any]
    first: int = 0
    vectorized: bool = False

    def values(self, t: Array) -> Array:
        """The values at times `t`; `SpecError` if the function fails or gives no finite number."""
        values = self._at_once(t) if self.vectorized else self._one_by_one(t)
        finite = np.isfinite(values)
        if not finite.all():
            i = int(np.flatnonzero(~finite)[0])
            message = f"`{self.name}` gives {values[i]} at {self._place(t[i])}"
            raise spec_error(diag.NOT_FINITE, message, fix="every value must be finite")
        return values

    def _one_by_one(self, t: Array) -> Array:
        out = np.empty_like(t)
        for i, time in enumerate(t.tolist()):
            try:
                value = self.function(_number(time) + self.first)
            except Exception as error:
                raise self._failed(error, self._place(time)) from error
            out[i] = value if type(value) is float else self._checked(value, time)
        return out

    def _checked(self, value: object, time: float) -> float:
        number = as_number(value)
        if number is None:
            what = f"{shorten(repr(value))}, a {type(value).__name__}"
            message = f"`{self.name}` returns {what}, at {self._place(time)}"
            raise spec_error(diag.BAD_SHAPE, message, fix="return a real number")
        return nearest_float(number)

    def _at_once(self, t: Array) -> Array:
        where = self._place(t[0]) if t.size == 1 else f"updates {t[0]:.16g} to {t[-1]:.16g}"
        try:
            found = np.asarray(self.function(t + self.first))  # the function may change its array
        except Exception as error:
            raise self._failed(error, where) from error
        if found.shape != t.shape or found.dtype.kind not in "fiu":
            what = f"{found.dtype} of shape {found.shape}"
            message = f"`{self.name}` returns {what} for an array of {t.size} updates"
            fix = "return as many real numbers as the array has"
            raise spec_error(diag.BAD_SHAPE, message, fix=fix)
        return found.astype(np.float64)

    def _failed(self, error: Exception, where: str) -> SpecError:
        return spec_error(diag.BAD_SHAPE, f"`{self.name}` fails at {where}: {reason_of(error)}")

    def _place(self, time: float) -> str:
        """An update, by the function's own clock, in words."""
        given = f", which it counts as {_number(time) + self.first}" if self.first else ""
        return f"update {_number(time)}{given}"


def _number(time: float) -> int | float:
    """A time as a Python number; only modifiers that stretch time make it anything but whole."""
    return int(time) if float(time).is_integer() else float(time)


@dataclass(frozen=True, slots=True)
class FunctionSignal(LeafSignal):
    """A function as a whole schedule; from update `end` on it holds its value."""

    caller: CheckedFunction
    end: float

    def values(self, t: Times) -> Array:
        return clamp_end(t, self.end, lambda t: self.caller.values(np.asarray(t)))

    def segments(self, stop: float) -> tuple[TimelineSegment, ...]:
        return (TimelineSegment(0, stop, self.caller.name, self),)


class FunctionSpec(Spec):
    """A Python function in the place of a spec. Its text is its qualified name.

    >>> import math
    >>> str(FunctionSpec(math.sqrt))
    'math.sqrt'
    """

    __slots__ = ("function",)

    function: Callable[[int], float]

    def __init__(self, function: Callable[[int], float]) -> None:
        super().__init__(ast.Name(qualified_name(function)))
        object.__setattr__(self, "function", function)

    def __repr__(self) -> str:
        return f"FunctionSpec({self})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Spec):
            return NotImplemented
        return isinstance(other, FunctionSpec) and bool(self.function == other.function)

    def __hash__(self) -> int:
        return hash(str(self))  # a function need not be hashable

    def __reduce__(self) -> tuple[object, tuple[Any]]:
        return FunctionSpec, (self.function,)


def qualified_name(function: object) -> str:
    """The name of a function with the module it is from; of an object, that of its class.

    >>> import math
    >>> qualified_name(math.sqrt), qualified_name(functools.partial(math.pow, 2))
    ('math.sqrt', 'math.pow')
    """
    while isinstance(function, functools.partial):
        function = function.func
    named: Any = function
    if not isinstance(getattr(function, "__qualname__", None), str):
        named = type(function)
    return f"{getattr(named, '__module__', None) or 'builtins'}.{named.__qualname__}"
