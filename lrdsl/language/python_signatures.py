"""From the signature of a Python function to the parameters of the shape that it becomes."""

from __future__ import annotations

import inspect
import operator
import sys
import typing
from collections.abc import Callable
from fractions import Fraction
from inspect import formatannotation
from typing import Annotated, Any, NamedTuple

from annotated_types import BaseMetadata
from pydantic import BeforeValidator, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import SpecError, spec_error
from lrdsl.language.length import round_half_up
from lrdsl.language.parameters import REQUIRED, ContextDefault, Kind
from lrdsl.language.python_functions import qualified_name
from lrdsl.syntax.grammar import NAME


class ShapeParameter(NamedTuple):
    """A parameter of a shape: the annotation of the field that checks it, and its default."""

    name: str
    annotation: Any
    default: Any
    positional: bool


def read_signature(target: Callable[..., Any]) -> tuple[ShapeParameter, ...]:
    """The parameters of a function behind the time, or of a class whose objects take the time.

    Raises `SpecError` for what no call in a spec can give.

    >>> def sawtooth(t, low=0.0, *, period: int = 100): ...
    >>> [(each.name, each.default, each.positional) for each in read_signature(sawtooth)]
    [('low', 0.0, True), ('period', 100, False)]
    """
    return _Reader(target).read()


def _whole(value: Any) -> Any:
    """A duration as a whole number of updates."""
    return round_half_up(value) if isinstance(value, Fraction) else value


_KINDS: dict[Any, tuple[Kind, Any]] = {
    inspect.Parameter.empty: (Kind.VALUE, float),
    float: (Kind.VALUE, float),
    int: (Kind.UPDATES, Annotated[int, BeforeValidator(_whole)]),
    bool: (Kind.FLAG, bool),
    str: (Kind.WORD, str),
    list[float]: (Kind.LIST, list[float]),
    list[int]: (Kind.MILESTONES, list[int]),
}
"""The meaning of an annotation: what a spec may write, and what the function receives."""


class _Reader(NamedTuple):
    """Reads one signature."""

    target: Callable[..., Any]

    def read(self) -> tuple[ShapeParameter, ...]:
        try:
            found = list(inspect.signature(self.target).parameters.values())
        except (ValueError, TypeError):
            raise self._wrong("does not say which parameters it takes") from None
        if isinstance(self.target, type):
            if not any("__call__" in base.__dict__ for base in self.target.__mro__):
                fix = "define `__call__(self, t)`, which returns the value"
                raise self._wrong("has no `__call__`", fix)
        elif not found or found[0].kind not in (found[0].POSITIONAL_ONLY, *_NAMED[:1]):
            fix = "its first parameter is the number of updates since the segment began"
            raise self._wrong("takes no time", fix)
        else:
            del found[0]
        return tuple([self._parameter(each) for each in found])

    def _wrong(self, message: str, fix: str | None = None) -> SpecError:
        return spec_error(diag.BAD_SHAPE, f"`{qualified_name(self.target)}` {message}", fix=fix)

    def _parameter(self, each: inspect.Parameter) -> ShapeParameter:
        name = each.name
        if each.kind not in _NAMED:
            fix = "write out the parameters, each of which can be given by name"
            raise self._wrong(f"takes `{each}`, which a call in a spec cannot give by name", fix)
        if not NAME.fullmatch(name):
            raise self._wrong(f"has a parameter `{name}`, which is not a name in a spec")
        if name == "until":
            raise self._wrong("has a parameter `until`, which means something else in a spec")
        base, bounds = _split(self._annotation(each))
        if name == "steps":
            self._check_steps(each, base)
            kind, made = Kind.STEPS, int
        else:
            kind, made = self._kind(name, base)
        annotation = operator.getitem(Annotated, (made, kind, *bounds))
        default = ContextDefault.REST if name == "steps" else self._default(each, annotation)
        return ShapeParameter(name, annotation, default, each.kind is not each.KEYWORD_ONLY)

    def _annotation(self, each: inspect.Parameter) -> Any:
        """An annotation, evaluated where it is text, as in modules that postpone them."""
        if not isinstance(each.annotation, str):
            return each.annotation
        made_by = getattr(self.target, "__init__", None) if isinstance(self.target, type) else None
        known = getattr(inspect.unwrap(made_by or self.target), "__globals__", None)

        def stub() -> None: ...

        stub.__annotations__ = {each.name: each.annotation}
        try:
            known = known or vars(sys.modules[self.target.__module__])
            return typing.get_type_hints(stub, known, include_extras=True)[each.name]
        except Exception as error:
            message = f"annotates `{each.name}` with `{each.annotation}`, which cannot be read"
            raise self._wrong(f"{message}: {error}") from error

    def _check_steps(self, each: inspect.Parameter, base: Any) -> None:
        if base not in (each.empty, int, int | None):
            fix = "annotate it with int: it is the length of the segment"
            raise self._wrong(f"has `steps` that is a {formatannotation(base)}", fix)
        if each.default not in (each.empty, None):
            fix = "leave it out, or write None: without `steps` a segment takes the rest of the run"
            raise self._wrong(f"has the default {each.default!r} for `steps`", fix)

    def _kind(self, name: str, base: Any) -> tuple[Kind, Any]:
        try:
            return _KINDS[base]
        except (KeyError, TypeError):
            fix = "annotate it with float, int, bool, str, list[float] or list[int]"
            given = formatannotation(base)
            message = f"annotates `{name}` with `{given}`, which nothing in a spec is"
            raise self._wrong(message, fix) from None

    def _default(self, each: inspect.Parameter, annotation: Any) -> Any:
        """The default, checked as an argument is."""
        try:
            adapter = TypeAdapter(annotation)
            if each.default is each.empty:
                return REQUIRED
            return adapter.validate_python(each.default, strict=True)
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            message = f"has the default {each.default!r} for `{each.name}`: {reason}"
            raise self._wrong(message, "change it, or annotate it with what it is") from None
        except TypeError as error:  # such as a bound for what has no order
            raise self._wrong(f"has bounds for `{each.name}` that do not fit: {error}") from None


_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def _split(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """An annotation without its bounds, and the bounds."""
    base: Any = annotation
    bounds: list[Any] = []
    if typing.get_origin(annotation) is Annotated:
        base, *extras = typing.get_args(annotation)
        bounds = [extra for extra in extras if isinstance(extra, (FieldInfo, BaseMetadata))]
    if typing.get_origin(base) is list:  # `typing.List[float]` is not equal to `list[float]`
        base = list.__class_getitem__(typing.get_args(base))
    return base, tuple(bounds)
