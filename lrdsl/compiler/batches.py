"""The clocks of a run whose batch grows: the specs of its size, compiled, and what is consumed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrdsl import diagnostics as diag
from lrdsl.compiler.context import SIZES, TOTALS, Context, Inputs
from lrdsl.compiler.environment import Counting
from lrdsl.compiler.frontend import Analysis, analyse, failures_reported
from lrdsl.compiler.lower import CompiledSpec, lower_or_report
from lrdsl.compiler.solve_lengths import solve_lengths
from lrdsl.diagnostics import SpecError, spec_error
from lrdsl.language.consumption import Consumption, Size, fixed
from lrdsl.language.language import Language, current
from lrdsl.language.length import Exact, decimal_fraction, ends, round_half_up
from lrdsl.language.signal import LAST_STEP, at_most
from lrdsl.language.uneven_clock import UnevenClock
from lrdsl.syntax import ast

NO_CLOCKS: Mapping[str, UnevenClock] = MappingProxyType({})


def inputs_of(context: Context, analysis: Analysis, **others: object) -> Inputs:
    """The inputs of a spec's terms in a context, with the clocks of its run."""
    clocks = clocks_of(context, analysis.language)
    return Inputs(context, analysis.language, analysis.source, clocks=clocks, **others)  # type: ignore[arg-type]


def run_context(**values: object) -> Context:
    """A context from what a caller passes, whose length may be given in samples or tokens.

    A run of so many samples ends at the update at which a boundary there would lie: rounded half
    up. `SpecError` as `Context.of` raises it.

    >>> run_context(total_tokens=1e9, samples_per_step=512, tokens_per_sample=4096).total_steps
    477
    """
    given = [(name, values.pop(name, None)) for name in TOTALS]
    context = Context.of(**values)
    for name, value in given:
        if value is None:
            continue
        total = _total_of(context, name, value)
        if context.total_steps not in (None, total):
            message = f"`{name}` comes to {total:,} updates, but there are {context.total_steps:,}"
            raise spec_error(diag.BAD_CONTEXT, message, fix="leave one of them out")
        context = replace(context, total_steps=total)
    return context


def _total_of(context: Context, name: str, value: object) -> int:
    # Checked as numbers of samples and of tokens are checked anywhere.
    sought = decimal_fraction(Context.of(samples_per_epoch=value).samples_per_epoch or 0.0)
    position = update_at(context, TOTALS[name], sought)
    if position is None:
        _, needs = context.per_step(TOTALS[name])
        message = f"`{name}` needs {needs}"
        raise spec_error(diag.NEEDS_CONTEXT, message, fix=f"pass {needs}=…")
    return max(round_half_up(position), 1)


class Consumed(NamedTuple):
    """The consumption of a run before an update; None where it is unknown."""

    samples: Exact | None
    tokens: Exact | None
    epochs: Exact | None


def consumed_before(context: Context, update: int) -> Consumed:
    """The consumption of a run before an update; whole numbers are ints.

    >>> consumed_before(Context.of(samples_per_step=256, steps_per_epoch=40), 10)
    Consumed(samples=2560, tokens=None, epochs=Fraction(1, 4))
    """
    clocks = clocks_of(context, current())
    found: list[Exact | None] = []
    for unit in ("sp", "tok", "ep"):
        if unit in clocks:
            read: Exact | None = clocks[unit].reading(update)
        else:
            per, _ = context.updates_per(unit)
            read = None if per is None else update / per
        is_whole = read is not None and read.denominator == 1
        found.append(int(read) if is_whole and read is not None else read)
    return Consumed(*found)


def update_at(context: Context, unit: str, consumed: Exact) -> Exact | None:
    """The position in a run at which so much of a unit was consumed; None if that is unknown.

    >>> update_at(Context.of(samples_per_step=256), "sp", 2600)
    Fraction(325, 32)
    """
    clock = clocks_of(context, current()).get(unit)
    if clock is not None:
        return clock.update(consumed)
    per, _ = context.updates_per(unit)
    return None if per is None else consumed * per


def batch_size_at(context: Context, update: int) -> float | None:
    """The samples of an update, None if unknown.

    >>> batch_size_at(Context.of(samples_per_step="linear(8, 16, 4)"), 3)
    14
    """
    size = context.samples_per_step
    if not isinstance(size, str):
        return size
    return clocks_of(context, current())["sp"].consumption.sizes_at("sp", update)


def clocks_of(context: Context, language: Language) -> Mapping[str, UnevenClock]:
    """The units that updates differ in; none where the size of a batch is a number."""
    if context.is_even:
        return NO_CLOCKS
    # No size depends on `base`: groups with bases of their own share the clocks.
    return language.kept(_clocks, replace(context, base_lr=None))


def _clocks(language: Language, context: Context) -> Mapping[str, UnevenClock]:
    consumption = Consumption(*[_size(context, name, language) for name in SIZES])
    consumption.begin()
    clocks = {unit: UnevenClock(consumption, unit) for unit in consumption.units}
    if isinstance(context.samples_per_step, (int, float)):
        del clocks["sp"]
    if isinstance(context.tokens_per_step, (int, float)):
        del clocks["tok"]
    if context.samples_per_epoch is not None and "sp" in clocks:
        per = decimal_fraction(context.samples_per_epoch)
        clocks["ep"] = UnevenClock(consumption, "sp", per)
    return clocks


def _size(context: Context, name: str, language: Language) -> Size | None:
    """The size of a batch, or of a sample; `SpecError` if a spec of it is at fault."""
    given = getattr(context, name)
    if given is None:
        return None
    if not isinstance(given, str):
        if given != int(given):
            message = f"`{name}` must be whole in a run whose batch changes, not {given:g}"
            raise spec_error(diag.BAD_CONTEXT, message)
        return fixed(name, int(given))
    analysis = analyse(language, given, context.definitions)
    counting = _counting(name, context, analysis)
    unit = "" if counting is None else next(iter(counting.units))
    run = Context(context.total_steps, context.steps_per_epoch, variables=context.variables)
    with failures_reported(analysis.tree, given, analysis.mistakes):
        placed = solve_lengths(analysis.term, Inputs(run, analysis.language, given), counting)
        compiled = lower_or_report(placed, analysis.mistakes)
    if compiled.observers:
        message = f"`{name}` cannot follow a metric: how much is consumed is known before the run"
        raise spec_error(diag.BAD_CONTEXT, message)
    signal = compiled.signal

    def sizes(times: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(all="ignore"):
            return np.floor(signal.values(times) + 0.5)

    return Size(name, sizes, unit, _last_change(compiled))


def _last_change(compiled: CompiledSpec) -> float:
    """The time from which on a schedule stays what it is; infinite if it may always change."""
    if ends(compiled.length):
        return math.ceil(compiled.length)
    with suppress(SpecError), at_most(1):
        last = compiled.signal.segments(math.inf)[-1].start
        low, high = compiled.signal.min_max(int(last), LAST_STEP)
        if low == high:
            return int(last)
    return math.inf


def counted_unit(text: str, language: Language) -> str:
    """The unit by which a spec of a batch's size counts what was consumed; "" if it counts updates.

    >>> counted_unit("8 | interval[100sp: 16]", current())
    'sp'
    """
    return _counted(_units(analyse(language, text)))


def _units(analysis: Analysis) -> set[str]:
    found = [node for node, _ in ast.walk(analysis.expanded) if isinstance(node, ast.Number)]
    return {node.unit for node in found}


def _counted(units: set[str]) -> str:
    return "tok" if "tok" in units else "sp" if "sp" in units else ""


def _counting(name: str, context: Context, analysis: Analysis) -> Counting | None:
    """The clock that a size of the batch goes by: what was consumed, or the updates."""
    used = _units(analysis)
    unit = _counted(used)
    if not unit:
        return None
    units: dict[str, Exact] = {unit: 1}
    per_sample = context.tokens_per_sample
    if {"sp", "tok"} <= used and isinstance(per_sample, (int, float)):
        units["sp"] = Fraction(decimal_fraction(per_sample))
    known = context.samples_per_step is not None
    if unit == "sp" and not known:
        needs = "samples_per_step"
    elif unit == "tok" and context.tokens_per_step is None and not (known and per_sample):
        needs = "tokens_per_sample"
    else:
        return Counting(units, False, f"a size of the batch that goes by `{unit}`")
    message = f"`{name}` goes by `{unit}`, which needs {needs}"
    raise spec_error(diag.NEEDS_CONTEXT, message, fix=f"pass {needs}=…")
