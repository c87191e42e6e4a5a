"""Evaluation of nodes: values become floats, durations become exact numbers of updates.

One walk serves both; an `Evaluator` says which numbers, names and operators it knows. It returns
None where something is wrong, and has noted the mistake then.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from lrdsl import diagnostics as diag
from lrdsl.compiler.arithmetic import bounded, compute, compute_exactly, is_whole
from lrdsl.compiler.conditions import Conditions
from lrdsl.compiler.context import Inputs
from lrdsl.compiler.environment import NOWHERE, Environment
from lrdsl.diagnostics import Mistake, Span
from lrdsl.language.binding import function_mistake
from lrdsl.language.curves import CURVES
from lrdsl.language.functions import CONSTANTS, FUNCTIONS
from lrdsl.language.length import Exact, decimal_fraction
from lrdsl.language.presets import is_preset
from lrdsl.language.reserved import DURATIONS
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse, unparse_short
from lrdsl.util.registry import did_you_mean

T = TypeVar("T", float, Exact)


@dataclass(slots=True)
class Evaluator(ABC, Generic[T]):
    """Evaluates nodes to one kind of number.

    `where` is what the number is for, as messages call it: "`steps` of `cosine`".
    """

    kind: ClassVar[str]
    """The name of such a number in messages."""

    inputs: Inputs
    mistakes: list[Mistake]
    where: str
    environment: Environment = NOWHERE

    def evaluate(self, node: ast.Node) -> T | None:
        """The number that a node stands for."""
        match node:
            case ast.Number():
                return self.number(node)
            case ast.Name(id=id):
                known = self.inputs.context.variables.get(id)
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
                return None if None in pair else self.operate("**", pair, node)
            case ast.Call(name=ast.Name(id=id)) if id in FUNCTIONS:
                mistake = function_mistake(node)
                if mistake is not None:
                    return self.fail(mistake)
                values = tuple([self.evaluate(argument.value) for argument in node.arguments])
                return None if None in values else self.operate(id, values, node)
            case ast.If(then=then, condition=condition, otherwise=otherwise):
                chosen = decide(condition, self.inputs, self.mistakes)
                return None if chosen is None else self.evaluate(then if chosen else otherwise)
            case ast.Outer(argument=argument):
                return self._in(self.environment.caller or self.environment).evaluate(argument)
            case ast.Scope(body=body):
                return self._in(self.environment.in_definition()).evaluate(body)
            case ast.Faulty():
                return None
        return self.fail(_wrong_kind(node, self.inputs, f"{self.where} takes {self.kind}"))

    def _in(self, environment: Environment) -> Evaluator[T]:
        return type(self)(self.inputs, self.mistakes, self.where, environment)

    @abstractmethod
    def number(self, node: ast.Number) -> T | None:
        """The number as written, its unit applied."""

    @abstractmethod
    def name(self, node: ast.Name) -> T | None:
        """The value of a reserved name, such as `base`."""

    @abstractmethod
    def convert(self, value: float) -> T:
        """The number of a variable."""

    @abstractmethod
    def operate(self, name: str, operands: tuple[Any, ...], node: ast.Node) -> T | None:
        """The outcome of an operator or a function; `node` is what to point at."""

    def fail(self, mistake: Mistake) -> T | None:
        """Note a mistake; there is no number then."""
        self.mistakes.append(mistake)
        return None

    def compute(self, name: str, operands: tuple[float, ...], node: ast.Node) -> float | None:
        """The outcome of an operator or a function over floats, which must be finite."""
        outcome = compute(name, operands)
        if math.isfinite(outcome):
            return outcome
        self.mistakes.append(_no_outcome(name, operands, outcome, node))
        return None

    def needs(self, what: str, needs: str, span: Span) -> T | None:
        """Note that a part of the context is unknown."""
        fix = f"pass {needs}=…"
        return self.fail(Mistake(diag.NEEDS_CONTEXT, f"{what} needs {needs}", span, fix=fix))

    def misplaced(self, node: ast.Name, is_a: str) -> T | None:
        """Note a name that stands for another kind of number, or has no value."""
        requirement = f"{self.where} takes {self.kind}"
        if is_a:
            message = f"`{node.id}` is {is_a}, and {requirement}"
            return self.fail(Mistake(diag.WRONG_KIND, message, node.span))
        return self.fail(_unbound_name(node, self.inputs, requirement))


class Values(Evaluator[float]):
    """Evaluates values, which are floats."""

    kind = "a value"

    def number(self, node: ast.Number) -> float | None:
        if not node.unit:
            return node.value
        plain = {"%": f"{node.value / 100:g}", "dur": f"{node.value:g}"}.get(node.unit)
        suggestion = None if plain is None else (f"did you mean `{plain}`?", plain)
        message = f"`{unparse(node)}` is a duration, and {self.where} takes a value"
        mistake = Mistake(diag.WRONG_KIND, message, node.span, suggestion, "leave out the unit")
        return self.fail(mistake)

    def name(self, node: ast.Name) -> float | None:
        name = node.id
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in ("prev", "next"):
            find = self.environment.prev if name == "prev" else self.environment.next
            if find is not None:
                return find(node.span)
            message = f"`prev` and `next` have no meaning in {self.where}"
            return self.fail(Mistake(diag.WRONG_PLACE, message, node.span))
        if name == "base":
            return self.base(node.span)
        if name == "t":
            message = f"`t` changes, and {self.where} takes one value"
            fix = "a formula in `t` stands alone: `0.1 / (1 + 0.05*t) | take(500)`"
            return self.fail(Mistake(diag.WRONG_KIND, message, node.span, fix=fix))
        return self.misplaced(node, "a duration" if name in DURATIONS else "")

    def base(self, span: Span) -> float | None:
        """The parameter group's own learning rate."""
        if self.inputs.context.base_lr is None:
            written = self.inputs.source[span.start : span.stop]
            what = "`base`" if written == "base" else "a value left out here is `base`, which"
            fix = "pass base_lr=…, or write the value"
            self.fail(Mistake(diag.NEEDS_CONTEXT, f"{what} needs base_lr", span, fix=fix))
        return self.inputs.context.base_lr

    def convert(self, value: float) -> float:
        return float(value)

    def operate(self, name: str, operands: tuple[Any, ...], node: ast.Node) -> float | None:
        return self.compute(name, operands, node)


class Durations(Evaluator[Exact]):
    """Evaluates durations, which are exact numbers of updates."""

    kind = "a duration"

    def number(self, node: ast.Number) -> Exact | None:
        if not node.unit and is_whole(node.value):
            return int(node.value)
        per, needs = self.inputs.context.updates_per(node.unit)
        if per is None:
            return self.needs(f"`{unparse(node)}`", needs, node.span)
        return bounded(decimal_fraction(node.value) * per)

    def name(self, node: ast.Name) -> Exact | None:
        context = self.inputs.context
        match node.id:
            case "total" | "epoch" as name:
                found = context.total_steps if name == "total" else context.epoch
                if found is None:
                    needs = "total_steps" if name == "total" else "steps_per_epoch"
                    self.needs(f"`{name}`", needs, node.span)
                return found
            case "rest":
                found = self.environment.rest
                if found is None and context.total_steps is None:
                    self.needs("`rest`", "total_steps", node.span)
                elif found is None:
                    message = "`rest` is unknown here: a segment before it has no length of its own"
                    fix = "give that one its length"
                    self.fail(Mistake(diag.NO_LENGTH, message, node.span, fix=fix))
                return found
            case "base" | "prev" | "next" | "pi" | "t":
                return self.misplaced(node, "a value")
        return self.misplaced(node, "")

    def convert(self, value: float) -> Exact:
        return int(value) if is_whole(value) else decimal_fraction(value)

    def operate(self, name: str, operands: tuple[Any, ...], node: ast.Node) -> Exact | None:
        exact = compute_exactly(name, operands)
        if exact is not None:
            return exact
        found = self.compute(name, tuple([float(operand) for operand in operands]), node)
        return None if found is None else decimal_fraction(found)


def decide(
    node: ast.Node, inputs: Inputs, mistakes: list[Mistake], knows_run: bool = True
) -> bool | None:
    """Whether a condition holds; None, with the mistake noted, if it cannot be decided.

    Before the run is known, only conditions about literal numbers and words are decided.
    """

    def numbers(left: ast.Node, right: ast.Node) -> tuple[float | Exact, float | Exact] | None:
        evaluator = Durations if _has_duration(left) or _has_duration(right) else Values
        sides = evaluator(inputs, mistakes, "a condition")
        found = [sides.evaluate(side) for side in (left, right)]
        return None if found[0] is None or found[1] is None else (found[0], found[1])

    context = inputs.context if knows_run else None
    return Conditions(numbers, context, mistakes).decide(node)


def _has_duration(node: ast.Node) -> bool:
    """Whether a number with a unit or the name of a duration stands in a node."""
    return any(
        [
            bool(part.unit) if isinstance(part, ast.Number) else part.id in DURATIONS
            for part, _ in ast.walk(node)
            if isinstance(part, (ast.Number, ast.Name))
        ]
    )


def _unbound_name(node: ast.Name, inputs: Inputs, requirement: str) -> Mistake:
    """The mistake of a name that has no value.

    `requirement` says what belongs there: "`steps` of `cosine` takes a duration".
    """
    name, language = node.id, inputs.language
    if name in inputs.schedules:
        message = f"`{name}` is a schedule, which changes, and {requirement}"
        fix = f"arithmetic with a schedule stands alone: `0.1 * {name}`"
        return Mistake(diag.WRONG_KIND, message, node.span, None, fix)
    if name in language.shapes or name in language.modifiers or name in FUNCTIONS:
        message = f"`{name}` is not a number, and {requirement}"
        return Mistake(diag.WRONG_KIND, message, node.span)
    values = [*inputs.context.variables, *inputs.schedules, *DURATIONS, *CONSTANTS]
    suggestion = did_you_mean(name, [*values, "base", "prev", "next", *CURVES])
    fix = f"give it a value: {name}=…"
    if node.span == Span(0, len(inputs.source.strip())):  # the name is the whole spec
        if is_preset(name):
            suggestion, fix = None, f"did you mean the preset, `schedule@lr={name}`?"
        elif suggestion is None:
            suggestion = did_you_mean(name, language.shapes, "{}()")
            fix = f"give it a value, or choose a preset of that name with `schedule@lr={name}`"
    return Mistake(diag.UNBOUND, f"`{name}` has no value", node.span, suggestion, fix)


def _wrong_kind(node: ast.Node, inputs: Inputs, requirement: str) -> Mistake:
    """The mistake of a node that is no number at all; `requirement` says what belongs there."""
    if isinstance(node, ast.Call):
        name, language = node.name, inputs.language
        if name.id not in language.shapes and name.id not in language.modifiers:
            message, meant = f"there is no function `{name.id}`", did_you_mean(name.id, FUNCTIONS)
            return Mistake(diag.UNKNOWN_NAME, message, name.span, meant)
    is_schedule = isinstance(node, (ast.Call, ast.Bracket, ast.Chain, ast.Pipe))
    what = "a schedule" if is_schedule else "not a number"
    message = f"`{unparse_short(node)}` is {what}, and {requirement}"
    return Mistake(diag.WRONG_KIND, message, node.span)


def _no_outcome(name: str, operands: tuple[float, ...], outcome: float, node: ast.Node) -> Mistake:
    """The mistake of an operator or a function whose outcome is no finite number."""
    if name == "/" and operands[-1] == 0:
        known = "" if isinstance(node, ast.Number) else f": `{unparse_short(node)}` is 0 here"
        return Mistake(diag.DIVISION_BY_ZERO, f"division by zero{known}", node.span)
    if name == "**" and operands[0] == 0:
        message = f"division by zero: `{unparse_short(node)}` is 0 to a negative power"
        return Mistake(diag.DIVISION_BY_ZERO, message, node.span)
    if math.isnan(outcome) or name == "log":
        shown = (" ** " if name == "**" else ", ").join([f"{operand:g}" for operand in operands])
        text = shown if name == "**" else f"{name}({shown})"
        return Mistake(diag.BAD_ARITHMETIC, f"`{text}` has no value", node.span)
    return Mistake(diag.OVERFLOW, "this result is too large for a number", node.span)
