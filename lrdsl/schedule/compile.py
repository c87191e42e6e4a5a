"""`compile`: a spec and its context become a schedule, which is kept for the next time."""

from __future__ import annotations

import copyreg
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrdsl import diagnostics as diag
from lrdsl.compiler.context import Context, Inputs
from lrdsl.compiler.frontend import Analysis, analyse, failures_reported
from lrdsl.compiler.lower import CompiledSpec, lower_or_report
from lrdsl.compiler.solve_lengths import solve_lengths
from lrdsl.diagnostics import SpecError, spec_error
from lrdsl.language.language import Language, current
from lrdsl.language.length import ENDLESS, rounded
from lrdsl.language.modifiers.reactive import MetricHistory
from lrdsl.language.python_functions import CheckedFunction, FunctionSignal, FunctionSpec
from lrdsl.language.signal import TooDear, at_most
from lrdsl.schedule.schedule import NO_REFERENCES, Schedule
from lrdsl.syntax.grammar import MAX_CACHED_CHARACTERS
from lrdsl.syntax.spec import Operand, Spec
from lrdsl.tree.coerce import coerce_spec
from lrdsl.util.forks import no_fork

MAX_PROBED_UPDATES = 1000
"""Updates of a running product that are looked at."""

MAX_PROBED_SEGMENTS = 100
"""Parts whose first values are looked at, too: of chains with more the others are left out."""


def compile(
    spec: Operand | Any,
    *,
    total_steps: int | None = None,
    steps_per_epoch: float | None = None,
    samples_per_step: float | None = None,
    tokens_per_step: float | None = None,
    base_lr: float | None = None,
    definitions: str | os.PathLike[str] | Sequence[str] | None = None,
    **variables: float,
) -> Schedule:
    """The schedule that a spec means.

    `spec` is text, a `Spec`, a number, a tree (`lrdsl.tree`), a mapping with the key `spec`, or a
    Python function of the number of updates made, which must be pure and goes on for the whole run.
    The other arguments
    are what the run supplies: `total_steps`, updates in the run, for `%`, `total`, `rest` and
    segments without a length; `steps_per_epoch` for `ep`; `samples_per_step` and `tokens_per_step`
    for `sp` and `tok`; `base_lr` for `base`, the parameter group's own learning rate;
    `definitions`, their text or the name of a `.lr` file or a list of these, what the spec can
    call. All other names are variables of the spec. Raises `SpecError` with every mistake found.

    >>> compile("cosine(peak, 0, 50%)", total_steps=200, peak=0.1)(50)
    0.05
    """
    context = Context.of(
        total_steps=total_steps,
        steps_per_epoch=steps_per_epoch,
        samples_per_step=samples_per_step,
        tokens_per_step=tokens_per_step,
        base_lr=base_lr,
        definitions=definitions,
        **variables,
    )
    return compile_in(spec, context)


def compile_in(
    spec: Operand | Any, context: Context, references: Mapping[str, Schedule] = NO_REFERENCES
) -> Schedule:
    """The schedule that a spec means in a context made before.

    `references` are the other schedules of a program by name. Where the spec names one, it is that
    schedule at the same update of the run, wherever in a chain the name stands.

    >>> lr = compile("linear(1, 0, 100)")
    >>> compile_in("hold(50) >> 0.1 * lr", Context.of(base_lr=0), {"lr": lr})(60)
    0.04000000000000001
    """
    language = current()
    source = coerce_spec(spec, language)
    context = context.with_definitions(source.definitions)
    text = source.content
    if isinstance(text, FunctionSpec):
        return _of_function(text, context)
    if references or len(text) > MAX_CACHED_CHARACTERS:
        return _compiled(language, text, context, context.base_follows, references)
    return language.kept(_compiled, text, context, context.base_follows)


def needs_base(spec: Operand | Any, context: Context) -> bool:
    """Whether a spec is another one with each `base`, or has a mistake; kept for the next time.

    >>> needs_base("cosine(base, 0, 9)", Context.of()), needs_base("cosine(1, 0, 9)", Context.of())
    (True, False)
    """
    source = coerce_spec(spec)
    text = source.content
    if isinstance(text, FunctionSpec) or len(text) > MAX_CACHED_CHARACTERS:
        return False  # compiling it tells
    return current().kept(_needs_base, text, context.with_definitions(source.definitions))


def _needs_base(language: Language, text: str, context: Context) -> bool:
    try:
        language.kept(_compiled, text, replace(context, base_follows=True), True)
    except SpecError:
        return True
    return False


def _compiled(
    language: Language,
    text: str,
    context: Context,
    base_follows: bool,
    references: Mapping[str, Schedule] = NO_REFERENCES,
) -> Schedule:
    """The schedule of a text, which is immutable.

    `base_follows` is no part of what makes contexts equal, but of what a spec may ask. An analysis
    is kept for the many groups with their own `base`.
    """
    names = frozenset(references)
    if len(text) > MAX_CACHED_CHARACTERS:
        analysis = analyse(language, text, context.definitions, names)
    else:
        analysis = language.kept(analyse, text, context.definitions, names)
    return schedule_of(analysis, context, references)


@no_fork
def schedule_of(
    analysis: Analysis, context: Context, references: Mapping[str, Schedule] = NO_REFERENCES
) -> Schedule:
    """The schedule that a spec is in a context. Its definitions are those of the analysis."""
    tree, source = analysis.tree, analysis.source
    for name in references:
        if name in context.variables:
            message = f"`{name}` is both a variable and a schedule"
            raise spec_error(diag.BAD_CONTEXT, message, fix="give the variable another name")
    others = {name: each._signal for name, each in references.items()}
    with failures_reported(tree, source, analysis.mistakes):
        placed = solve_lengths(analysis.term, Inputs(context, analysis.language, source, others))
        compiled = lower_or_report(placed, analysis.mistakes)
    if context.definitions != analysis.definitions:
        context = replace(context, definitions=analysis.definitions)
    return _probed(Schedule(Spec(tree, source), context, compiled, placed, references))


def _of_function(spec: FunctionSpec, context: Context) -> Schedule:
    if isinstance(spec.function, Schedule):
        fix = "pass its `spec`, and the context anew"
        raise spec_error(diag.BAD_SPEC, "a Schedule has its context already", fix=fix)
    length = ENDLESS if context.total_steps is None else context.total_steps
    signal = FunctionSignal(CheckedFunction(str(spec), spec.function), float(length))
    return _probed(Schedule(spec, context, CompiledSpec(signal, length)))


def _restore(
    source: str | FunctionSpec,
    context: Context,
    references: Mapping[str, Schedule],
    histories: tuple[MetricHistory, ...],
    observed: int | None,
) -> Schedule:
    return compile_in(source, context, references)._after(histories, observed)


def reduce_schedule(schedule: Schedule) -> tuple[object, tuple[object, ...]]:
    """Pickle a schedule as its text and its context, to be compiled again."""
    return _restore, (coerce_spec(schedule.spec).content, *schedule._identity[1:])


copyreg.pickle(Schedule, reduce_schedule)  # type: ignore[arg-type]


def accumulates(schedule: Schedule) -> bool:
    """Whether a value far away may take all that come before it."""
    return schedule._compiled.accumulates or any(map(accumulates, schedule.references.values()))


def probed_updates(
    compiled: CompiledSpec, context: Context, *, accumulates: bool = False
) -> NDArray[np.float64]:
    """A few updates from all over a schedule, at which it must not overflow.

    Where each value takes all before it these are the first ones only: to compile a spec takes as
    long for a long run as for a short one.
    """
    end = min(rounded(compiled.length), context.total_steps or 1000)
    if accumulates:
        end = min(end, MAX_PROBED_UPDATES)
    segments = compiled.chain_segments[:MAX_PROBED_SEGMENTS]
    starts = [segment.start for segment in segments if 0 <= segment.start <= end]
    spread = [int(i * (end / 31)) for i in range(31)]
    return np.array(sorted([0, 1, 2, *spread, int(end), *starts]), dtype=np.float64)


def _probed(schedule: Schedule) -> Schedule:
    """The schedule itself; `SpecError` if it overflows at one of a few updates."""
    is_dear = accumulates(schedule)
    updates = probed_updates(schedule._compiled, schedule.context, accumulates=is_dear)
    if not is_dear:
        schedule._evaluate(updates)
        return schedule
    # Under a `skip` the first ones are far away, too.
    with suppress(TooDear), at_most(MAX_PROBED_UPDATES):
        schedule._evaluate(updates)
    return schedule
