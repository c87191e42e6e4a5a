"""Evaluation of nodes: values become floats, durations become exact numbers of updates.

One walk serves both; an `Evaluator` says which numbers, names and operators it knows. It returns
None where something is wrong, and has reported the mistake then.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from lrdsl import diagnostics as diag
from lrdsl.compiler.arithmetic import bounded, compute, compute_exactly, is_whole
from lrdsl.compiler.conditions import Conditions
from lrdsl.compiler.context import Context
from lrdsl.compiler.environment import NO_ENVIRONMENT, Environment, Neighbours
from lrdsl.compiler.unbound_names import unbound_name
from lrdsl.diagnostics import Mistake, Mistakes, Span
from lrdsl.language.binding import function_mistake
from lrdsl.language.functions import CONSTANTS, FUNCTIONS
from lrdsl.language.language import current
from lrdsl.language.length import Exact, decimal_fraction
from lrdsl.language.modifiers import MODIFIERS
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
    """How messages call such a number."""

    context: Context
    mistakes: Mistakes
    where: str

    def evaluate(self, node: ast.Node) -> T | None:
        """The number that a node stands for."""
        match node:
            case ast.Number():
                return self.number(node)
            case ast.Name(id=id):
                known = self.context.variables.get(id)
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
                return self._function(node)
            case ast.If(then=then, condition=condition, otherwise=otherwise):
                chosen = decide(condition, self.context, self.mistakes)
                return None if chosen is None else self.evaluate(then if chosen else otherwise)
            case ast.Outer(argument=argument):
                return self.at_call().evaluate(argument)
            case ast.Scope(body=body):
                return self.in_definition().evaluate(body)
            case ast.Faulty():
                return None
        self._complain_of_kind(node)
        return None

    def _function(self, node: ast.Call) -> T | None:
        mistake = function_mistake(node)
        if mistake is not None:
            self.mistakes.found.append(mistake)
            return None
        values = tuple([self.evaluate(argument.value) for argument in node.arguments])
        return None if None in values else self.operate(node.name.id, values, node)

    @abstractmethod
    def at_call(self) -> Evaluator[T]:
        """The evaluator of the place where the definition was called that this one is in."""

    @abstractmethod
    def in_definition(self) -> Evaluator[T]:
        """The evaluator of the body of a definition that is called here."""

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

    def _complain_of_kind(self, node: ast.Node) -> None:
        """Report a node that is no number at all."""
        if (
            isinstance(node, ast.Call)
            and node.name.id not in current().shapes
            and node.name.id not in MODIFIERS
        ):
            name = node.name
            suggestion = did_you_mean(name.id, FUNCTIONS)
            message = f"there is no function `{name.id}`"
            self.complain(diag.UNKNOWN_NAME, message, name.span, suggestion)
            return
        schedule = isinstance(node, (ast.Call, ast.Bracket, ast.Chain, ast.Pipe))
        what = "a schedule" if schedule else "not a number"
        message = f"`{unparse_short(node)}` is {what}, and {self.where} takes {self.kind}"
        self.complain(diag.WRONG_KIND, message, node.span)

    def complain(
        self,
        problem: diag.Problem,
        message: str,
        span: Span,
        suggestion: tuple[str, str] | None = None,
        fix: str | None = None,
    ) -> None:
        """Report a mistake."""
        self.mistakes.found.append(Mistake(problem, message, span, suggestion, fix))

    def _unbound(self, node: ast.Name) -> None:
        """Report a name that has no value."""
        source = self.mistakes.source
        mistake = unbound_name(node, self.context, source, f"{self.where} takes {self.kind}")
        self.mistakes.found.append(mistake)

    def compute(self, name: str, operands: tuple[float, ...], node: ast.Node) -> float | None:
        """The outcome of an operator or a function over floats, which must be finite."""
        outcome = compute(name, operands)
        if math.isfinite(outcome):
            return outcome
        if name == "/" and operands[-1] == 0:
            known = "" if isinstance(node, ast.Number) else f": `{unparse_short(node)}` is 0 here"
            self.complain(diag.DIVISION_BY_ZERO, f"division by zero{known}", node.span)
        elif name == "**" and operands[0] == 0:
            message = f"division by zero: `{unparse_short(node)}` is 0 to a negative power"
            self.complain(diag.DIVISION_BY_ZERO, message, node.span)
        elif math.isnan(outcome) or name == "log":
            shown = ", ".join(f"{operand:g}" for operand in operands)
            text = f"{shown.replace(', ', ' ** ')}" if name == "**" else f"{name}({shown})"
            self.complain(diag.BAD_ARITHMETIC, f"`{text}` has no value", node.span)
        else:
            self.complain(diag.OVERFLOW, "this is too large for a number", node.span)
        return None


@dataclass(slots=True)
class Values(Evaluator[float]):
    """Evaluates values, which are floats.

    `neighbours` are asked for `prev` and `next`, only where these are used; without neighbours
    they have no meaning.
    """

    kind: ClassVar[str] = "a value"

    neighbours: Neighbours | None = None

    def at_call(self) -> Values:
        if self.neighbours is None or self.neighbours.caller is None:
            return self
        return Values(self.context, self.mistakes, self.where, self.neighbours.caller)

    def in_definition(self) -> Values:
        if self.neighbours is None:
            return self
        return Values(self.context, self.mistakes, self.where, self.neighbours.in_definition())

    def number(self, node: ast.Number) -> float | None:
        if not node.unit:
            return node.value
        plain = {"%": f"{node.value / 100:g}", "dur": f"{node.value:g}"}.get(node.unit)
        fix = (f"did you mean `{plain}`?", plain) if plain is not None else None
        message = f"`{unparse(node)}` is a duration, and {self.where} takes a value"
        self.complain(diag.WRONG_KIND, message, node.span, fix, "leave out the unit")
        return None

    def name(self, node: ast.Name) -> float | None:
        name = node.id
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in ("prev", "next"):
            return self._neighbour(node)
        if name == "base":
            return self._base(node.span)
        if name in DURATIONS:
            message = f"`{name}` is a duration, and {self.where} takes a value"
            self.complain(diag.WRONG_KIND, message, node.span)
        elif name == "t":
            message = f"`t` changes, and {self.where} takes one value"
            fix = "a formula in `t` stands alone: `0.1 / (1 + 0.05*t) | take(500)`"
            self.complain(diag.WRONG_KIND, message, node.span, fix=fix)
        else:
            self._unbound(node)
        return None

    def convert(self, value: float) -> float:
        return float(value)

    def operate(self, name: str, operands: tuple[Any, ...], node: ast.Node) -> float | None:
        return self.compute(name, operands, node)

    def _base(self, span: Span) -> float | None:
        """The parameter group's own learning rate."""
        if self.context.base_lr is None:
            written = self.mistakes.source[span.start : span.stop]
            what = "`base`" if written == "base" else "a default here is `base`, which"
            fix = "pass base_lr=…, or write the value"
            self.complain(diag.NEEDS_CONTEXT, f"{what} needs base_lr", span, fix=fix)
        return self.context.base_lr

    def _neighbour(self, node: ast.Name) -> float | None:
        """The value of `prev` or `next`."""
        if self.neighbours is None:
            message = f"`prev` and `next` have no meaning in {self.where}"
            self.complain(diag.WRONG_PLACE, message, node.span)
            return None
        return (self.neighbours.prev if node.id == "prev" else self.neighbours.next)(node.span)


@dataclass(slots=True)
class Durations(Evaluator[Exact]):
    """Evaluates durations, which are exact numbers of updates."""

    kind: ClassVar[str] = "a duration"

    environment: Environment = NO_ENVIRONMENT

    def at_call(self) -> Durations:
        caller = self.environment.caller
        return self if caller is None else self._in(caller)

    def in_definition(self) -> Durations:
        return self._in(self.environment.in_definition())

    def _in(self, environment: Environment) -> Durations:
        return Durations(self.context, self.mistakes, self.where, environment)

    def number(self, node: ast.Number) -> Exact | None:
        if not node.unit and is_whole(node.value):
            return int(node.value)
        per, needs = self.context.updates_per(node.unit)
        if per is None:
            self._needs(f"`{unparse(node)}`", needs, node.span)
            return None
        return bounded(decimal_fraction(node.value) * per)

    def name(self, node: ast.Name) -> Exact | None:
        name = node.id
        if name == "total":
            if self.context.total_steps is None:
                self._needs("`total`", "total_steps", node.span)
            return self.context.total_steps
        if name == "epoch":
            if self.context.epoch is None:
                self._needs("`epoch`", "steps_per_epoch", node.span)
            return self.context.epoch
        if name == "rest":
            return self._rest(node)
        if name in ("base", "prev", "next", "pi", "t"):
            message = f"`{name}` is a value, and {self.where} takes a duration"
            self.complain(diag.WRONG_KIND, message, node.span)
        else:
            self._unbound(node)
        return None

    def _rest(self, node: ast.Name) -> Exact | None:
        if self.environment.rest is None:
            if self.context.total_steps is None:
                self._needs("`rest`", "total_steps", node.span)
            else:
                message = "`rest` is unknown here: a segment before it has no length of its own"
                self.complain(diag.NO_LENGTH, message, node.span, fix="give that one its length")
        return self.environment.rest

    def _needs(self, what: str, needs: str, span: Span) -> None:
        self.complain(diag.NEEDS_CONTEXT, f"{what} needs {needs}", span, fix=f"pass {needs}=…")

    def convert(self, value: float) -> Exact:
        return int(value) if is_whole(value) else decimal_fraction(value)

    def operate(self, name: str, operands: tuple[Any, ...], node: ast.Node) -> Exact | None:
        exact = compute_exactly(name, operands)
        if exact is not None:
            return exact
        found = self.compute(name, tuple([float(operand) for operand in operands]), node)
        return None if found is None else decimal_fraction(found)


def decide(node: ast.Node, context: Context | None, mistakes: Mistakes) -> bool | None:
    """Whether a condition holds; None, with the mistake reported, if it cannot be decided.

    Without a context only conditions about literal numbers and words are decided.
    """

    def is_known(name: str) -> bool | None:
        if context is None:
            return None
        if name == "base" and context.base_follows:
            message = "`base` is not known yet"
            mistakes.found.append(Mistake(diag.NEEDS_CONTEXT, message, node.span))
            return None
        known = {"base": context.base_lr, "total": context.total_steps, "epoch": context.epoch}
        return known[name] is not None

    def numbers(left: ast.Node, right: ast.Node) -> tuple[float | Exact, float | Exact] | None:
        evaluator = Durations if _has_duration(left) or _has_duration(right) else Values
        sides = evaluator(context or Context(), mistakes, "a condition")
        found = [sides.evaluate(side) for side in (left, right)]
        return None if found[0] is None or found[1] is None else (found[0], found[1])

    return Conditions(numbers, is_known, mistakes).decide(node)


def _has_duration(node: ast.Node) -> bool:
    """Whether a number with a unit or the name of a duration stands in a node."""
    return any(
        [
            bool(part.unit) if isinstance(part, ast.Number) else part.id in DURATIONS
            for part, _ in ast.walk(node)
            if isinstance(part, (ast.Number, ast.Name))
        ]
    )
