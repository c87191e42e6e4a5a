"""Arithmetic over nodes: values become floats, durations become exact numbers of updates.

One walk serves both; a `Domain` says what numbers, names and operators are in it. A walk returns
None where something is wrong; the complaint has been made then.
"""

from __future__ import annotations

import copy
import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable
from fractions import Fraction
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from lrdsl import diagnostics as diag
from lrdsl.compiler.conditions import Conditions
from lrdsl.compiler.context import Context
from lrdsl.compiler.environment import Frame, Place
from lrdsl.compiler.resolve_names import DURATIONS, check_function
from lrdsl.diagnostics import Reporter, Span
from lrdsl.language.curves import CURVES
from lrdsl.language.functions import CONSTANTS, FUNCTIONS, OPERATORS
from lrdsl.language.modifiers import MODIFIERS
from lrdsl.language.presets import is_preset
from lrdsl.language.shapes import SHAPES
from lrdsl.language.signal import LAST_STEP, Exact, decimal_fraction
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse, unparse_short
from lrdsl.util.registry import did_you_mean

T = TypeVar("T", float, Exact)

EXACT_BITS = 256
"""Durations stay exact up to numerators and denominators of this size."""


class Domain(ABC, Generic[T]):
    """A kind of number to calculate with."""

    kind: ClassVar[str]
    """How messages call such a number."""

    def __init__(self, context: Context, reporter: Reporter, where: str) -> None:
        self.context = context
        self.reporter = reporter
        self.where = where
        """What the number is for, as messages call it: "`steps` of `cosine`"."""
        self.outer: Domain[T] | None = None

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
                if not check_function(node, self.reporter):
                    return None
                values = tuple([self.evaluate(argument.value) for argument in node.arguments])
                return None if None in values else self.operate(id, values, node)
            case ast.If(then=then, condition=condition, otherwise=otherwise):
                chosen = decide(condition, self.context, self.reporter)
                return None if chosen is None else self.evaluate(then if chosen else otherwise)
            case ast.Outer(argument=argument):
                return self.outside().evaluate(argument)
            case ast.Scope(body=body):
                return self.inside().evaluate(body)
            case ast.Faulty():
                return None
        self.no_number(node)
        return None

    def outside(self) -> Domain[T]:
        """The domain where the definition was called that this stands in."""
        return self if self.outer is None else self.outer

    def inside(self) -> Domain[T]:
        """The domain inside a call of a definition that stands here."""
        inner = copy.copy(self)
        inner.outer = self
        return inner

    @abstractmethod
    def number(self, node: ast.Number) -> T | None:
        """The number as written, its unit applied."""

    @abstractmethod
    def name(self, node: ast.Name) -> T | None:
        """What a name that is no variable stands for."""

    @abstractmethod
    def convert(self, value: float) -> T:
        """The number of a variable."""

    @abstractmethod
    def operate(self, name: str, operands: tuple[Any, ...], node: ast.Node) -> T | None:
        """The outcome of an operator or a function; `node` is what to point at."""

    def no_number(self, node: ast.Node) -> None:
        """Complain about what is no number at all."""
        if (
            isinstance(node, ast.Call)
            and node.name.id not in SHAPES
            and node.name.id not in MODIFIERS
        ):
            name = node.name
            suggestion = did_you_mean(name.id, FUNCTIONS)
            message = f"there is no function `{name.id}`"
            self.complain(diag.UNKNOWN_NAME, message, name.span, suggestion)
            return
        schedule = isinstance(node, (ast.Call, ast.Bracket, ast.Chain, ast.Pipe))
        what = "a schedule" if schedule else "no number"
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
        """Report something."""
        self.reporter.report(problem, message, span, suggestion=suggestion, fix=fix)

    def unbound(self, node: ast.Name) -> None:
        """Complain about a name that nobody has given a value."""
        name = node.id
        if name in self.context.schedules:
            message = f"`{name}` is a schedule, which changes, and {self.where} takes {self.kind}"
            fix = f"arithmetic with a schedule stands alone: `0.1 * {name}`"
            self.complain(diag.WRONG_KIND, message, node.span, fix=fix)
            return
        if name in SHAPES or name in MODIFIERS or name in FUNCTIONS:
            message = f"`{name}` is no number, and {self.where} takes {self.kind}"
            self.complain(diag.WRONG_KIND, message, node.span)
            return
        known = [
            *self.context.variables,
            *self.context.schedules,
            *DURATIONS,
            *CONSTANTS,
            "base",
            "prev",
            "next",
            *CURVES,
        ]
        message = f"`{name}` has no value"
        fix = f"bind it: {name}=…"
        is_all = node.span == Span(0, len(self.reporter.source.strip()))
        suggestion = did_you_mean(name, known)
        if is_all and is_preset(name):
            suggestion, fix = None, f"did you mean the preset, `schedule@lr={name}`?"
        elif suggestion is None and is_all:
            suggestion = did_you_mean(name, SHAPES, "{}()")
            fix = f"bind it, or choose a preset of that name with `schedule@lr={name}`"
        self.complain(diag.UNBOUND, message, node.span, suggestion, fix)

    def compute(self, name: str, operands: tuple[float, ...], node: ast.Node) -> float | None:
        """An operator or a function over floats; anything but a finite outcome is reported."""
        function = OPERATORS[name] if name in OPERATORS else FUNCTIONS[name].compute
        if name in ("floor", "ceil"):
            operands = tuple([_without_noise(operand) for operand in operands])
        with np.errstate(all="ignore"):
            outcome = float(function(*[np.float64(operand) for operand in operands]))
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


class Values(Domain[float]):
    """Values: floats. `prev` and `next` are asked for only when they are used."""

    kind = "a value"

    def __init__(
        self,
        context: Context,
        reporter: Reporter,
        where: str,
        prev: Callable[[Span], float | None],
        next: Callable[[Span], float | None],
    ) -> None:
        super().__init__(context, reporter, where)
        self.prev = prev
        self.next = next

    @classmethod
    def at(cls, context: Context, reporter: Reporter, where: str, frame: Frame) -> Values:
        """Values as they are in a frame."""
        found = cls(context, reporter, where, frame.prev, frame.next)
        if frame.outer is not None:
            found.outer = cls.at(context, reporter, where, frame.outer)
        return found

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
        if name == "prev":
            return self.prev(node.span)
        if name == "next":
            return self.next(node.span)
        if name == "base":
            return base(self.context, self.reporter, node.span)
        if name in DURATIONS:
            message = f"`{name}` is a duration, and {self.where} takes a value"
            self.complain(diag.WRONG_KIND, message, node.span)
        elif name == "t":
            message = f"`t` changes, and {self.where} takes one value"
            fix = "a formula in `t` stands alone: `0.1 / (1 + 0.05*t) | take(500)`"
            self.complain(diag.WRONG_KIND, message, node.span, fix=fix)
        else:
            self.unbound(node)
        return None

    def convert(self, value: float) -> float:
        return float(value)

    def operate(self, name: str, operands: tuple[Any, ...], node: ast.Node) -> float | None:
        return self.compute(name, operands, node)


class Durations(Domain[Exact]):
    """Durations: exact numbers of updates."""

    kind = "a duration"

    def __init__(self, context: Context, reporter: Reporter, where: str, place: Place) -> None:
        super().__init__(context, reporter, where)
        self.place = place
        if place.outer is not None:
            self.outer = Durations(context, reporter, where, place.outer)

    def number(self, node: ast.Number) -> Exact | None:
        if not node.unit and is_whole(node.value):
            return int(node.value)
        per, needs = self.context.updates_per(node.unit)
        if per is None:
            self._needs(f"`{unparse(node)}`", needs, node.span)
            return None
        return _bounded(decimal_fraction(node.value) * per)

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
            self.unbound(node)
        return None

    def _rest(self, node: ast.Name) -> Exact | None:
        if self.place.rest is None:
            if self.context.total_steps is None:
                self._needs("`rest`", "total_steps", node.span)
            else:
                message = "`rest` is unknown here: a segment before it has no length of its own"
                self.complain(diag.NO_LENGTH, message, node.span, fix="give that one its length")
        return self.place.rest

    def _needs(self, what: str, needs: str, span: Span) -> None:
        self.complain(diag.NEEDS_CONTEXT, f"{what} needs {needs}", span, fix=f"pass {needs}=…")

    def convert(self, value: float) -> Exact:
        return int(value) if is_whole(value) else decimal_fraction(value)

    def operate(self, name: str, operands: tuple[Any, ...], node: ast.Node) -> Exact | None:
        if name in ("min", "max"):
            outcome: Exact = min(operands) if name == "min" else max(operands)
            return outcome
        if name in ("+", "-", "*") or (name == "/" and operands[1] != 0):
            left, right = operands
            if name == "/":
                return _bounded(Fraction(left, right))
            exactly = {"+": operator.add, "-": operator.sub, "*": operator.mul}
            return _bounded(exactly[name](left, right))
        floats = tuple([float(operand) for operand in operands])
        found = self.compute(name, floats, node)
        return None if found is None else decimal_fraction(found)


def decide(node: ast.Node, context: Context | None, reporter: Reporter) -> bool | None:
    """Whether a condition holds; None, and a complaint, if it cannot be decided.

    Without a context only what literal numbers and words decide is decided.
    """

    def is_known(name: str) -> bool | None:
        if context is None:
            return None
        if name == "base" and context.base_follows:
            reporter.report(diag.NEEDS_CONTEXT, "`base` is not known yet", node.span)
            return None
        known = {"base": context.base_lr, "total": context.total_steps, "epoch": context.epoch}
        return known[name] is not None

    def numbers(left: ast.Node, right: ast.Node) -> tuple[float | Exact, float | Exact] | None:
        known, domain = context or Context(), _domain_of(left, right)
        found = [domain(known, reporter).evaluate(side) for side in (left, right)]
        return None if found[0] is None or found[1] is None else (found[0], found[1])

    return Conditions(numbers, is_known, reporter).decide(node)


def _domain_of(*nodes: ast.Node) -> Callable[[Context, Reporter], Domain[Any]]:
    """What evaluates the sides of a comparison: durations if one of them is one."""
    durations = any(
        [
            bool(part.unit) if isinstance(part, ast.Number) else part.id in DURATIONS
            for node in nodes
            for part, _ in ast.walk(node)
            if isinstance(part, (ast.Number, ast.Name))
        ]
    )
    where = "a condition"

    def nowhere(reporter: Reporter) -> Callable[[Span], float | None]:
        def complain(span: Span) -> None:
            message = "`prev` and `next` have no meaning in a condition"
            reporter.report(diag.WRONG_PLACE, message, span)

        return complain

    def make(context: Context, reporter: Reporter) -> Domain[Any]:
        if durations:
            return Durations(context, reporter, where, Place(None, None))
        return Values(context, reporter, where, nowhere(reporter), nowhere(reporter))

    return make


def base(context: Context, reporter: Reporter, span: Span) -> float | None:
    """The parameter group's own learning rate; None, and a complaint, when nobody told."""
    if context.base_lr is None:
        written = reporter.source[span.start : span.stop]
        what = "`base`" if written == "base" else "this leans on `base`, which"
        fix = "pass base_lr=…, or write the value"
        reporter.report(diag.NEEDS_CONTEXT, f"{what} needs base_lr", span, fix=fix)
    return context.base_lr


def _without_noise(x: float) -> float:
    """The whole number that a float is but for rounding, and any other as it is.

    `0.29 * 100` is 28.999999999999996 as a value and 29 as a duration: `floor` of it must be one
    number, wherever a definition uses it.
    """
    return round(x) if math.isfinite(x) and math.isclose(x, round(x), rel_tol=1e-12) else x


def is_whole(value: float) -> bool:
    """Whether a float is a whole number, and one that floats tell from its neighbours."""
    return value.is_integer() and abs(value) < LAST_STEP


def _bounded(x: Fraction | int) -> Exact:
    """The same number, or the nearest float where exactness would cost too much."""
    if x.denominator == 1 and abs(x.numerator) < LAST_STEP:
        return x.numerator
    if max(x.numerator.bit_length(), x.denominator.bit_length()) <= EXACT_BITS:
        return x
    if abs(x.numerator) >= 2**1000 * x.denominator:
        return Fraction(2**1000) if x > 0 else Fraction(-(2**1000))
    return Fraction(float(x))
