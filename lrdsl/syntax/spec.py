"""`Spec`: an immutable piece of the language that combines in Python as it does in text."""

from __future__ import annotations

import math
import numbers
import sys
from typing import TypeAlias, Union

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.syntax import ast
from lrdsl.syntax.grammar import MAX_DEPTH, MAX_NODE_DEPTH
from lrdsl.syntax.literals import number_to_node
from lrdsl.syntax.parser import parse_tree
from lrdsl.syntax.rebuild import join_arithmetic, join_chain, join_pipe
from lrdsl.syntax.unparse import unparse

Operand: TypeAlias = Union["Spec", str, int, float]
"""What Python's operators take beside a Spec: text and numbers."""


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
    """

    __slots__ = ("_node", "_source")

    _node: ast.Node
    _source: str | None

    def __init__(self, node: ast.Node, source: str | None = None) -> None:
        object.__setattr__(self, "_node", node)
        object.__setattr__(self, "_source", source)

    @property
    def node(self) -> ast.Node:
        """The root of the tree."""
        return self._node

    @property
    def source(self) -> str | None:
        """The text as the user wrote it; None for a spec built in Python."""
        return self._source

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Spec is immutable: cannot set {name!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a Spec is immutable: cannot delete {name!r}")

    def __str__(self) -> str:
        if self._source is None and any(
            depth > MAX_NODE_DEPTH for _, depth in ast.walk(self._node)
        ):
            raise spec_error(diag.TOO_DEEP, f"the spec is nested deeper than {MAX_DEPTH} levels")
        return unparse(self._node)

    def __repr__(self) -> str:
        return f"lrdsl.parse({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return self._node == other._node if isinstance(other, Spec) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._node)

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return parse, (self._source if self._source is not None else str(self),)

    def __or__(self, right: Operand) -> Spec:
        return Spec(join_pipe(self._node, to_node(right)))

    def __ror__(self, left: Operand) -> Spec:
        return Spec(join_pipe(to_node(left), self._node))

    def __rshift__(self, right: Operand) -> Spec:
        return Spec(join_chain(self._node, to_node(right)))

    def __rrshift__(self, left: Operand) -> Spec:
        return Spec(join_chain(to_node(left), self._node))

    def __add__(self, right: Operand) -> Spec:
        return _arithmetic(self, "+", right)

    def __radd__(self, left: Operand) -> Spec:
        return _arithmetic(left, "+", self)

    def __sub__(self, right: Operand) -> Spec:
        return _arithmetic(self, "-", right)

    def __rsub__(self, left: Operand) -> Spec:
        return _arithmetic(left, "-", self)

    def __mul__(self, right: Operand) -> Spec:
        return _arithmetic(self, "*", right)

    def __rmul__(self, left: Operand) -> Spec:
        return _arithmetic(left, "*", self)

    def __truediv__(self, right: Operand) -> Spec:
        return _arithmetic(self, "/", right)

    def __rtruediv__(self, left: Operand) -> Spec:
        return _arithmetic(left, "/", self)

    def __pow__(self, right: Operand) -> Spec:
        return Spec(ast.Power(self._node, to_node(right)))

    def __rpow__(self, left: Operand) -> Spec:
        return Spec(ast.Power(to_node(left), self._node))

    def __neg__(self) -> Spec:
        return Spec(ast.Negative(self._node))


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
        raise spec_error(
            diag.BAD_SPEC, f"a {type(value).__name__} cannot be part of a spec", fix=fix
        )
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
        raise spec_error(
            diag.BAD_SPEC, f"a spec is text, a number or a Spec, not {type(spec).__name__}"
        )
    return unparse(to_node(spec))


def _arithmetic(left: Operand, operator: str, right: Operand) -> Spec:
    return Spec(join_arithmetic((operator,), (to_node(left), to_node(right))))
