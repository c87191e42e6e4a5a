"""`ResumingDriver`: the plans, the states and the copies of a Scheduler."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any, TypeVar

from lrdsl.compiler.context import Context
from lrdsl.diagnostics import BAD_SPEC, spec_error
from lrdsl.schedule.program import Program
from lrdsl.torch.optimizers import each_of
from lrdsl.torch.ownership import ownership_of
from lrdsl.torch.param_groups import plan_groups
from lrdsl.torch.rescaling import rescaled
from lrdsl.torch.resume import disagreement, facts_of, resume
from lrdsl.torch.run_checks import longer_than_run
from lrdsl.torch.state_dict import SchedulerState, make_state
from lrdsl.torch.step_hooks import is_called_by
from lrdsl.torch.step_table import StepTable
from lrdsl.torch.stepping import SteppingDriver
from lrdsl.torch.timeline import Timeline

DriverT = TypeVar("DriverT", bound="ResumingDriver")

_COMPOSERS = frozenset({"torch.optim.lr_scheduler", "ignite.handlers.param_scheduler"})
"""The modules of schedulers that consist of others, not all of which drive at a time."""


class ResumingDriver(SteppingDriver):
    """Goes on by other plans, from a state, or as a copy."""

    def _add_plan(self, program: Program | None, context: Context, jump: bool) -> None:
        """Follow one more plan from the present update on."""
        self._sync()
        self._look()
        now = max(0, self._t)
        before = self._table.values_at(now)
        timeline = self._timeline.with_plan(program, context, now)
        table = self._prepare(timeline, now)
        if now and not jump:
            for name, after in table.values_at(now).items():
                _check_no_jump(name, before[name], after, now)
        self._follow(table, now, steps=self._step_count)
        if program is not None:
            for name, sources in table.driven.numbers.items():
                longer = longer_than_run(sources[0].schedule, context.total_steps)
                self._tell([(longer, f"`{name}`: {longer}")] if longer else [])

    def state_dict(self) -> dict[str, Any]:
        """The number of updates made and the metrics, with the spec and context of every plan.

        Text, numbers and lists of numbers under fixed keys, so that `torch.load(...,
        weights_only=True)` and torch.distributed.checkpoint read it.
        """
        is_part = is_called_by(_COMPOSERS)
        if not is_part:
            self._look()
        elif self._is_torn:
            self._restore()
        # A child of torch's SequentialLR whose turn is over does not set the lr after a resume.
        drives = not is_part or self._stands()
        table, values = self._table, self._table.values_at(max(0, self._t))
        return make_state(table.driven, self._t, table.scales, values, drives=drives)

    def _stands(self) -> bool:
        """Whether the numbers are what this scheduler has set."""
        owns = self._ownership.owns(self)
        return owns and not self._table.written(self._t, is_full=True)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Resume where a `state_dict` was taken, and set the learning rates at once.

        The optimizer's state need not have been loaded. If the state was written under another
        spec or context, or for groups with another `base`, `on_change` decides: `"warn"` continues
        with those of this Scheduler, and lists the changes; `"error"` refuses; `"keep"` continues
        with those of the state; `"rescale"` continues with those of this Scheduler at the update
        at which as many samples, tokens or epochs have been consumed as before. Plans of `replan`
        and `extend` are part of the state. Raises `SpecError`, having changed nothing, if the state
        is not that of a `Scheduler`.
        """
        state, moved = SchedulerState.of(state_dict), ""
        if self._on_change == "rescale":
            state, moved = rescaled(state, self._timeline)
        t, at = state.updates, max(0, state.updates)
        is_part = is_called_by(_COMPOSERS)
        if not is_part:
            self._look()
        keep = self._on_change == "keep"
        unchanged = present = self._table.driven.unchanged(self._optimizer)
        if present is None:
            present = plan_groups(self._optimizer, self._timeline, self._known(), keep=keep)
        scales = present.lr_scales or [1.0] * len(present.groups)

        resumed = resume(state, present, scales, self._on_change, self._keeps_metrics)
        driven, timeline = present, resumed.timeline
        if timeline is not self._timeline or keep:
            known, bases = self._known(), resumed.bases
            driven = plan_groups(
                self._optimizer, timeline, known, bases, keep=keep, scales=resumed.scales
            )
        if driven is unchanged and self._table.is_current():
            table = self._table
            table.hold(at)  # raises any error before the first change
        else:
            table = StepTable(self._optimizer, driven, at)
        warning = disagreement(state, resumed, table.values_at(at), self._on_change)
        if warning:
            warning += f"; {moved}" if moved else ""
            self._told |= facts_of(state)
        messages = self._of_groups(driven, at)
        messages += self._of_stale(driven, at)
        table.forget()
        self._follow(table, t, steps=t + 1, is_setting=t >= 0 and state.drives)
        if not self._keeps_metrics:
            timeline.metrics.log = None
        if warning:
            self._warn(warning)
        self._tell(messages)
        if t >= 0 and not is_part:
            self._check_end(t, is_known=True)

    def __copy__(self: DriverT) -> DriverT:
        """A scheduler of its own for the same optimizer; nothing else is shared."""
        same: list[Any] = [*each_of(self._optimizer)]
        same += [x for each in same[:] for x in (each.param_groups, *each.param_groups)]
        return copy.deepcopy(self, {id(each): each for each in same})

    def __getstate__(self) -> dict[str, Any]:
        # Hooks and ownership belong to the optimizer, and callbacks to this object alone. The table
        # is made from the plans again.
        own = ("_table", "_ownership", "_remove_hooks", "_callbacks", "_cycle_callbacks", "_used")
        state = {key: value for key, value in vars(self).items() if key not in own}
        owns = self._ownership.owns(self)
        timeline, names = self._timeline, self._table.driven.names
        metrics = timeline.metrics
        record = metrics.settled_record()
        made = {"plans": timeline.plans, "record": record, "log": metrics.log, "names": names}
        return {**state, **made, "follows": self._remove_hooks is not None, "owns": owns}

    def __setstate__(self, state: dict[str, Any]) -> None:
        follows, owns = state.pop("follows"), state.pop("owns")
        timeline = Timeline(state.pop("plans"), state.pop("record"), state.pop("log"))
        names = state.pop("names")
        vars(self).update(state)
        driven = plan_groups(self._optimizer, timeline, None, names=names)
        self._table = StepTable(self._optimizer, driven, max(0, self._t))
        self._ownership, self._remove_hooks = ownership_of(self._optimizer), None
        self._used = -1, None
        self._callbacks, self._cycle_callbacks = (), ()
        self.invalidate()
        # A copy for the same optimizer leaves it to the original; one with its own drives that.
        is_free = self._ownership.is_free(self)
        if follows and (is_free or self.clock == "calls"):
            self._follow_optimizer()
        if owns and is_free:
            self._ownership.claim(self, is_step=False)


def _check_no_jump(name: str, old: Sequence[float], new: Sequence[float], t: int) -> None:
    for i, (before, after) in enumerate(zip(old, new, strict=True)):
        if not math.isclose(before, after, rel_tol=1e-6, abs_tol=1e-15):
            where = f" in parameter group {i}" if len(old) > 1 else ""
            message = f"`{name}` would jump from {before:g} to {after:g} at update {t}{where}"
            fix = (
                "start from its value, with `_` or `prev`: `cosine(_, 0, 100)`; or pass `jump=True`"
            )
            raise spec_error(BAD_SPEC, message, fix=fix)
