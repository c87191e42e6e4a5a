"""The mistakes of nodes that stand where a number belongs and come to none."""

from __future__ import annotations

import math

from lrdsl import diagnostics as diag
from lrdsl.compiler.context import Inputs
from lrdsl.diagnostics import Mistake, Span
from lrdsl.language.curves import CURVES
from lrdsl.language.functions import CONSTANTS, FUNCTIONS
from lrdsl.language.presets import is_preset
from lrdsl.language.reserved import DURATIONS
from lrdsl.syntax import ast
from lrdsl.syntax.unparse import unparse_short
from lrdsl.util.registry import did_you_mean


def unbound_name(node: ast.Name, inputs: Inputs, requirement: str) -> Mistake:
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
    fix = f"bind it: {name}=…"
    if node.span == Span(0, len(inputs.source.strip())):  # the name is the whole spec
        if is_preset(name):
            suggestion, fix = None, f"did you mean the preset, `schedule@lr={name}`?"
        elif suggestion is None:
            suggestion = did_you_mean(name, language.shapes, "{}()")
            fix = f"bind it, or choose a preset of that name with `schedule@lr={name}`"
    return Mistake(diag.UNBOUND, f"`{name}` has no value", node.span, suggestion, fix)


def wrong_kind(node: ast.Node, inputs: Inputs, requirement: str) -> Mistake:
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


def no_outcome(name: str, operands: tuple[float, ...], outcome: float, node: ast.Node) -> Mistake:
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
    return Mistake(diag.OVERFLOW, "this is too large for a number", node.span)
