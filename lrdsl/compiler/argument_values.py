"""Arguments of calls become numbers, and numbers the checked models of shapes and modifiers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple, TypeGuard, TypeVar

from pydantic import ValidationError

from lrdsl import diagnostics as diag
from lrdsl.compiler.arithmetic import is_whole
from lrdsl.compiler.context import Inputs
from lrdsl.compiler.environment import Environment
from lrdsl.compiler.evaluate import Durations, Values
from lrdsl.compiler.ir import EntryTerm, ShapeCall
from lrdsl.diagnostics import Mistake, Span
from lrdsl.language.length import ENDLESS, Exact, Length, round_half_up
from lrdsl.language.parameters import CallableModel, ContextDefault, Kind, Parameter, ParameterError
from lrdsl.language.signal import LAST_STEP
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse, unparse_short
from lrdsl.util.registry import did_you_mean

P = TypeVar("P", bound=CallableModel)

_DURATIONS = (Kind.UPDATES, Kind.DURATION, Kind.MILESTONES)
"""The kinds of parameters, apart from the length, that are durations."""


class Arguments(NamedTuple):
    """Evaluates the arguments of calls."""

    inputs: Inputs
    mistakes: list[Mistake]

    def complain(
        self, problem: diag.Problem, message: str, node: ast.Node, fix: str | None = None
    ) -> None:
        """Note a mistake at a node."""
        self.mistakes.append(Mistake(problem, message, node.span, fix=fix))

    def base(self, span: Span) -> float | None:
        """The parameter group's own learning rate."""
        return Values(self.inputs, self.mistakes, "").evaluate(ast.Name("base", span=span))

    def value(self, node: ast.Node, where: str, environment: Environment) -> float | None:
        """The value of a node, which `where` describes in messages."""
        return Values(self.inputs, self.mistakes, where, environment).evaluate(node)

    def duration(self, node: ast.Node, where: str, environment: Environment) -> Exact | None:
        """The exact duration that a node stands for."""
        return Durations(self.inputs, self.mistakes, where, environment).evaluate(node)

    def updates(self, node: ast.Node, where: str, environment: Environment) -> Exact | None:
        """A number of updates for a boundary: exact, and whole if it is written as a number."""
        if _is_plain(node) and is_whole(node.value):
            return int(node.value)
        found = self.duration(node, where, environment)
        plain = isinstance(node, ast.Name) or _is_plain(node)
        if found is not None and plain and found.denominator != 1:
            share = f"{float(found) * 100:g}%"
            fix = f"did you mean `{share}`?" if 0 < found < 1 else "write a whole number"
            message = f"`{unparse(node)}` is not a whole number of updates"
            self.complain(diag.FRACTIONAL, message, node, fix)
            return None
        return found

    def given_length(self, call: ShapeCall, environment: Environment) -> Exact | None:
        """The length that `steps` or `until` sets; None where it is at fault."""
        name, steps = call.signature.name, call.arguments.get("steps")
        if steps is not None:
            node = steps
            length = self.updates(node, f"`steps` of `{name}`", environment)
        else:
            node = call.arguments["until"]
            end = self.updates(node, f"`until` of `{name}`", environment)
            length = None if end is None else self._until(node, end, environment.clock)
        if length is None or 0 < length <= LAST_STEP:
            return length
        why = "which is longer than any run" if length > 0 else "but it needs more than 0"
        fix = "leave the segment out" if length == 0 else None
        message = f"the segment has {float(length):g} updates, {why}"
        self.complain(diag.BAD_LENGTH, message, node, fix)
        return None

    def _until(self, node: ast.Node, end: Exact, clock: Exact | None) -> Exact | None:
        """The length of a segment that starts at update `clock` of its chain and ends at `end`."""
        if clock is None:
            message = "`until` cannot set a length here: the start of the segment is unknown"
            fix = "a segment before it has no length: give `steps`"
            self.complain(diag.NO_LENGTH, message, node, fix)
            return None
        if end <= clock:
            times = f"at update {float(clock):g}, but would end at {float(end):g}"
            message = f"the segment starts {times}"
            self.complain(diag.BAD_LENGTH, message, node)
            return None
        return end - clock

    def needs_total(self, node: ast.Node) -> None:
        """Note a term that fills the rest of a run whose length is unknown."""
        message = f"`{unparse_short(node)}` has no length, and total_steps is not known"
        fix = "give it a length, or pass total_steps=…"
        self.complain(diag.NEEDS_CONTEXT, message, node, fix)

    def rest_of(self, node: ast.Node, room: Exact | None, known: Exact = 0) -> Exact | None:
        """The length of a term that fills the rest of `room`, of which others take `known`."""
        if room is None:
            self.needs_total(node)
            return None
        rest = room - known
        if rest > 0:
            return rest
        over = f": the other segments take {float(-rest):g} too many" if rest < 0 else ""
        message = f"no update of the run is left for `{unparse_short(node)}`{over}"
        self.complain(diag.NO_REST, message, node, "shorten the others, or raise total_steps")
        return None

    def entry_starts(
        self, entries: tuple[EntryTerm, ...], environment: Environment
    ) -> tuple[Exact | None, ...]:
        """The starts of entries in brackets, which must increase; None where one is at fault."""
        found: list[Exact | None] = []
        latest: tuple[Exact, ast.Node] | None = None
        for entry in entries:
            node = entry.start
            start = self.updates(node, "the start of an entry", environment)
            if start is not None and start < 0:
                message = "an entry cannot start before update 0"
                self.complain(diag.BAD_LENGTH, message, node)
                start = None
            elif start is not None and latest is not None and start <= latest[0]:
                before = unparse(latest[1])
                message = f"the entries must increase, but {unparse(node)} follows {before}"
                self.complain(diag.UNSORTED, message, node, "put them in order")
                start = None
            elif start is not None:
                latest = (start, node)
            found.append(start)
        return tuple(found)

    def entry_stop(
        self, entry: EntryTerm, start: Exact | None, environment: Environment
    ) -> Length | None:
        """The end of an entry in brackets; None where it is at fault."""
        if entry.stop is None:
            return ENDLESS
        stop = self.updates(entry.stop, "the end of an entry", environment)
        if start is not None and stop is not None and stop <= start:
            first, last = unparse(entry.start), unparse(entry.stop)
            message = f"the range ends at {last}, before it starts at {first}"
            self.complain(diag.UNSORTED, message, entry.stop, "write the earlier update first")
            return None
        return stop

    def durations(
        self,
        parameters: Iterable[Parameter],
        arguments: Mapping[str, ast.Node],
        name: str,
        environment: Environment,
    ) -> dict[str, Any]:
        """The arguments that are durations, by parameter; None where one is at fault."""
        return {
            each.name: self.argument(each, arguments[each.name], name, environment)
            for each in parameters
            if each.kind in _DURATIONS and each.name in arguments
        }

    def fields(
        self,
        parameters: Iterable[Parameter],
        arguments: Mapping[str, ast.Node],
        call: tuple[str, Span],
        environment: Environment,
        known: Mapping[str, Any],
    ) -> dict[str, Any] | None:
        """The fields for parameters that are given, or whose default is a value of the context.

        `call` is the name and the place of the call, `known` what has been evaluated before. None
        where one of them is at fault.
        """
        name, span = call
        fields: dict[str, Any] = {}
        for parameter in parameters:
            key = parameter.name
            node = arguments.get(key)
            if key in known:
                fields[key] = known[key]
            elif _is_plain(node) and parameter.kind is Kind.VALUE:
                fields[key] = node.value
            elif node is not None:
                fields[key] = self.argument(parameter, node, name, environment)
            elif isinstance(parameter.default, ContextDefault):
                fields[key] = self.default(parameter.default, environment, span)
        return None if any([found is None for found in fields.values()]) else fields

    def default(
        self, default: ContextDefault, environment: Environment, span: Span
    ) -> float | None:
        """The value of a default that is a value of the context."""
        match default:
            case ContextDefault.PREV if environment.prev is not None:
                return environment.prev(span)
            case ContextDefault.NEXT if environment.next is not None:
                return environment.next(span)
        return self.base(span)

    def argument(
        self, parameter: Parameter, node: ast.Node, call: str, environment: Environment
    ) -> Any:
        """The duration, value, list, word or truth value of an argument of `call`."""
        where = f"`{parameter.name}` of `{call}`"
        match parameter.kind:
            case Kind.VALUE:
                return self.value(node, where, environment)
            case Kind.UPDATES | Kind.DURATION as kind:
                evaluate = self.updates if kind is Kind.UPDATES else self.duration
                updates = evaluate(node, where, environment)
                return None if updates is None else Fraction(updates)
            case Kind.VALUES if not isinstance(node, ast.List):
                return self.value(node, where, environment)
            case Kind.MILESTONES | Kind.VALUES | Kind.LIST as kind:
                return self._list(kind, node, where, environment)
            case Kind.COUNT:
                if isinstance(node, ast.Keyword) and node.word == "inf":
                    return math.inf
                count = self.value(node, where, environment)
                if count is None or count == int(count):
                    return count
                self.complain(diag.WRONG_KIND, f"{where} is a whole number, or `inf`", node)
            case Kind.WORD:
                return self._word(parameter, node, where)
            case Kind.FLAG:
                if isinstance(node, ast.Keyword) and node.word in ("true", "false"):
                    return node.word == "true"
                self.complain(diag.WRONG_KIND, f"{where} is `true` or `false`", node)
        return None

    def _list(self, kind: Kind, node: ast.Node, where: str, environment: Environment) -> Any:
        """The items of a list: whole updates, or values."""
        if not isinstance(node, ast.List):
            of = "durations" if kind is Kind.MILESTONES else "values"
            fix = f"write `[{unparse(node)}]`"
            self.complain(diag.WRONG_KIND, f"{where} is a list of {of}", node, fix)
            return None
        item = f"an item of {where}" if kind is Kind.LIST else where
        evaluate = self.updates if kind is Kind.MILESTONES else self.value
        found: list[Any] = [evaluate(each, item, environment) for each in node.items]
        if None in found or kind is Kind.LIST:
            return None if None in found else found
        return tuple(map(round_half_up, found) if kind is Kind.MILESTONES else found)

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
        self.mistakes.append(Mistake(diag.WRONG_KIND, message, node.span, suggestion))
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
            self.refused(error, node, arguments)
        except ValidationError as error:
            for problem in error.errors():
                parameter = str(problem["loc"][0]) if problem["loc"] else ""
                where = arguments.get(parameter, node)
                message = f"`{parameter}` {_requirement(problem)}"
                self.complain(diag.OUT_OF_RANGE, message, where)
        return None

    def refused(
        self, error: ParameterError, node: ast.Node, arguments: Mapping[str, ast.Node]
    ) -> None:
        """Note that a model refuses a parameter beside the others."""
        where = arguments.get(error.parameter, node)
        self.complain(error.problem, error.message, where, error.fix)


def _is_plain(node: ast.Node | None) -> TypeGuard[ast.Number]:
    """Whether it is a number without a unit, as most arguments are: there is nothing to do."""
    return isinstance(node, ast.Number) and not node.unit


def _requirement(problem: Any) -> str:
    """The requirement that pydantic found broken, in the words of the language."""
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
