"""Checks of the arguments that the functions of `lrdsl.torch` have in common."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from lrdsl.compiler.context import Context
from lrdsl.diagnostics import BAD_CONTEXT, BAD_STEP, Problem, Suggestion, spec_error
from lrdsl.language.signal import LAST_STEP
from lrdsl.syntax.spec import as_number
from lrdsl.torch.param_key import to_python


def run_context(**arguments: Any) -> Context:
    """Make the context of a run from a Scheduler's keyword arguments."""
    if "base_lr" in arguments:
        message = "`base_lr` cannot be passed: `base` is the group's own lr"
        raise spec_error(BAD_CONTEXT, message, fix="set the optimizer's `lr` instead")
    return Context.of(**arguments)


def checked_option(
    options: Sequence[str], name: str, value: object, code: Problem = BAD_STEP
) -> str:
    """Return an argument that is one of some options; `SpecError` for any other value."""
    if value not in options:
        meant = Suggestion(value, options) if isinstance(value, str) else None
        listed = ", ".join(f'"{option}"' for option in options)
        message = f"`{name}` must be one of {listed}, not {value!r}"
        raise spec_error(code, message, meant=meant)
    return str(value)


def checked_updates(value: object, name: str, *, least: int) -> int:
    """Return an argument that is a number of updates; `SpecError` for any other value."""
    try:
        number = None if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or not least <= number <= LAST_STEP:
        message = f"`{name}` must be a whole number of updates, {least} or more, not {value!r}"
        is_metric = isinstance(as_number(to_python(value)), float)
        fix = "the schedule takes no metric: call `step()`" if is_metric else None
        raise spec_error(BAD_STEP, message, fix=fix)
    return number
