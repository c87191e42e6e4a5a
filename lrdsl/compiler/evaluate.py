"""Evaluation of nodes: to floats, to exact numbers of updates, and of conditions to yes or no.

One walk serves both kinds of numbers; an `Evaluator` says which names and operators it knows. A
condition is decided once, before any value is known: it compares numbers, or words with quoted
words, or asks whether something is `none`, that is, unknown or not given. What cannot be evaluated
is None, and its mistake has been noted then.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from lrdsl import diagnostics as diag
from lrdsl.compiler.arithmetic import (
    bounded,
    compute,
    compute_exactly,
    compute_in_rounds,
    is_whole,
)
from lrdsl.compiler.blame import blamed, no_outcome
from lrdsl.compiler.clock_lengths import counted_length, no_length, where_updates_differ
from lrdsl.compiler.context import NO_RUN
from lrdsl.compiler.environment import Environment
from lrdsl.compiler.name_mistakes import error_mistake, unbound, wrong_kind
from lrdsl.diagnostics import Mistake, ask
from lrdsl.language.binding import bounds_mistake, function_mistake, word_of
from lrdsl.language.functions import CONSTANTS, FUNCTIONS
from lrdsl.language.length import Exact, decimal_fraction
from lrdsl.language.pointwise.rows import has_rows, within
from lrdsl.language.reserved import DURATIONS
from lrdsl.language.round_numbers import OfRounds
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse, unparse_short

T = TypeVar("T", float, Exact)

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WORDS = (ast.String, ast.Keyword, ast.Default)


@dataclass(slots=True)
class Evaluator(ABC, Generic[T]):
    """Evaluates nodes to one kind of number.

    `where` is what the number is for, as messages call it: "`steps` of `cosine`".
    """

    kind: ClassVar[str]
    """The name of such a number in messages."""

    where: str
    environment: Environment

    def evaluate(self, node: ast.Node) -> T | None:
        """The number that a node stands for."""
        match node:
            case ast.Number():
                return self.number(node)
            case ast.Name(id=id):
                known = self.environment.inputs.context.variables.get(id)
                return self.name(node) if known is None else self.convert(known)
            case ast.Arithmetic(operators=operators, parts=parts):
                left = self.evaluate(parts[0])
                for each, part in zip(operators, parts[1:], strict=True):
                    right = self.evaluate(part)
                    known = left is not None and right is not None
                    left = self.operate(each, (left, right), part) if known else None
                return left
            case ast.Negative(operand=operand):
                value = self.evaluate(operand)
                return None if value is None else -value
            case ast.Power(base=base, exponent=exponent):
                pair = (self.evaluate(base), self.evaluate(exponent))
                return self.operate("**", pair, node) if _are_known(pair) else None
            case ast.Call(name=ast.Name(id=id)) if id in FUNCTIONS:
                mistake = function_mistake(node)
                if mistake is not None:
                    return self.environment.note(mistake)
                values = tuple([self.evaluate(argument.value) for argument in node.arguments])
                return self.operate(id, values, node) if _are_known(values) else None
            case ast.If(then=then, condition=condition, otherwise=otherwise):
                chosen = decide(condition, self.environment)
                return None if chosen is None else self.evaluate(then if chosen else otherwise)
            case ast.Outer(argument=argument):
                caller = self.environment.caller or self.environment
                return type(self)(self.where, caller).evaluate(argument)
            case ast.Scope(body=body):
                return type(self)(self.where, self.environment.in_definition()).evaluate(body)
            case ast.Bounded(operand=operand, low=low, high=high):
                found = self.evaluate(operand)
                if found is not None and not within(found, low, high):
                    return self.environment.note(bounds_mistake(node, float(found)))
                return found
            case ast.Error():
                return self.environment.note(error_mistake(node))
            case ast.Faulty():
                return None
        return self.environment.note(
            wrong_kind(node, self.environment.inputs, self.requirement(node))
        )

    def requirement(self, node: ast.Node) -> str:
        """The sentence about what belongs in the place of a node."""
        return f"{node.span.parameter or self.where} takes {self.kind}"

    @abstractmethod
    def number(self, node: ast.Number) -> T | None:
        """The number as written, its unit applied."""

    @abstractmethod
    def name(self, node: ast.Name) -> T | None:
        """The value of a reserved name, such as `base`."""

    @abstractmethod
    def convert(self, value: float) -> T:
        """The number that a float is, as of a variable."""

    def operate(self, name: str, operands: tuple[Any, ...], node: ast.Node) -> T | None:
        """The outcome of an operator or a function over floats, which must be finite.

        `node` is what to point at.
        """
        outcome = compute(name, operands)
        if within(outcome):
            return self.convert(outcome)
        return self.environment.note(no_outcome(name, operands, outcome, node))

    def needs(self, what: str, needs: str, node: ast.Node) -> T | None:
        """Note that a part of the context is unknown."""
        message, fix = f"{what} needs {needs}", f"pass {needs}=…"
        return self.environment.complain(diag.NEEDS_CONTEXT, message, node, fix)

    def misplaced(self, node: ast.Name, is_a: str) -> T | None:
        """Note a name that stands for another kind of number, or has no value."""
        requirement = self.requirement(node)
        if is_a:
            message = f"`{node.id}` is {is_a}, and {requirement}"
            return self.environment.complain(diag.WRONG_KIND, message, node)
        return self.environment.note(unbound(node, self.environment.inputs, requirement))


class Values(Evaluator[float]):
    """Evaluates values, which are floats."""

    kind = "a value"

    def number(self, node: ast.Number) -> float | None:
        if not node.unit:
            return node.value
        plain = {"%": f"{node.value / 100:g}", "dur": f"{node.value:g}"}.get(node.unit)
        fix = "leave out the unit" if plain is None else ask(plain)
        message = f"`{unparse(node)}` is a duration, and {self.requirement(node)}"
        mistake = Mistake(diag.WRONG_KIND, message, node.span, fix=fix, replacement=plain)
        return self.environment.note(mistake)

    def name(self, node: ast.Name) -> float | None:
        name = node.id
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in ("prev", "next"):
            find = self.environment.prev if name == "prev" else self.environment.next
            if find is not None:
                return find(node)
            where = node.span.parameter or self.where
            message = f"`prev` and `next` have no meaning in {where}"
            return self.environment.complain(diag.WRONG_PLACE, message, node)
        if name == "base":
            return self.environment.base(node)
        if name in ("t", "cycle"):
            where = node.span.parameter or self.where
            message = f"`{name}` changes, and {where} takes one value"
            fix = "a formula in `t` stands alone: `0.1 / (1 + 0.05*t) | take(500)`"
            if name == "cycle":
                fix = "it scales what is repeated: `cosine(1, 0, 100) * 0.5**cycle | repeat()`"
            return self.environment.complain(diag.WRONG_KIND, message, node, fix)
        return self.misplaced(node, "a duration" if name in DURATIONS else "")

    def convert(self, value: float) -> float:
        return value if has_rows(value) else float(value)


class Formulas(Values):
    """Evaluates the numbers of formulas, in which `cycle` is that of the round."""

    def name(self, node: ast.Name) -> float | None:
        number = self.environment.cycle
        if node.id != "cycle" or number is None:
            return super().name(node)
        return number if isinstance(number, OfRounds) else float(number)  # type: ignore[return-value]

    def operate(self, name: str, operands: tuple[Any, ...], node: ast.Node) -> float | None:
        if any([isinstance(operand, OfRounds) for operand in operands]):
            return compute_in_rounds(name, operands)  # type: ignore[return-value]
        return super().operate(name, operands, node)


class Durations(Evaluator[Exact]):
    """Evaluates durations, which are exact numbers of updates."""

    kind = "a duration"

    def number(self, node: ast.Number) -> Exact | None:
        if self.environment.counting is not None:
            return counted_length(node, self.environment.counting, self.environment)
        if not node.unit and is_whole(node.value):
            return int(node.value)
        clock = self.environment.inputs.clocks.get(node.unit)
        if clock is not None:
            return where_updates_differ(node, clock, self.environment)
        per, needs = self.environment.inputs.context.updates_per(node.unit)
        if per is None:
            return self.needs(f"`{unparse(node)}`", needs, node)
        return bounded(decimal_fraction(node.value) * per)

    def name(self, node: ast.Name) -> Exact | None:
        context = self.environment.inputs.context
        if self.environment.counting is not None and node.id in ("total", "epoch"):
            return self.environment.complain(*no_length(node, self.environment.counting))
        match node.id:
            case "epoch" if "ep" in self.environment.inputs.clocks:
                return self.number(ast.Number(1.0, "ep", "1ep", span=node.span))
            case "total" | "epoch" as name:
                known, needs = context.updates_per("dur" if name == "total" else "ep")
                return self.needs(f"`{name}`", needs, node) if known is None else bounded(known)
            case "rest" if self.environment.rest is not None:
                return self.environment.rest
            case "rest" if context.total_steps is None:
                return self.needs("`rest`", "total_steps", node)
            case "rest" if self.environment.warped_by is not None:
                message = f"`rest` is unknown under `{self.environment.warped_by}`"
                fix = "leave the length out: what is left then is shared among the rounds"
                if self.environment.warped_by != "repeat":
                    fix = "write the length in updates, or as a share of the run"
                return self.environment.complain(diag.NO_LENGTH, message, node, fix)
            case "rest":
                message = "`rest` is unknown here: a segment before it has no length of its own"
                fix = "give that one its length"
                return self.environment.complain(diag.NO_LENGTH, message, node, fix)
        is_value = node.id in ("base", "prev", "next", "pi", "t", "cycle")
        return self.misplaced(node, "a value" if is_value else "")

    def convert(self, value: float) -> Exact:
        return int(value) if is_whole(value) else decimal_fraction(value)

    def operate(self, name: str, operands: tuple[Any, ...], node: ast.Node) -> Exact | None:
        exact = compute_exactly(name, operands)
        if exact is not None:
            return exact
        return super().operate(name, tuple([float(operand) for operand in operands]), node)


def value(node: ast.Node, where: str, environment: Environment) -> float | None:
    """The value of a node, which `where` describes in messages."""
    return Values(where, environment).evaluate(node)


def scalar(node: ast.Node, environment: Environment) -> float | OfRounds | None:
    """The value of a node that stands where a schedule belongs."""
    return Formulas("a schedule", environment).evaluate(node)


def duration(node: ast.Node, where: str, environment: Environment) -> Exact | None:
    """The exact duration that a node stands for."""
    found = Durations(where, environment).evaluate(node)
    counting = environment.counting
    if found and counting is not None and not counting.bare and not _has_duration(node):
        return environment.complain(*no_length(node, counting))
    return found


def decide(node: ast.Node, environment: Environment) -> bool | None:
    """Whether a condition holds; None, with the mistake noted, if it cannot be decided."""
    match node:
        case ast.Keyword(word="true" | "false"):
            return node.word == "true"
        case ast.Not(operand=operand):
            found = decide(operand, environment)
            return None if found is None else not found
        case ast.Logic(operator=word, parts=parts):
            settles = word == "or"  # one such part settles it, whatever the others are
            found_parts = [decide(part, environment) for part in parts]
            if settles in found_parts:
                return settles
            return None if None in found_parts else not settles
        case ast.Compare(left=left, right=right):
            if isinstance(left, _WORDS):
                return _compare_words(node, right, left, environment)
            if isinstance(right, _WORDS):
                return _compare_words(node, left, right, environment)
            evaluate = duration if _has_duration(left) or _has_duration(right) else value
            nowhere = Environment(environment.inputs, environment.mistakes)  # it is in no chain
            numbers = [evaluate(side, "a condition", nowhere) for side in (left, right)]
            return None if None in numbers else _COMPARISONS[node.operator](*numbers)
        case ast.Faulty():
            return None
    if (named := blamed(node)) is not None:
        message = f"{named} is `true` or `false`, or a condition"
        return environment.complain(diag.WRONG_KIND, message, node)
    message = f"`{unparse_short(node)}` is not a condition"
    fix = "compare it with something: `n > 0`, `mode == 'linear'`"
    return environment.complain(diag.BAD_CONDITION, message, node, fix)


def _compare_words(
    node: ast.Compare, side: ast.Node, word: ast.Node, environment: Environment
) -> bool | None:
    if node.operator not in ("==", "!="):
        if word.span.parameter is not None:
            requirement = f"{word.span.parameter} takes a number"
            return environment.note(wrong_kind(word, environment.inputs, requirement))
        message = f"`{unparse_short(word)}` is a word, and words are compared by `==` and `!=`"
        return environment.complain(diag.BAD_CONDITION, message, node)
    if isinstance(side, ast.Faulty):
        return None
    same = word_of(side) == word_of(word)
    if word_of(word) == "none" and isinstance(side, ast.Name):
        context = environment.inputs.context
        parts = {"base": context.base_lr, "total": context.total_steps, "epoch": context.epoch}
        if side.id in parts and context is NO_RUN:
            return None
        if side.id == "base" and context.base_follows:
            return environment.complain(diag.NEEDS_CONTEXT, "`base` is not known yet", node)
        same = parts[side.id] is None if side.id in parts else same
    return same == (node.operator == "==")


def _has_duration(node: ast.Node) -> bool:
    """Whether a number with a unit or the name of a duration stands in a node."""
    parts = [part for part, _ in ast.walk(node)]
    units = [part.unit for part in parts if isinstance(part, ast.Number)]
    names = [part.id for part in parts if isinstance(part, ast.Name)]
    return any(units) or not DURATIONS.isdisjoint(names)


def _are_known(values: tuple[Any, ...]) -> bool:
    return all([value is not None for value in values])
