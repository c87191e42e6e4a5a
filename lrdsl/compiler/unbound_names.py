"""The mistake of a name that has no value."""

from __future__ import annotations

from lrdsl import diagnostics as diag
from lrdsl.compiler.context import Context
from lrdsl.diagnostics import Mistake, Span
from lrdsl.language.curves import CURVES
from lrdsl.language.functions import CONSTANTS, FUNCTIONS
from lrdsl.language.language import current
from lrdsl.language.modifiers import MODIFIERS
from lrdsl.language.presets import is_preset
from lrdsl.language.reserved import DURATIONS
from lrdsl.syntax import ast
from lrdsl.util.registry import did_you_mean


def unbound_name(node: ast.Name, context: Context, source: str, requirement: str) -> Mistake:
    """The mistake of a name in the text `source` that has no value.

    `requirement` says what belongs there: "`steps` of `cosine` takes a duration".
    """
    name = node.id
    if name in context.schedules:
        message = f"`{name}` is a schedule, which changes, and {requirement}"
        fix = f"arithmetic with a schedule stands alone: `0.1 * {name}`"
        return Mistake(diag.WRONG_KIND, message, node.span, None, fix)
    if name in current().shapes or name in MODIFIERS or name in FUNCTIONS:
        message = f"`{name}` is not a number, and {requirement}"
        return Mistake(diag.WRONG_KIND, message, node.span)
    values = [*context.variables, *context.schedules, *DURATIONS, *CONSTANTS]
    suggestion = did_you_mean(name, [*values, "base", "prev", "next", *CURVES])
    fix = f"give it a value: {name}=…"
    if node.span == Span(0, len(source.strip())):  # the name is the whole spec
        if is_preset(name):
            suggestion, fix = None, f"did you mean the preset, `schedule@lr={name}`?"
        elif suggestion is None:
            suggestion = did_you_mean(name, current().shapes, "{}()")
            fix = f"give it a value, or choose a preset of that name with `schedule@lr={name}`"
    return Mistake(diag.UNBOUND, f"`{name}` has no value", node.span, suggestion, fix)
