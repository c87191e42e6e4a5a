"""`lrdsl.shape`: shapes written in Python, called by name in specs like all others."""

from __future__ import annotations

import functools
import inspect
import math
import re
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar, overload

import numpy as np
from pydantic import Field, PrivateAttr, create_model

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.language.failures import reason_of
from lrdsl.language.language import Language, change
from lrdsl.language.parameters import Parameter, ParameterError
from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions
from lrdsl.language.python_functions import CheckedFunction, qualified_name
from lrdsl.language.python_signatures import read_signature
from lrdsl.language.reserved import complaint_if_taken
from lrdsl.language.shapes import Shape, ShapeSignature
from lrdsl.syntax.grammar import NAME
from lrdsl.util.forks import no_fork

T = TypeVar("T", bound="Callable[..., Any]")


@overload
def shape(target: T, /) -> T: ...
@overload
def shape(
    *, name: str | None = None, first: int = 0, vectorized: bool = False
) -> Callable[[T], T]: ...
def shape(
    target: Any = None, /, *, name: str | None = None, first: int = 0, vectorized: bool = False
) -> Any:
    """Make a shape of a function or a class, to be called by its name in specs.

    A function takes the number of updates since its segment began, 0 for the first, and then the
    shape's parameters; it returns the value. A class takes the parameters, and its objects are
    called with the number. What the spec gives for a parameter is said by its annotation: `float`
    or none, a value; `int`, a duration, which comes as a whole number of updates; `bool`; `str`, a
    word; `list[float]`, values; `list[int]`, durations. `Annotated[float, pydantic.Field(gt=0)]`
    sets bounds. A parameter `steps` is the length of the segment, the rest of the run if it is left
    out; a shape without it never ends. A class derived from `lrdsl.shapes.Shape` declares all this
    itself.

    `name` is the shape's name, with dots if need be, instead of the function's own; `first`
    the number that the first update has; with `vectorized` the function takes a float64 array of
    numbers and returns an array of the same length.

    What it decorates is returned as it is. It must be pure: values are asked for in any order and
    ahead of time. Decorating the same function again, as when a module is reloaded, replaces the
    shape. Raises `SpecError` for a name that is taken, and for a signature that no call in a spec
    could have.

    >>> @shape
    ... def zigzag(t, low=0.0, high=1.0, period: int = 100):
    ...     return high - (high - low) * abs(2 * (t % period) / period - 1)
    >>> import lrdsl
    >>> lrdsl.compile("warmup(10) >> zigzag(1, 2, period=40)")([10, 20, 30, 40, 50])
    array([1. , 1.5, 2. , 1.5, 1. ])
    """
    if target is None:
        return functools.partial(shape, name=name, first=first, vectorized=vectorized)
    if not callable(target) or not isinstance(getattr(target, "__qualname__", None), str):
        message = f"`lrdsl.shape` decorates a function or a class, not {target!r}"
        raise spec_error(diag.BAD_SHAPE, message)
    name = target.__name__ if name is None else name
    if not isinstance(name, str) or not _DOTTED.fullmatch(name):
        fix = 'give it one: `@lrdsl.shape(name="my_shape")`'
        raise spec_error(diag.BAD_SHAPE, f"{name!r} is not a name for a shape", fix=fix)
    if isinstance(first, bool) or not isinstance(first, int):
        raise spec_error(diag.BAD_SHAPE, f"`first` is a whole number, not {first!r}")
    origin = qualified_name(target)
    if isinstance(target, type) and issubclass(target, Shape):
        if first or vectorized:
            message = f"`first` and `vectorized` are not for `{origin}`: a Shape takes arrays"
            raise spec_error(diag.BAD_SHAPE, message)
        cls: type[Shape] = target
        _check_shape(cls)
    else:
        cls = _shape_class(CheckedFunction(name, target, first, bool(vectorized)))
    doc = inspect.getdoc(target) or ""
    signature = ShapeSignature(name, cls, cls.parameters(), doc, origin=origin)
    change(lambda language: _with_shape(language, signature))
    return target


_DOTTED = re.compile(rf"{NAME.pattern}(\.{NAME.pattern})*")


def _with_shape(language: Language, signature: ShapeSignature) -> Language:
    """The language with a shape; `SpecError` if its name stands for something else."""
    name = signature.name
    before = language.shapes.own.get(name)
    if before is None or before.origin != signature.origin:
        # No package is imported: it may be just that package which is defining its shape.
        message = complaint_if_taken(name, language, import_packages=False)
        if message is not None:
            fix = 'choose another: `@lrdsl.shape(name="my.shape")`'
            raise spec_error(diag.BAD_SHAPE, message, fix=fix)
    signature.cls.name = name  # before anyone else can see the shape
    return language.with_shape(signature)


def _check_shape(cls: type[Shape]) -> None:
    """Raise `SpecError` for a Shape, written as such, that no call in a spec could make."""
    try:
        cls.parameters()
    except ValueError:
        message = f"a field of `{qualified_name(cls)}` does not say what may be written there"
        fix = "annotate it with `Value`, `Updates` or another kind of lrdsl.shapes"
        raise spec_error(diag.BAD_SHAPE, message, fix=fix) from None
    if len(inspect.signature(cls.values).parameters) != len(("self", "t", "xp")):
        message = f"`{qualified_name(cls)}.values` does not take the times and the functions"
        fix = "write `def values(self, t, xp)`; `xp` has functions such as `xp.floor`"
        raise spec_error(diag.BAD_SHAPE, message, fix=fix)


_PREFIX = "own_"
"""The beginning of the fields of parameters: no name of something that a model has anyway."""


class PythonShape(Shape):
    """A shape made of a function or a class. Its fields have the parameters as their aliases."""

    decorated: ClassVar[CheckedFunction]
    _caller: CheckedFunction = PrivateAttr()

    @classmethod
    def _parameter(cls, name: str, positional: bool) -> Parameter:
        return super()._parameter(name, positional)._replace(name=name.removeprefix(_PREFIX))

    def model_post_init(self, context: Any) -> None:
        decorated = self.decorated
        given = {name.removeprefix(_PREFIX): value for name, value in self}
        function: Any = functools.partial(decorated.function, **given)
        if isinstance(decorated.function, type):
            try:
                function = function()
            except Exception as error:
                message = f"`{decorated.name}` cannot be made: {reason_of(error)}"
                raise ParameterError("", message) from error
        self._caller = decorated._replace(function=function)

    def values(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        return self._caller.values(np.asarray(t))

    @property
    def end_time(self) -> float:
        return float(self.__dict__.get(f"{_PREFIX}steps", math.inf))

    @property
    def extrema_steps(self) -> None:
        return None


@no_fork
def _shape_class(decorated: CheckedFunction) -> type[PythonShape]:
    """The model class of what was decorated."""
    parameters = read_signature(decorated.function)
    fields: dict[str, Any] = {
        f"{_PREFIX}{each.name}": (each.annotation, Field(each.default, alias=each.name))
        for each in parameters
    }
    cls = create_model(decorated.function.__name__, __base__=PythonShape, **fields)
    cls.name, cls.decorated = decorated.name, decorated
    cls.keywords = tuple([f"{_PREFIX}{each.name}" for each in parameters if not each.positional])
    return cls
