"""Resuming by what has been consumed, where updates take more or less than before."""

from __future__ import annotations

from dataclasses import replace

from lrdsl.compiler.batches import consumed_before, update_at
from lrdsl.compiler.context import RUN, Context
from lrdsl.diagnostics import BAD_STATE, spec_error
from lrdsl.language.length import round_half_up
from lrdsl.torch.state_dict import SchedulerState
from lrdsl.torch.timeline import Timeline

_UNITS = [name for name in RUN if name not in ("total_steps", "base_lr")]
"""The parts of a context that say how much an update takes."""


def rescaled(state: SchedulerState, own: Timeline) -> tuple[SchedulerState, str]:
    """A state at the update by which as much has been consumed in the units of a Scheduler.

    That is the number of its samples, else of its tokens, else of its epochs. With it comes a
    sentence that says so, "" where nothing has changed. Raises `SpecError` where it is unknown
    what was consumed, and where metrics or plans of the run are counted in the former updates.
    """
    saved, now = Context.of(**state.plans[-1]["context"]), own.context
    units = [[context.to_dict().get(name) for name in _UNITS] for context in (saved, now)]
    if state.updates <= 0 or units[0] == units[1]:
        return state, ""
    if len(state.plans) > 1 or len(own.plans) > 1 or state.record.total:
        what = "metrics" if state.record.total else "plans"
        message = f"a run with {what} cannot be rescaled: they belong to updates of the former size"
        fix = 'continue with `on_change="warn"`, and `replan` what is left'
        raise spec_error(BAD_STATE, message, fix=fix)
    for name, unit in (("samples", "sp"), ("tokens", "tok"), ("epochs", "ep")):
        consumed = getattr(consumed_before(saved, state.updates), name)
        position = None if consumed is None else update_at(now, unit, consumed)
        if position is not None:
            update = round_half_up(position)
            told = f"{float(consumed):,.15g} {name} were consumed after {state.updates} updates, "
            return replace(state, updates=update), f"{told}and are after {update} of this Scheduler"
    message = "it is unknown how much was consumed before, or how much an update takes now"
    fix = "pass samples_per_step=… or steps_per_epoch=… to both runs"
    raise spec_error(BAD_STATE, message, fix=fix)
