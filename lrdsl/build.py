"""The language in Python: shapes, modifiers, functions and definitions under their own names.

    from lrdsl.build import warmup, cosine, interval

    warmup("linear", 100) >> cosine(1, 1e-3, 800) | interval[600:"*0.5"]

A call makes a `Spec`, equal to the one that its text parses to. Numbers, truth values, None and
lists stand for themselves; text is parsed, so that "5%", "linear" and "*0.5" mean what they mean in
a spec. The operators group as in the text. A name with dots is an attribute of an attribute:
`lrdsl.build.torch.StepLR(30)`. Loaded definitions are attributes, too.

>>> from lrdsl.build import base, clip, cosine, interval, linear, points, sqrt, t, var, warmup
>>> print(warmup("linear", 100) >> cosine(1, 1e-3, 800) | interval[600:"*0.5", (700, 710):0])
warmup(linear, 100) >> cosine(1, 1e-3, 800) | interval[600:*0.5, 700..710:0]
>>> print(points[0:0, "5%":var("peak"), 800:1e-3])
points[0:0, 5%:peak, 800:1e-3]
>>> print(base / sqrt(t + 1) | clip(1e-5, None))
base / sqrt(t + 1) | clip(1e-5, _)
>>> from lrdsl.build import product, wsd
>>> print(product([wsd(1, 100, 700, 200), 0.5]))
product([wsd(1, 100, 700, 200), 0.5])
"""

from __future__ import annotations

import inspect
import sys
from typing import Any

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.language.catalog import Entry, find, names
from lrdsl.language.functions import CONSTANTS
from lrdsl.language.language import current
from lrdsl.syntax import ast
from lrdsl.syntax.spec import Spec, parse, to_node
from lrdsl.util.near_names import near

NAMES = ("base", "prev", "next", "t", "cycle", "total", "epoch", "rest", *CONSTANTS)
"""Reserved names: `lrdsl.build.base` is `base` in the text."""


class Namespace:
    """Makes names that begin with the same name, by dots."""

    __name__: str

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        return _attribute(self, f"{self.__name__}.", name)

    def __dir__(self) -> list[str]:
        start = f"{self.__name__}."
        below = [name.removeprefix(start) for name in names() if name.startswith(start)]
        return sorted({name.split(".")[0] for name in below})

    def __repr__(self) -> str:
        return f"<lrdsl.build.{self.__name__}>"


class Builder(Namespace):
    """Makes calls of one name: `cosine(1, 0, 800)`."""

    def __init__(self, entry: Entry, name: str) -> None:
        super().__init__(name)
        self.__doc__ = entry.text
        self.__signature__ = _signature(entry)
        program = entry.definition.program if entry.definition else None
        self._fields = [name.id for name in program.names] if program else []

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._fields})

    def __call__(self, /, *arguments: Any, **named: Any) -> Spec:
        pairs = [*[(None, value) for value in arguments], *named.items()]
        given = tuple([ast.Argument(_argument(value), name) for name, value in pairs])
        return Spec(ast.Call(ast.Name(self.__name__), given))

    def __repr__(self) -> str:
        return f"<lrdsl.build.{self.__name__}{self.__signature__}>"


class BracketBuilder(Namespace):
    """Makes calls in square brackets: `interval[600:"*0.5"]`."""

    def __init__(self, entry: Entry, name: str) -> None:
        super().__init__(name)
        self.__doc__ = entry.text

    def __getitem__(self, item: slice | tuple[slice, ...]) -> Spec:
        items = item if isinstance(item, tuple) else (item,)
        entries = tuple([_entry(self.__name__, each) for each in items])
        return Spec(ast.Bracket(ast.Name(self.__name__), entries))

    def __repr__(self) -> str:
        return f"<lrdsl.build.{self.__name__}[…]>"


def var(name: str) -> Spec:
    """A variable, to be bound when the spec is compiled.

    >>> print(var("peak") / 2)
    peak / 2
    """
    spec = parse(name)
    if not isinstance(spec.node, ast.Name):
        raise spec_error(diag.BAD_SPEC, f"`{name}` is not a name for a variable")
    return spec


def _argument(value: object) -> ast.Node:
    """The node of an argument; None and `...` are `_`, the default."""
    return ast.Default() if value is None or value is ... else to_node(value)


def _entry(name: str, item: object) -> ast.Entry:
    """The entry of a slice: `600:"*0.5"` or `(20, 30):0.1`."""
    until: ast.Node | None = None
    match item:
        case slice(start=tuple((start, stop)), stop=value, step=None):
            until = to_node(stop)
        case slice(start=tuple()):
            message = f"a range in `{name}[…]` is `(start, stop):value`, not {item!r}"
            raise spec_error(diag.BAD_SPEC, message)
        case slice(start=start, stop=value, step=None) if start is not None:
            pass
        case _:
            message = f"an entry of `{name}[…]` is `update:value`, not {item!r}"
            raise spec_error(diag.BAD_SPEC, message)
    factor = isinstance(value, str) and value.lstrip().startswith("*")
    value = value.lstrip()[1:] if factor else value
    return ast.Entry(to_node(start), until, factor, to_node(value))


def _signature(entry: Entry) -> inspect.Signature:
    kinds = {False: inspect.Parameter.POSITIONAL_OR_KEYWORD, True: inspect.Parameter.KEYWORD_ONLY}
    # A required parameter may follow one with a default here; Python's own order forbids that.
    return inspect.Signature(
        [inspect.Parameter(row.name, kinds[row.by_name], default=None) for row in entry.parameters]
    )


def _attribute(of: object, start: str, name: str) -> Any:
    """The builder of the name `start` + `name`; `AttributeError` with a near name without one."""
    if name.startswith("__"):
        raise AttributeError(name)
    full = start + name
    if full in NAMES:
        return Spec(ast.Name(full))
    # A name can be that of a curve and of a function: only the function can be called.
    for entry in reversed(find(full)):
        if entry.kind != "curve":
            return BracketBuilder(entry, full) if entry.bracket else Builder(entry, full)
    if any([other.startswith(f"{full}.") for other in names()]):
        return Namespace(full)
    broken = current().shapes.why_broken(full)
    known = near(name, dir(of))
    hint = f"; did you mean {start + known!r}?" if known else ""
    raise AttributeError(broken or f"the language has no {full!r}{hint}")


def __getattr__(name: str) -> Any:
    return _attribute(sys.modules[__name__], "", name)


def __dir__() -> list[str]:
    return sorted({*[name.split(".")[0] for name in names()], *NAMES, "var"})
