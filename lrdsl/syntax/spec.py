"""`Spec`: an immutable piece of the language that combines in Python as it does in text."""

from __future__ import annotations

import math
import numbers
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias, Union

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.syntax import ast
from lrdsl.syntax.grammar import MAX_DEPTH, MAX_NODE_DEPTH
from lrdsl.syntax.literals import number_to_node
from lrdsl.syntax.parser import parse_tree
from lrdsl.syntax.rebuild import join_arithmetic, join_chain, join_pipe
from lrdsl.syntax.unparse import unparse
from lrdsl.util.forks import import_late

Operand: TypeAlias = Union["Spec", str, int, float]
"""The operands of a Spec in Python: a Spec, text, or a number."""


def _operator(
    join: Callable[[ast.Node, ast.Node], ast.Node],
) -> tuple[Callable[[Spec, Operand], Spec], Callable[[Spec, Operand], Spec]]:
    """The methods of an operator, for a Spec on its left and for a Spec on its right alone."""
    return (
        lambda spec, right: Spec(join(spec.node, to_node(right))),
        lambda spec, left: Spec(join(to_node(left), spec.node)),
    )


def _arithmetic(operator: str) -> Callable[[ast.Node, ast.Node], ast.Node]:
    return lambda left, right: join_arithmetic((operator,), (left, right))


@dataclass(frozen=True, repr=False, slots=True)
class Spec:
    """A parsed spec, or a part of one.

    Immutable and hashable. Two specs are equal when they mean the same text: spaces, comments,
    needless brackets and the notation of numbers (`10k`, `10_000`) do not count. `str(spec)` is
    canonical text. The operators of the language work between specs, numbers and text, grouped as
    in the text, because Python's precedence is the language's.

    >>> spec = parse("warmup(100)>>cosine(1, 0, 800)")
    >>> str(spec)
    'warmup(100) >> cosine(1, 0, 800)'
    >>> str(0.5 * spec | parse("clip(0.1, _)"))
    '0.5 * (warmup(100) >> cosine(1, 0, 800)) | clip(0.1, _)'
    >>> parse(str(spec)) == spec
    True

    `node` is the root of the tree, `source` the text as the user wrote it; None for a spec built in
    Python.
    """

    node: ast.Node
    source: str | None = field(default=None, compare=False)

    def __str__(self) -> str:
        if self.source is None and len(ast.levels(self.node)) > MAX_NODE_DEPTH:
            raise spec_error(diag.TOO_DEEP, f"the spec is nested deeper than {MAX_DEPTH} levels")
        return unparse(self.node)

    def __repr__(self) -> str:
        return f"lrdsl.parse({str(self)!r})"

    def _repr_html_(self) -> str:
        found: str = import_late("lrdsl.plot.notebook").spec_html(self)
        return found

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return parse, (self.source if self.source is not None else str(self),)

    __or__, __ror__ = _operator(join_pipe)
    __rshift__, __rrshift__ = _operator(join_chain)
    __add__, __radd__ = _operator(_arithmetic("+"))
    __sub__, __rsub__ = _operator(_arithmetic("-"))
    __mul__, __rmul__ = _operator(_arithmetic("*"))
    __truediv__, __rtruediv__ = _operator(_arithmetic("/"))
    __floordiv__, __rfloordiv__ = _operator(_arithmetic("//"))
    __pow__, __rpow__ = _operator(ast.Power)

    def __neg__(self) -> Spec:
        return Spec(ast.Negative(self.node))


def parse(text: str) -> Spec:
    """The spec of a text; `lrdsl.parse`, which takes trees too, says more.

    >>> parse("hold( 5 )").source
    'hold( 5 )'
    """
    if not isinstance(text, str):
        raise spec_error(diag.BAD_SPEC, f"a spec is text, not {type(text).__name__}")
    return Spec(parse_tree(text), text)


def to_node(value: object) -> ast.Node:
    """The node of a Python value: a Spec, a number, a truth value, None, text or a list of these.

    >>> to_node([30, "5%"]).items[1]
    Number(value=5.0, unit='%', text='5%')
    """
    if isinstance(value, Spec):
        return value.node
    if value is None or isinstance(value, bool):
        return ast.Keyword(str(value).lower())
    if isinstance(value, (list, tuple)):
        return ast.List(tuple([to_node(item) for item in value]))
    if isinstance(value, str):
        return parse(value).node
    number = as_number(value)
    if number is None:
        fix = "make a shape of it with `@lrdsl.shape`, and call it" if callable(value) else None
        message = f"a {type(value).__name__} cannot be part of a spec"
        raise spec_error(diag.BAD_SPEC, message, fix=fix)
    if number == math.inf:
        return ast.Keyword("inf")
    if number != number or abs(number) > sys.float_info.max:
        shown = number if isinstance(number, float) else "so large an integer"
        raise spec_error(diag.BAD_SPEC, f"a spec cannot contain {shown}")
    return number_to_node(number)


def as_number(value: object) -> int | float | None:
    """A Python or numpy number as an int or a float; None for anything else, truth values too.

    >>> as_number(3), as_number(True), as_number("3")
    (3, None, None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    # An array or a tensor without dimensions.
    item = getattr(value, "item", None)
    return as_number(item()) if callable(item) and getattr(value, "ndim", None) == 0 else None


def nearest_float(number: float) -> float:
    """A number as a float, infinite where it is an integer too large for one.

    >>> nearest_float(3), nearest_float(10**400)
    (3.0, inf)
    """
    try:
        return float(number)
    except OverflowError:
        return math.inf


def source_text(spec: object) -> str:
    """The text of a spec that is text, a Spec or a number.

    >>> source_text(0.1), source_text("hold(5)")
    ('0.1', 'hold(5)')
    """
    if isinstance(spec, str):
        return spec
    if isinstance(spec, Spec):
        return spec.source if spec.source is not None else str(spec)
    if as_number(spec) is None:
        message = f"a spec is text, a number or a Spec, not {type(spec).__name__}"
        raise spec_error(diag.BAD_SPEC, message)
    return unparse(to_node(spec))
