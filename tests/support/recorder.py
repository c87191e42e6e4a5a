"""Records formulas: a namespace whose functions build a graph instead of computing values.

The graph holds arithmetic and the functions of `PointwiseFunctions` alone; those that can be
written with others are, see `Compositions`.

>>> from lrdsl.language.curves.polynomial import Polynomial
>>> graph = record(lambda t, xp: Polynomial().remaining(t / 100.0, xp))
>>> print(graph)
pow(sub(1.0, truediv(t, 100.0)), 2.0)
>>> from lrdsl.language.pointwise.functions import NUMPY
>>> graph.evaluate(25.0, NUMPY)
0.5625
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from lrdsl.language.pointwise.functions import Operand, PointwiseFunctions


class Compositions(PointwiseFunctions):
    """The functions that can be written with the others, written so."""

    def either(
        self, condition: Operand, x: Callable[[], Operand], y: Callable[[], Operand]
    ) -> Operand:
        return self.where(condition, x(), y())

    def clip(self, x: Operand, low: float, high: float) -> Operand:
        return self.minimum(self.maximum(x, low), high)

    def blend(self, weight: Operand, one: float, other: float) -> Operand:
        return self.where(weight == 1.0, one, (one - other) * weight + other)

    def pin(self, values: Operand, t: Operand, at: float, value: float) -> Operand:
        return self.where(t == at, value, values)


@dataclass(frozen=True, eq=False)
class Expression:
    """A function and its arguments, expressions and constants; the time `t` has none.

    `function` is the name of a function of the namespace or of the module `operator`.
    """

    function: str
    arguments: tuple[Any, ...] = ()

    def evaluate(self, t: Operand, xp: PointwiseFunctions) -> Operand:
        """The values at times `t`, as another namespace computes them."""
        return _evaluate(self, {_TIME: t}, xp)

    def __str__(self) -> str:
        if not self.arguments:
            return self.function
        return f"{self.function}({', '.join([str(each) for each in self.arguments])})"

    def __bool__(self) -> NoReturn:
        raise TypeError("a formula cannot branch on values: write `xp.where(condition, a, b)`")

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("a formula cannot call functions of numpy: write functions of `xp`")


def record(formula: Callable[[Operand, PointwiseFunctions], Operand]) -> Expression:
    """The graph of a formula of `t` and `xp`; `TypeError` if it does more than a formula may."""
    graph = formula(_TIME, _Recorder())
    if not isinstance(graph, Expression):
        raise TypeError(f"a formula returns an expression of `t`, not {graph!r}")
    return graph


def _evaluate(node: Any, known: dict[Expression, Operand], xp: PointwiseFunctions) -> Operand:
    if not isinstance(node, Expression):
        return node
    if node not in known:  # parts that occur twice are evaluated once
        arguments = [_evaluate(each, known, xp) for each in node.arguments]
        home = xp if node.function in FUNCTIONS else operator
        known[node] = getattr(home, node.function)(*arguments)
    return known[node]


def _recorded(name: str, is_method: bool = False, is_reflected: bool = False) -> Any:
    """A method that records a call by name; `is_method`: without its object."""

    def apply(*arguments: Any) -> Expression:
        given = arguments[1:] if is_method else arguments
        return Expression(name, given[::-1] if is_reflected else given)

    return apply


_TIME = Expression("t")
FUNCTIONS = frozenset(
    [name for name in vars(PointwiseFunctions) if name[0] != "_" and name not in vars(Compositions)]
)
_ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
_OTHERS = ("neg", "abs", "lt", "le", "gt", "ge", "eq", "ne")

for _name in (*_ARITHMETIC, *_OTHERS):
    setattr(Expression, f"__{_name}__", _recorded(_name))
for _name in _ARITHMETIC:
    setattr(Expression, f"__r{_name}__", _recorded(_name, is_reflected=True))

_Recorder = type(
    "_Recorder",
    (Compositions,),
    {name: _recorded(name, is_method=True) for name in FUNCTIONS},
)
