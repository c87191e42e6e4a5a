"""Durations that are written as texts outside of schedules: `10ep`, `5%`, `rest / 2`."""

from __future__ import annotations

from dataclasses import replace

from lrdsl import diagnostics as diag
from lrdsl.compiler.argument_values import updates
from lrdsl.compiler.context import Context, Inputs
from lrdsl.compiler.environment import Environment
from lrdsl.compiler.frontend import failures_reported
from lrdsl.diagnostics import Diagnostic, Mistake, Reporter, SpecError
from lrdsl.language.language import current
from lrdsl.language.length import Exact
from lrdsl.language.signal import LAST_STEP
from lrdsl.syntax.parser import parse_spec
from lrdsl.util.forks import no_fork


@no_fork
def exact_updates(text: str, where: str, context: Context, start: Exact) -> Exact:
    """The exact number of updates that a duration is which begins at an update of the run.

    `where` is what messages call its place. Raises `SpecError` with all mistakes.

    >>> exact_updates("1.5ep", "a phase", Context.of(steps_per_epoch=7), start=0)
    Fraction(21, 2)
    >>> exact_updates("rest / 2", "a phase", Context.of(total_steps=100), start=10)
    45
    """
    parsed = parse_spec(text)
    if parsed.value is None:
        raise SpecError(parsed.diagnostics)
    found, mistakes = None, [*parsed.mistakes]
    if not mistakes:
        rest = None if context.total_steps is None else context.total_steps - start
        environment = Environment(Inputs(context, current(), text), mistakes, start, rest)
        with failures_reported(parsed.value, text, mistakes):
            found = updates(parsed.value, where, environment)
    if found is not None and not 0 <= found <= LAST_STEP:
        why = "0 or more" if found < 0 else "at most 2**53"
        message = f"{where} must be {why} updates, not {float(found):g}"
        mistakes.append(Mistake(diag.BAD_LENGTH, message, parsed.value.span))
    reported = Reporter(text).report_all(mistakes).diagnostics
    if found is None or reported:
        raise SpecError([_about_a_duration(each) for each in reported])
    return found


def _about_a_duration(found: Diagnostic) -> Diagnostic:
    """A mistake in a duration: an unknown name in it is meant for no preset and no shape."""
    if found.problem is not diag.UNBOUND or (found.replacement or "(").isidentifier():
        return found
    fix = f"give it a value: {found.source[slice(*found.span[:2])]}=…"
    return replace(found, fix=fix, replacement=None)
