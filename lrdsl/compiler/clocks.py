"""Clocks in a run: modifiers that count samples, tokens or epochs, and where updates differ."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from lrdsl import diagnostics as diag
from lrdsl.compiler import argument_values as arguments
from lrdsl.compiler.environment import Counting, Environment
from lrdsl.compiler.ir import Modify
from lrdsl.language.length import decimal_fraction, round_half_up
from lrdsl.language.modifiers import Modifier
from lrdsl.language.modifiers.clock import Clock
from lrdsl.language.modifiers.stretch import Scale, Stretch
from lrdsl.language.time_map import ClockMap
from lrdsl.language.uneven_clock import Consumed
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse


class OnClock(NamedTuple):
    """The modifier that runs a schedule by a clock, None where it is at fault."""

    modifier: Modifier | None
    counting: Counting


def by_clock(term: Modify, environment: Environment) -> OnClock | None:
    """The clock that a modifier sets for its source; None if it is no `clock`.

    `stretch(2tok)` is one where updates differ in their tokens.
    """
    per: Fraction = Fraction(1)
    if term.cls is Stretch:
        node = term.arguments.get("k")
        if not isinstance(node, ast.Number) or node.unit not in environment.inputs.clocks:
            return None
        unit, per = node.unit, decimal_fraction(node.value)
        if per <= 0:
            return None
    elif term.cls is Clock and term.sound:
        given = arguments.fields(term, Clock.parameters(), environment, {})
        if given is None:
            return None
        unit = given["unit"]
    else:
        return None
    name = f"`{unparse(term.node)}`"
    counting = Counting({unit: 1 / per}, True, name)
    time = _time_map(term, unit, per, environment)
    return OnClock(None if time is None else Clock(unit=unit, time=time), counting)


def _time_map(term: Modify, unit: str, per: Fraction, environment: Environment) -> ClockMap | None:
    clock = environment.inputs.clocks.get(unit)
    if clock is None:
        updates, needs = environment.inputs.context.updates_per(unit)
        if updates is not None:
            return Scale(updates)
        message, fix = f"`{unparse(term.node)}` needs {needs}", f"pass {needs}=…"
        return environment.complain(diag.NEEDS_CONTEXT, message, term.node, fix)
    if environment.began is not None:
        return Consumed(clock, per, environment.began, round_half_up(environment.began))
    message = f"`{unparse(term.node)}` goes by the run, and where it starts is unknown here"
    fix = "write it behind the whole schedule, outside of brackets that have a time of their own"
    return environment.complain(diag.WRONG_PLACE, message, term.node, fix)
