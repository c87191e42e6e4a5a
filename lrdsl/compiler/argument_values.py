"""Arguments of calls become numbers, and numbers the checked models of shapes and modifiers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, TypeGuard, TypeVar

from pydantic import ValidationError

from lrdsl import diagnostics as diag
from lrdsl.compiler.arithmetic import is_whole
from lrdsl.compiler.blame import blamed, leads_to
from lrdsl.compiler.environment import Environment
from lrdsl.compiler.evaluate import duration, value
from lrdsl.compiler.ir import CallTerm, EntryTerm, ShapeCall
from lrdsl.diagnostics import Mistake, SpecError, Suggestion, ask
from lrdsl.language.binding import word_of
from lrdsl.language.failures import failure_of
from lrdsl.language.length import ENDLESS, Exact, Length
from lrdsl.language.parameters import CallableModel, ContextDefault, Kind, Parameter, ParameterError
from lrdsl.language.pointwise.rows import contains_rows, rows_of
from lrdsl.language.signal import LAST_STEP
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse, unparse_short

P = TypeVar("P", bound=CallableModel)
T = TypeVar("T")

_DURATIONS = (Kind.UPDATES, Kind.DURATION, Kind.MILESTONES)
"""The kinds of parameters, apart from the length, that are durations."""


def updates(node: ast.Node, where: str, environment: Environment) -> Exact | None:
    """A number of updates for a boundary: exact, and whole if it is written as a number."""
    if _is_plain(node) and is_whole(node.value) and environment.counting is None:
        return int(node.value)
    found = duration(node, where, environment)
    plain = isinstance(node, ast.Name) or _is_plain(node)
    if found is not None and plain and found.denominator != 1:
        fix = ask(f"{float(found) * 100:g}%") if 0 < found < 1 else "write a whole number"
        message = f"`{unparse(node)}` is not a whole number of updates"
        return environment.complain(diag.FRACTIONAL, message, node, fix)
    return found


def given_length(call: ShapeCall, environment: Environment) -> Exact | None:
    """The length that `steps` or `until` sets; None where it is at fault."""
    name = "steps" if "steps" in call.arguments else "until"
    node = call.arguments[name]
    where = node.span.parameter
    counted = environment
    if name == "until" and environment.began is not None:  # it counts from where the chain starts
        counted = environment._replace(began=environment.began - (environment.clock or 0))
    length = updates(node, where or f"`{name}` of `{call.name}`", counted)
    if name == "until" and length is not None:
        length = _until(node, length, environment)
    if length is None or 0 <= length <= LAST_STEP:
        return length
    why = "which is longer than any run" if length > 0 else "but it needs 0 or more"
    by = "" if where is None else f" by {where}"
    message = f"the segment has {float(length):g} updates{by}, {why}"
    return environment.complain(diag.BAD_LENGTH, message, node)


def _until(node: ast.Node, end: Exact, environment: Environment) -> Exact | None:
    """The length of a segment that ends at update `end` of its chain."""
    start = environment.clock
    if start is None:
        message = "`until` cannot set a length here: the start of the segment is unknown"
        fix = "a segment before it has no length: give `steps`"
        return environment.complain(diag.NO_LENGTH, message, node, fix)
    if end < start:
        times = f"at update {float(start):g}, but would end at {float(end):g}"
        return environment.complain(diag.BAD_LENGTH, f"the segment starts {times}", node)
    return end - start


def needs_total(node: ast.Node, environment: Environment) -> Exact | None:
    """Note a term that fills the rest of a run whose length is unknown."""
    message = f"`{unparse_short(node)}` has no length, and total_steps is not known"
    fix = "give it a length, or pass total_steps=…"
    return environment.complain(diag.NEEDS_CONTEXT, message, node, fix)


def rest_of(
    node: ast.Node, room: Exact | None, environment: Environment, known: Exact = 0
) -> Exact | None:
    """The length of a term that fills the rest of `room`, of which others take `known`."""
    if room is None:
        return needs_total(node, environment)
    rest = room - known
    if rest >= 0:
        return rest
    over = f"the other segments take {float(-rest):g} too many"
    sites = node.span.sites
    what = f"the rest of `{sites[0].name}`" if sites else f"`{unparse_short(node)}`"
    message = f"no update of the run is left for {what}: {over}"
    fix = "shorten the others, or raise total_steps"
    return environment.complain(diag.NO_REST, message, node, fix)


def entry_starts(
    entries: tuple[EntryTerm, ...], environment: Environment
) -> tuple[Exact | None, ...]:
    """The starts of entries in brackets, which must not fall; None where one is at fault."""
    found: list[Exact | None] = []
    latest: tuple[Exact, ast.Node] | None = None
    for entry in entries:
        node = entry.written.start
        start = updates(node, "the start of an entry", environment)
        if start is not None and start < 0:
            message, fix = "an entry cannot start before update 0", None
            match node:
                case ast.Arithmetic(operators=("-",), parts=(ast.Number() as a, ast.Number() as b)):
                    fix = f"write a range as `{unparse(a)}..{unparse(b)}`"
            start = environment.complain(diag.BAD_LENGTH, message, node, fix)
        elif start is not None and latest is not None and start < latest[0]:
            before = unparse(latest[1])
            message = f"the entries must increase, but {unparse(node)} follows {before}"
            start = environment.complain(diag.UNSORTED, message, node, "put them in order")
        elif start is not None:
            latest = (start, node)
        found.append(start)
    return tuple(found)


def entry_stop(entry: ast.Entry, start: Exact | None, environment: Environment) -> Length | None:
    """The end of an entry in brackets; None where it is at fault."""
    if entry.stop is None:
        return ENDLESS
    stop = updates(entry.stop, "the end of an entry", environment)
    if start is not None and stop is not None and stop < start:
        first, last = unparse(entry.start), unparse(entry.stop)
        message = f"the range ends at {last}, before it starts at {first}"
        fix = "write the earlier update first"
        return environment.complain(diag.UNSORTED, message, entry.stop, fix)
    return stop


def durations(call: ShapeCall, environment: Environment) -> dict[str, Any]:
    """The arguments that are durations, by parameter; None where one is at fault."""
    return {
        each.name: argument(each, call.arguments[each.name], call.name, environment)
        for each in (*call.parameters, *call.curve_parameters)
        if each.kind in _DURATIONS and each.name in call.arguments
    }


def fields(
    call: CallTerm,
    parameters: Iterable[Parameter],
    environment: Environment,
    known: Mapping[str, Any],
) -> dict[str, Any] | None:
    """The fields for parameters that are given, or whose default is a value of the context.

    `known` is what has been evaluated before. None where one of them is at fault.
    """
    fields: dict[str, Any] = {}
    for parameter in parameters:
        key = parameter.name
        node = call.arguments.get(key)
        if key in known:
            fields[key] = known[key]
        elif _is_plain(node) and parameter.kind is Kind.VALUE:
            fields[key] = node.value
        elif node is not None:
            fields[key] = argument(parameter, node, call.name, environment)
        elif isinstance(parameter.default, ContextDefault):
            fields[key] = default(parameter.default, call.node, environment)
    return None if any([found is None for found in fields.values()]) else fields


def default(default: ContextDefault, node: ast.Node, environment: Environment) -> float | None:
    """The value of a default that is a value of the context."""
    beside = {ContextDefault.PREV: environment.prev, ContextDefault.NEXT: environment.next}
    return (beside.get(default) or environment.base)(node)


def argument(parameter: Parameter, node: ast.Node, call: str, environment: Environment) -> Any:
    """The duration, value, list, word or truth value of an argument of `call`."""
    where = node.span.parameter or f"`{parameter.name}` of `{call}`"
    match parameter.kind:
        case Kind.VALUE:
            return value(node, where, environment)
        case Kind.UPDATES | Kind.DURATION as kind:
            evaluate = updates
            if kind is Kind.DURATION:  # it may come again and again, at other times
                evaluate, environment = duration, environment.nowhere()
            found = evaluate(node, where, environment)
            return None if found is None else Fraction(found)
        case Kind.VALUES if not isinstance(node, ast.List):
            return value(node, where, environment)
        case Kind.MILESTONES | Kind.PERIODS | Kind.VALUES | Kind.LIST as kind:
            return _list(kind, node, where, environment)
        case Kind.COUNT:
            if isinstance(node, ast.List):
                fix = "rounds of their own lengths are `periods=[…]`"
                return environment.complain(diag.WRONG_KIND, f"{where} is one number", node, fix)
            if isinstance(node, ast.Keyword) and node.word == "inf":
                return math.inf
            count = value(node, where, environment)
            if count is None or count == int(count):
                return count
            environment.complain(diag.WRONG_KIND, f"{where} is a whole number, or `inf`", node)
        case Kind.WORD:
            return _word(parameter, node, where, environment)
        case Kind.FLAG:
            if isinstance(node, ast.Keyword) and node.word in ("true", "false"):
                return node.word == "true"
            environment.complain(diag.WRONG_KIND, f"{where} is `true` or `false`", node)
    return None


def _list(kind: Kind, node: ast.Node, where: str, environment: Environment) -> Any:
    """The items of a list: exact updates, or values."""
    if not isinstance(node, ast.List):
        of = "values" if kind is Kind.LIST else kind.value.removeprefix("a list of ")
        message, fix = f"{where} is a list of {of}", f"write `[{unparse(node)}]`"
        return environment.complain(diag.WRONG_KIND, message, node, fix)
    item = f"an item of {where}" if kind is Kind.LIST else where
    evaluate = updates if kind in (Kind.MILESTONES, Kind.PERIODS) else value
    if kind is Kind.PERIODS:
        environment = environment.nowhere()
    found: list[Any] = [evaluate(each, item, environment) for each in node.items]
    if None in found or kind is Kind.LIST:
        return None if None in found else found
    return tuple(found)


def _word(parameter: Parameter, node: ast.Node, where: str, environment: Environment) -> str | None:
    """A word, one of the parameter's if it has a list of them."""
    given = word_of(node) if isinstance(node, (ast.Name, ast.String)) else None
    if given is not None and (not parameter.words or given in parameter.words):
        return given
    if not parameter.words:
        message, fix = f"{where} is a word", "such as `up` or `'up'`"
        return environment.complain(diag.WRONG_KIND, message, node, fix)
    message = f"{where} is {' or '.join(f'`{word}`' for word in parameter.words)}"
    suggestion = None if given is None else Suggestion(given, parameter.words)
    return environment.note(Mistake(diag.WRONG_KIND, message, node.span, suggestion))


def make(
    cls: type[P], fields: Mapping[str, Any], call: CallTerm, environment: Environment
) -> P | None:
    """The checked model of the shape, the curve or the modifier of a call."""
    bases = environment.inputs.bases
    if bases is not None and any(map(contains_rows, fields.values())):
        return attempt(call, environment, _with_rows, cls, fields, len(bases))
    return attempt(call, environment, cls, **fields)


def _with_rows(cls: type[P], fields: Mapping[str, Any], count: int) -> P:
    """The model for several bases at once, each of which makes a sound one by itself."""
    models = [cls(**row) for row in rows_of(fields, count)]
    return models[0].model_copy(update=dict(fields))


def attempt(
    call: CallTerm, environment: Environment, compute: Callable[..., T], *given: Any, **named: Any
) -> T | None:
    """A result of a shape, a curve or a modifier: the one way in which the compiler calls their
    methods.

    None where it fails, however it fails; the mistake is noted at the call or at its argument.
    """
    try:
        return compute(*given, **named)
    except (SpecError, RecursionError):
        raise
    except ParameterError as error:
        where, message = call.arguments.get(error.parameter, call.node), error.message
        for name, node in call.arguments.items():
            message = message.replace(f"`{name}`", blamed(node) or f"`{name}`", 1)
        environment.complain(error.problem, message, where, error.fix)
    except ValidationError as error:
        for problem in error.errors():
            parameter, *inside = [*problem["loc"], ""]
            where = call.arguments.get(str(parameter), call.node)
            if isinstance(where, ast.List) and isinstance(inside[0], int):
                where = where.items[inside[0]]
            own, requirement = where.span.parameter, _requirement(problem)
            inferred = None if own else leads_to(where, f"a number that {requirement}")
            message = inferred or f"{own or f'`{parameter}`'} {requirement}"
            environment.complain(diag.OUT_OF_RANGE, message, where)
    except Exception as error:
        environment.complain(*failure_of(f"`{call.name}`", error), call.node)
    return None


def _is_plain(node: ast.Node | None) -> TypeGuard[ast.Number]:
    """Whether it is a number without a unit, as most arguments are: there is nothing to do."""
    return isinstance(node, ast.Number) and not node.unit


_LIMITS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}


def _requirement(problem: Any) -> str:
    """The requirement that pydantic found broken, in the words of the language."""
    context = problem.get("ctx", {})
    given = problem.get("input")
    shown = f", not {float(given):g}" if isinstance(given, (int, float, Fraction)) else ""
    if problem["type"] == "too_short":
        return "must not be empty"
    for limit, words in _LIMITS.items():
        if limit in context:
            return f"must be {words} {float(context[limit]):g}{shown}"
    return f"is out of range: {problem['msg']}"
