"""The language in Python: every shape, modifier, function and reserved name, under its own name.

    from lrdsl.build import warmup, cosine, interval

    warmup("linear", 100) >> cosine(1, 1e-3, 800) | interval[600:"*0.5"]

What these make is a `Spec`, the very thing that the text parses to. Numbers, truth values, None
and lists stand for themselves; text is read as the language, so that "5%", "linear" and "*0.5"
mean what they mean there. The operators group as in the text.

>>> from lrdsl.build import base, clip, cosine, interval, linear, points, sqrt, t, var, warmup
>>> print(warmup("linear", 100) >> cosine(1, 1e-3, 800) | interval[600:"*0.5", (700, 710):0])
warmup(linear, 100) >> cosine(1, 1e-3, 800) | interval[600:*0.5, 700..710:0]
>>> print(points[0:0, "5%":var("peak"), 800:1e-3])
points[0:0, 5%:peak, 800:1e-3]
>>> print(base / sqrt(t + 1) | clip(1e-5, None))
base / sqrt(t + 1) | clip(1e-5, _)
"""

from __future__ import annotations

import inspect
from typing import Any, TypeAlias

from lrdsl import diagnostics as d
from lrdsl.diagnostics import fail
from lrdsl.functions import CONSTANTS, FUNCTIONS
from lrdsl.modifiers import MODIFIERS
from lrdsl.parameters import Parameter
from lrdsl.registry import near
from lrdsl.shapes import SHAPES
from lrdsl.syntax import nodes as n
from lrdsl.syntax.spec import Spec, operand, parse

NAMES = ("base", "prev", "next", "t", "total", "epoch", "rest", *CONSTANTS)
"""Reserved names: `lrdsl.build.base` is `base` in the text."""

Item: TypeAlias = "slice | tuple[slice, ...]"


class Builder:
    """Makes calls of one name: `cosine(1, 0, 800)`."""

    def __init__(self, name: str, doc: str, parameters: tuple[Parameter, ...]) -> None:
        self.__name__ = name
        self.__doc__ = doc
        self.__signature__ = _signature(parameters)

    def __call__(self, *arguments: Any, **named: Any) -> Spec:
        given = [n.Argument(_argument(value)) for value in arguments]
        given += [n.Argument(_argument(value), name) for name, value in named.items()]
        return Spec(n.Call(n.Name(self.__name__), tuple(given)))

    def __repr__(self) -> str:
        return f"<lrdsl.build.{self.__name__}{self.__signature__}>"


class BracketBuilder:
    """Makes what is written in square brackets: `interval[600:"*0.5"]`."""

    def __init__(self, name: str, doc: str) -> None:
        self.__name__ = name
        self.__doc__ = doc

    def __getitem__(self, item: Item) -> Spec:
        items = item if isinstance(item, tuple) else (item,)
        entries = tuple([_entry(self.__name__, each) for each in items])
        return Spec(n.Bracket(n.Name(self.__name__), entries))

    def __repr__(self) -> str:
        return f"<lrdsl.build.{self.__name__}[…]>"


class Namespace:
    """What has a dot in its name: `lrdsl.build.my.sawtooth(…)` is `my.sawtooth(…)`."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        return _look_up(f"{self.__name__}.{name}")

    def __dir__(self) -> list[str]:
        prefix = f"{self.__name__}."
        return sorted({name.removeprefix(prefix) for name in SHAPES if name.startswith(prefix)})

    def __repr__(self) -> str:
        return f"<lrdsl.build.{self.__name__}>"


def var(name: str) -> Spec:
    """A variable, to be bound when the spec is compiled.

    >>> print(var("peak") / 2)
    peak / 2
    """
    spec = parse(name)
    if not isinstance(spec.node, n.Name):
        raise fail(d.BAD_SPEC, f"`{name}` is no name for a variable")
    return spec


def _argument(value: object) -> n.Node:
    """The node of an argument; None and `...` are `_`, the default."""
    return n.Default() if value is None or value is ... else operand(value)


def _entry(name: str, item: object) -> n.Entry:
    """`600:"*0.5"` or `(20, 30):0.1`, which Python hands over as a slice."""
    if not isinstance(item, slice) or item.step is not None or item.start is None:
        raise fail(d.BAD_SPEC, f"an entry of `{name}[…]` is `update:value`, not {item!r}")
    start, stop = item.start, None
    if isinstance(start, tuple):
        if len(start) != 2:
            raise fail(d.BAD_SPEC, f"a range in `{name}[…]` is `(start, stop):value`, not {item!r}")
        start, stop = start[0], operand(start[1])
    value, factor = item.stop, False
    if isinstance(value, str) and value.lstrip().startswith("*"):
        value, factor = value.lstrip()[1:], True
    return n.Entry(operand(start), stop, factor, operand(value))


def _signature(parameters: tuple[Parameter, ...]) -> inspect.Signature:
    kinds = {True: inspect.Parameter.POSITIONAL_OR_KEYWORD, False: inspect.Parameter.KEYWORD_ONLY}
    # A required parameter may follow one with a default here; Python's own order forbids that.
    shown = [inspect.Parameter(p.name, kinds[p.positional], default=None) for p in parameters]
    return inspect.Signature(shown)


def _make(name: str) -> object:
    form, modifier, function = SHAPES.find(name), MODIFIERS.find(name), FUNCTIONS.get(name)
    if form is not None:
        if form.bracket:
            return BracketBuilder(name, form.doc)
        return Builder(name, form.doc, form.parameters)
    if modifier is not None:
        doc = modifier.__doc__ or ""
        if modifier.bracket:
            return BracketBuilder(name, doc)
        return Builder(name, doc, modifier.parameters())
    if function is not None:
        return Builder(name, f"The function `{name}` of the language, pointwise.", ())
    if name in NAMES:
        return Spec(n.Name(name))
    if any(known.startswith(f"{name}.") for known in SHAPES):
        return Namespace(name)
    return None


def _look_up(name: str) -> Any:
    if "__" not in name:
        made = _make(name)
        if made is not None:
            return made
        broken = SHAPES.why_broken(name)
        if broken is not None:
            raise AttributeError(broken)
    known = near(name, _names())
    hint = f"; did you mean {known!r}?" if known else ""
    raise AttributeError(f"the language has no {name!r}{hint}")


def _names() -> set[str]:
    return {*SHAPES, *MODIFIERS, *FUNCTIONS, *NAMES, "var"}


def __getattr__(name: str) -> Any:
    return _look_up(name)


def __dir__() -> list[str]:
    return sorted({name.partition(".")[0] for name in _names()})
