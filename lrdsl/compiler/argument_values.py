"""Arguments of calls become numbers, and numbers the checked models of shapes and modifiers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple, TypeGuard, TypeVar

from pydantic import ValidationError

from lrdsl import diagnostics as diag
from lrdsl.compiler.arithmetic import is_whole
from lrdsl.compiler.context import Context
from lrdsl.compiler.environment import Environment, Neighbours
from lrdsl.compiler.evaluate import Durations, Values
from lrdsl.diagnostics import Mistake, Mistakes, Span
from lrdsl.language.length import Exact, round_half_up
from lrdsl.language.parameters import CallableModel, ContextDefault, Kind, Parameter, ParameterError
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse
from lrdsl.util.registry import did_you_mean

P = TypeVar("P", bound=CallableModel)

_DURATIONS = (Kind.UPDATES, Kind.DURATION, Kind.MILESTONES)
"""The kinds of parameters, apart from the length, that are durations."""


class Arguments(NamedTuple):
    """Evaluates the arguments of calls in one context."""

    context: Context
    mistakes: Mistakes

    def complain(
        self,
        problem: diag.Problem,
        message: str,
        node: ast.Node,
        fix: str | None = None,
        suggestion: tuple[str, str] | None = None,
    ) -> None:
        """Report a mistake at a node."""
        self.mistakes.found.append(Mistake(problem, message, node.span, suggestion, fix))

    def base(self, span: Span) -> float | None:
        """The parameter group's own learning rate."""
        return self.value(ast.Name("base", span=span), "", None)

    def value(self, node: ast.Node, where: str, neighbours: Neighbours | None) -> float | None:
        """The value of a node, which `where` describes in messages."""
        return Values(self.context, self.mistakes, where, neighbours).evaluate(node)

    def duration(self, node: ast.Node, where: str, environment: Environment) -> Exact | None:
        """The exact duration that a node stands for."""
        return Durations(self.context, self.mistakes, where, environment).evaluate(node)

    def updates(self, node: ast.Node, where: str, environment: Environment) -> Exact | None:
        """A number of updates for a boundary: exact, and whole if it is written as a number."""
        if _is_plain(node) and is_whole(node.value):
            return int(node.value)
        found = self.duration(node, where, environment)
        plain = isinstance(node, ast.Name) or (isinstance(node, ast.Number) and node.unit == "")
        if found is not None and plain and found.denominator != 1:
            share = f"{float(found) * 100:g}%"
            fix = f"did you mean `{share}`?" if 0 < found < 1 else "write a whole number"
            message = f"`{unparse(node)}` is not a whole number of updates"
            self.complain(diag.FRACTIONAL, message, node, fix)
            return None
        return found

    def durations(
        self,
        parameters: Iterable[Parameter],
        arguments: Mapping[str, ast.Node],
        name: str,
        environment: Environment,
    ) -> dict[str, Any]:
        """The arguments that are durations, by parameter; None where one is at fault."""
        found: dict[str, Any] = {}
        for parameter in parameters:
            if parameter.kind in _DURATIONS and parameter.name in arguments:
                node, where = arguments[parameter.name], f"`{parameter.name}` of `{name}`"
                found[parameter.name] = self._duration(parameter.kind, node, where, environment)
        return found

    def _duration(
        self, kind: Kind, node: ast.Node, where: str, environment: Environment
    ) -> Fraction | tuple[int, ...] | None:
        if kind is Kind.MILESTONES:
            return self._milestones(node, where, environment)
        evaluate = self.updates if kind is Kind.UPDATES else self.duration
        updates = evaluate(node, where, environment)
        return None if updates is None else Fraction(updates)

    def _milestones(
        self, node: ast.Node, where: str, environment: Environment
    ) -> tuple[int, ...] | None:
        items = self._items(node, where, "durations")
        if items is None:
            return None
        found = [self.updates(item, where, environment) for item in items]
        return None if None in found else tuple([round_half_up(x) for x in found if x is not None])

    def fields(
        self,
        parameters: Iterable[Parameter],
        arguments: Mapping[str, ast.Node],
        call: tuple[str, Span],
        durations: Mapping[str, Any],
        neighbours: Neighbours | None = None,
    ) -> dict[str, Any] | None:
        """The numbers for parameters that are given, or whose default is a value of the context.

        `call` is the name and the place of the call, `durations` what is known already. None where
        one of them is at fault. Without neighbours `prev` and `next` have no meaning.
        """
        name, span = call
        fields: dict[str, Any] = {}
        found: Any
        for parameter in parameters:
            key = parameter.name
            node = arguments.get(key)
            if key in durations:
                found = durations[key]
            elif _is_plain(node) and parameter.kind is Kind.VALUE:
                found = node.value
            elif node is not None:
                found = self.argument(parameter, node, f"`{key}` of `{name}`", neighbours)
            elif isinstance(parameter.default, ContextDefault):
                found = self.default(parameter.default, neighbours, span)
            else:
                continue
            fields[key] = found
        return None if any([found is None for found in fields.values()]) else fields

    def default(
        self, default: ContextDefault, neighbours: Neighbours | None, span: Span
    ) -> float | None:
        """The value of a default that is a value of the context."""
        if neighbours is not None and default is ContextDefault.PREV:
            return neighbours.prev(span)
        if neighbours is not None and default is ContextDefault.NEXT:
            return neighbours.next(span)
        return self.base(span)

    def argument(
        self, parameter: Parameter, node: ast.Node, where: str, neighbours: Neighbours | None
    ) -> Any:
        """The value, list, word or truth value of an argument that is no duration."""
        match parameter.kind:
            case Kind.VALUE:
                return self.value(node, where, neighbours)
            case Kind.VALUES if not isinstance(node, ast.List):
                return self.value(node, where, neighbours)
            case Kind.VALUES:
                found = self._values(node, where, where, neighbours)
                return None if found is None else tuple(found)
            case Kind.COUNT:
                return self._count(node, where, neighbours)
            case Kind.LIST:
                return self._values(node, where, f"an item of {where}", neighbours)
            case Kind.WORD:
                return self._word(parameter, node, where)
        assert parameter.kind is Kind.FLAG
        if isinstance(node, ast.Keyword) and node.word in ("true", "false"):
            return node.word == "true"
        self.complain(diag.WRONG_KIND, f"{where} is `true` or `false`", node)
        return None

    def _count(self, node: ast.Node, where: str, neighbours: Neighbours | None) -> float | None:
        if isinstance(node, ast.Keyword) and node.word == "inf":
            return math.inf
        count = self.value(node, where, neighbours)
        if count is not None and count != int(count):
            self.complain(diag.WRONG_KIND, f"{where} is a whole number, or `inf`", node)
            return None
        return count

    def _word(self, parameter: Parameter, node: ast.Node, where: str) -> str | None:
        """A word, one of the parameter's if it has a list of them."""
        given = node.id if isinstance(node, ast.Name) else None
        given = node.value if isinstance(node, ast.String) else given
        if given is not None and (not parameter.words or given in parameter.words):
            return given
        if not parameter.words:
            self.complain(diag.WRONG_KIND, f"{where} is a word", node, "such as `up` or `'up'`")
            return None
        message = f"{where} is {' or '.join(f'`{word}`' for word in parameter.words)}"
        suggestion = None if given is None else did_you_mean(given, parameter.words)
        self.complain(diag.WRONG_KIND, message, node, suggestion=suggestion)
        return None

    def _values(
        self, node: ast.Node, where: str, item: str, neighbours: Neighbours | None
    ) -> list[float] | None:
        items = self._items(node, where, "values")
        if items is None:
            return None
        found = [self.value(each, item, neighbours) for each in items]
        return None if None in found else [value for value in found if value is not None]

    def _items(self, node: ast.Node, where: str, of: str) -> tuple[ast.Node, ...] | None:
        if isinstance(node, ast.List):
            return node.items
        fix = f"write `[{unparse(node)}]`"
        self.complain(diag.WRONG_KIND, f"{where} is a list of {of}", node, fix)
        return None

    def make(
        self,
        cls: type[P],
        fields: Mapping[str, Any],
        node: ast.Node,
        arguments: Mapping[str, ast.Node],
    ) -> P | None:
        """The checked model of a shape, a curve or a modifier."""
        try:
            return cls(**fields)
        except ParameterError as error:
            where = arguments.get(error.parameter, node)
            self.complain(error.problem, error.message, where, error.fix)
        except ValidationError as error:
            for problem in error.errors():
                parameter = str(problem["loc"][0]) if problem["loc"] else ""
                where = arguments.get(parameter, node)
                message = f"`{parameter}` {_requirement(problem)}"
                self.complain(diag.OUT_OF_RANGE, message, where)
        return None


def _is_plain(node: ast.Node | None) -> TypeGuard[ast.Number]:
    """Whether it is a number without a unit, as most arguments are: there is nothing to do."""
    return isinstance(node, ast.Number) and not node.unit


def _requirement(problem: Any) -> str:
    """What pydantic asks for, in the words of the language."""
    context = problem.get("ctx", {})
    given = problem.get("input")
    shown = f", not {float(given):g}" if isinstance(given, (int, float, Fraction)) else ""
    match problem["type"]:
        case "greater_than":
            return f"must be above {float(context['gt']):g}{shown}"
        case "greater_than_equal":
            return f"must be at least {float(context['ge']):g}{shown}"
        case "less_than":
            return f"must be below {float(context['lt']):g}{shown}"
        case "less_than_equal":
            return f"must be at most {float(context['le']):g}{shown}"
        case "too_short":
            return "must not be empty"
    return f"is out of range: {problem['msg']}"
