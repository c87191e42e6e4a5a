"""Arguments become numbers, and numbers the checked models of shapes, curves and modifiers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple, TypeGuard, TypeVar

from pydantic import ValidationError

from lrdsl import diagnostics as diag
from lrdsl.compiler.context import Context
from lrdsl.compiler.environment import Frame, Place
from lrdsl.compiler.evaluate import Durations, Values, base, is_whole
from lrdsl.diagnostics import Reporter, Span
from lrdsl.language.parameters import CallableModel, ContextDefault, Kind, Parameter, ParameterError
from lrdsl.language.signal import Exact, round_half_up
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse
from lrdsl.util.registry import did_you_mean

P = TypeVar("P", bound=CallableModel)


class Here(NamedTuple):
    """Where the arguments of a call are evaluated; `frame` answers for `prev` and `next`."""

    place: Place
    frame: Frame | None
    node: ast.Node

    def values(self, context: Context, reporter: Reporter, where: str) -> Values:
        """What evaluates values here."""
        if self.frame is not None:
            return Values.at(context, reporter, where, self.frame)

        def nowhere(span: Span) -> float | None:
            message = f"`prev` and `next` have no meaning in {where}"
            reporter.report(diag.WRONG_PLACE, message, span)
            return None

        return Values(context, reporter, where, nowhere, nowhere)


class Arguments:
    """Evaluates the arguments of calls in one context."""

    def __init__(self, context: Context, reporter: Reporter) -> None:
        self.context = context
        self.reporter = reporter

    def base(self, span: Span) -> float | None:
        """The parameter group's own learning rate."""
        return base(self.context, self.reporter, span)

    def complain(
        self, problem: diag.Problem, message: str, node: ast.Node, fix: str | None = None
    ) -> None:
        """Report something about a node."""
        self.reporter.report(problem, message, node.span, fix=fix)

    def updates(self, node: ast.Node, where: str, place: Place) -> Exact | None:
        """A number of updates for a boundary: exact, and whole if it is written as a number."""
        if _is_plain(node) and is_whole(node.value):
            return int(node.value)
        found = Durations(self.context, self.reporter, where, place).evaluate(node)
        plain = isinstance(node, ast.Name) or (isinstance(node, ast.Number) and node.unit == "")
        if found is not None and plain and found.denominator != 1:
            share = f"{float(found) * 100:g}%"
            fix = f"did you mean `{share}`?" if 0 < found < 1 else "write a whole number"
            message = f"`{unparse(node)}` is no whole number of updates"
            self.complain(diag.FRACTIONAL, message, node, fix)
            return None
        return found

    def fields(
        self,
        parameters: Iterable[Parameter],
        arguments: Mapping[str, ast.Node],
        name: str,
        here: Here,
    ) -> dict[str, Any] | None:
        """The numbers for parameters, as far as given or leaning on something."""
        fields: dict[str, Any] = {}
        found: Any
        sound = True
        for parameter in parameters:
            node = arguments.get(parameter.name)
            if _is_plain(node) and parameter.kind is Kind.VALUE:
                found = node.value
            elif node is not None:
                found = self.argument(parameter, node, f"`{parameter.name}` of `{name}`", here)
            elif isinstance(parameter.default, ContextDefault):
                found = self.lean(parameter.default, here)
            else:
                continue
            fields[parameter.name] = found
            sound = sound and found is not None
        return fields if sound else None

    def lean(self, lean: ContextDefault, here: Here) -> float | None:
        """The value of a default that leans on something."""
        span = here.node.span
        if here.frame is not None:
            if lean is ContextDefault.PREV:
                return here.frame.prev(span)
            if lean is ContextDefault.NEXT:
                return here.frame.next(span)
        return self.base(span)

    def argument(self, parameter: Parameter, node: ast.Node, where: str, here: Here) -> Any:
        """The number, or the list or truth value, that an argument stands for."""
        kind = parameter.kind
        if kind is Kind.VALUE:
            return here.values(self.context, self.reporter, where).evaluate(node)
        if kind is Kind.VALUES:
            return self._values(node, where, here)
        if kind is Kind.DURATION:
            found = Durations(self.context, self.reporter, where, here.place).evaluate(node)
            return None if found is None else Fraction(found)
        if kind is Kind.UPDATES:
            found = self.updates(node, where, here.place)
            return None if found is None else Fraction(found)
        if kind is Kind.MILESTONES:
            return self._milestones(node, where, here.place)
        if kind is Kind.COUNT:
            if isinstance(node, ast.Keyword) and node.word == "inf":
                return math.inf
            count = here.values(self.context, self.reporter, where).evaluate(node)
            if count is not None and count != int(count):
                self.complain(diag.WRONG_KIND, f"{where} is a whole number, or `inf`", node)
                return None
            return count
        if kind is Kind.LIST:
            return self._list_of_values(node, where, here)
        if kind is Kind.WORD:
            return self._word(parameter, node, where)
        assert kind is Kind.FLAG
        if isinstance(node, ast.Keyword) and node.word in ("true", "false"):
            return node.word == "true"
        self.complain(diag.WRONG_KIND, f"{where} is `true` or `false`", node)
        return None

    def _values(self, node: ast.Node, where: str, here: Here) -> float | tuple[float, ...] | None:
        values = here.values(self.context, self.reporter, where)
        if not isinstance(node, ast.List):
            return values.evaluate(node)
        found = [values.evaluate(item) for item in node.items]
        return None if None in found else tuple([x for x in found if x is not None])

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
        self.reporter.report(diag.WRONG_KIND, message, node.span, suggestion=suggestion)
        return None

    def _milestones(self, node: ast.Node, where: str, place: Place) -> tuple[int, ...] | None:
        if not isinstance(node, ast.List):
            message = f"{where} is a list of durations"
            self.complain(diag.WRONG_KIND, message, node, f"write `[{unparse(node)}]`")
            return None
        found = [self.updates(item, where, place) for item in node.items]
        return None if None in found else tuple([round_half_up(x) for x in found if x is not None])

    def _list_of_values(self, node: ast.Node, where: str, here: Here) -> list[float] | None:
        if not isinstance(node, ast.List):
            message = f"{where} is a list of values"
            self.complain(diag.WRONG_KIND, message, node, f"write `[{unparse(node)}]`")
            return None
        values = here.values(self.context, self.reporter, f"an item of {where}")
        found = [values.evaluate(item) for item in node.items]
        return None if None in found else [value for value in found if value is not None]

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
            self.impossible(error, node, arguments)
        except ValidationError as error:
            for problem in error.errors():
                parameter = str(problem["loc"][0]) if problem["loc"] else ""
                where = arguments.get(parameter, node)
                message = f"`{parameter}` {_requirement(problem)}"
                self.complain(diag.OUT_OF_RANGE, message, where)
        return None

    def impossible(
        self, error: ParameterError, node: ast.Node, arguments: Mapping[str, ast.Node]
    ) -> None:
        """Report a parameter that is impossible beside the others."""
        where = arguments.get(error.parameter, node)
        self.complain(error.problem, error.message, where, error.fix)


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
