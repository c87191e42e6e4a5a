"""`Scheduler`: drives a torch optimizer by specs.

The numbers that it sets are a pure function of the number of updates made, of each parameter
group's own `base`, and of the metrics with the updates at which they came; nothing else is
accumulated.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.optim import Optimizer

from lrdsl.compiler.context import Context
from lrdsl.diagnostics import BAD_GROUP, BAD_METRIC, BAD_SPEC, BAD_STEP, spec_error
from lrdsl.schedule.program import Program
from lrdsl.schedule.schedule import Schedule
from lrdsl.syntax.spec import Operand, Spec
from lrdsl.torch.arguments import checked_option, checked_updates, run_context
from lrdsl.torch.metrics import REDUCTIONS
from lrdsl.torch.param_key import finite_number
from lrdsl.torch.plan import Plan
from lrdsl.torch.state_dict import ON_CHANGE, SchedulerState, Values, make_state, resume
from lrdsl.torch.step_hooks import CLOCKS, unwrapped
from lrdsl.torch.stepping import SteppingDriver
from lrdsl.torch.timeline import Timeline

ON_END = ("hold", "warn", "error")
"""The reactions to an update past the end of the run."""


class Scheduler(SteppingDriver):
    """Drives the learning rate of every parameter group, and other numbers, by specs.

    `spec` is text, a `Spec`, a number, a mapping with the key `spec` (a Hydra config), or a pure
    Python function of the number of updates made: it drives `lr`. Or it is a program, a mapping
    from the names of numbers to their specs: any number in the parameter groups (`weight_decay`,
    `momentum`), `betas[0]` for an entry of a tuple. In a program the names of the other numbers
    are schedules, those of the same group and before any `lr_scale`:
    `{"lr": "cosine()", "weight_decay": "0.1 * lr"}`. A number's spec may be a choice,
    `{"backbone*": "…", 3: "…", "*": "…"}`: groups are matched by their key `name`, by index, or by
    a glob on the name, and the first match counts. `momentum` is `betas[0]` in groups that have
    betas and no momentum.

    The keyword arguments are those of `lrdsl.compile`: `total_steps`, updates in the run, for `%`,
    `total`, `rest` and segments without a length; `steps_per_epoch` for `ep`; `samples_per_step`
    for `sp`; `tokens_per_step` for `tok`; `definitions` that the spec can call; all other names
    are variables of the spec.

    `clock` selects the event that advances time: `"calls"` of `step()`, as in torch, or
    `"updates"`, those that the optimizer really makes, as in `attach`. `start_step` is the number
    of updates made before, in a run that began without this Scheduler; `last_epoch` is the same
    less one, as in torch. `on_change` selects how `load_state_dict` treats the state of another
    spec or context: `"warn"` and continue with this one, `"error"`, or `"keep"` the one of the
    checkpoint. `on_end` selects the reaction to an update past the end of the run: `"hold"` the
    last value, `"warn"`, or `"error"`. The run ends after `total_steps`, or without it at the end
    of its schedules. `metric_reduction` combines the metrics of several ranks under
    torch.distributed: `"mean"`, `"min"`, `"max"`, or `"same"`, for which a difference between ranks
    is an error on all of them.

    In a spec, `base` is the group's own number, the one that the optimizer was made with; the group
    keeps it, as its `initial_lr` and so on. If a group has the key `lr_scale`, its learning rate is
    multiplied by it. A number that is a Tensor stays the same Tensor and is filled in place; groups
    that share one Tensor get one each.

    By the clock of calls, call `step()` once after every update. Groups may be added, and the
    optimizer's state loaded, at any time: the optimizer's next update uses their numbers.

    A deep copy or a pickle of a Scheduler carries its optimizer and drives that one. A shallow copy
    has the same optimizer, which goes on following the original.

    Raises `SpecError` with every mistake found in the spec, the context or the groups, and then
    has changed nothing in the optimizer.

    >>> import torch
    >>> weight = torch.nn.Parameter(torch.zeros(1))
    >>> optimizer = torch.optim.SGD([weight], lr=0.1)
    >>> scheduler = Scheduler(optimizer, "warmup(peak_at) >> linear(base, 0, 100)", peak_at=4)
    >>> for _ in range(6):
    ...     print(f"{optimizer.param_groups[0]['lr']:.3f}")
    ...     optimizer.step()
    ...     scheduler.step()
    0.000
    0.025
    0.050
    0.075
    0.100
    0.099
    """

    def __init__(
        self,
        optimizer: Optimizer,
        spec: Operand | Mapping[str, Any] | Callable[[int], float],
        *,
        total_steps: int | None = None,
        steps_per_epoch: float | None = None,
        samples_per_step: float | None = None,
        tokens_per_step: float | None = None,
        clock: str = "calls",
        start_step: int | None = None,
        last_epoch: int = -1,
        on_change: str = "warn",
        on_end: str = "hold",
        metric_reduction: str = "mean",
        definitions: str | os.PathLike[str] | Sequence[str] | None = None,
        **variables: float,
    ) -> None:
        if not isinstance(optimizer, Optimizer):
            found = type(optimizer).__name__
            message = f"a Scheduler drives a torch.optim.Optimizer, not a {found}"
            raise spec_error(BAD_GROUP, message)
        optimizer = unwrapped(optimizer)
        clock = checked_option(CLOCKS, "clock", clock)
        self._on_change = checked_option(ON_CHANGE, "on_change", on_change)
        on_end = checked_option(ON_END, "on_end", on_end)
        metric_reduction = checked_option(
            REDUCTIONS, "metric_reduction", metric_reduction, BAD_METRIC
        )
        t = checked_updates(last_epoch, "last_epoch", least=-1)
        if start_step is not None:
            if t != -1:
                message = "`start_step` and `last_epoch` both set the number of updates made"
                raise spec_error(BAD_STEP, message, fix="pass one of them")
            t = checked_updates(start_step, "start_step", least=0) - 1
        context = run_context(
            total_steps=total_steps,
            steps_per_epoch=steps_per_epoch,
            samples_per_step=samples_per_step,
            tokens_per_step=tokens_per_step,
            definitions=definitions,
            **variables,
        )
        program = Program(spec, context.definitions)
        program.check([group.get("name") for group in optimizer.param_groups])
        timeline = Timeline([Plan(program, context)])
        super().__init__(
            optimizer, timeline, clock=clock, t=t, on_end=on_end, metric_reduction=metric_reduction
        )

    @property
    def spec(self) -> Spec:
        """The spec of the first group's learning rate.

        >>> from torch import nn, optim
        >>> str(Scheduler(optim.SGD(nn.Linear(1, 1).parameters()), "hold(5)>>linear(1,0,9)").spec)
        'hold(5) >> linear(1, 0, 9)'
        """
        return self.schedules[0].spec

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        """The schedule of each group's `lr`, before its `lr_scale`.

        In a program without `lr`, those of its first number.

        >>> from torch import nn, optim
        >>> groups = [{"params": nn.Linear(1, 1).parameters(), "lr": lr} for lr in (1, 0.1)]
        >>> scheduler = Scheduler(optim.SGD(groups), "cosine(base, 0, 9)")
        >>> [schedule(0) for schedule in scheduler.schedules]
        [1.0, 0.1]
        """
        return self.driven.get("lr") or next(iter(self.driven.values()))

    @property
    def driven(self) -> dict[str, tuple[Schedule, ...]]:
        """The schedules of every driven number, one for each group.

        >>> from torch import nn, optim
        >>> adam = optim.Adam(nn.Linear(1, 1).parameters(), lr=0.1)
        >>> scheduler = Scheduler(adam, {"lr": "linear(base, 0, 9)", "betas[1]": 0.95})
        >>> {name: schedule(9) for name, [schedule] in scheduler.driven.items()}
        {'lr': 0.0, 'betas[1]': 0.95}
        """
        return {
            name: tuple([source.schedule for source in sources])
            for name, sources in self._table.driven.sources.items()
        }

    def preview(self, n: int) -> dict[str, NDArray[np.float64]]:
        """The values of the next `n` updates: for each number an array of shape (groups, n).

        These are the values that the steps will set, as long as no metric comes and no plan
        changes. The first column is the present value.

        >>> from torch import nn, optim
        >>> scheduler = Scheduler(optim.SGD(nn.Linear(1, 1).parameters()), "linear(1, 0, 4)")
        >>> scheduler.preview(3)["lr"]
        array([[1.  , 0.75, 0.5 ]])
        """
        count = checked_updates(n, "n", least=0)
        self._sync()
        now = max(0, self._t)
        return self._table.preview(now, now + count)

    def replan(
        self,
        spec: Operand | Mapping[str, Any] | Callable[[int], float],
        *,
        jump: bool = False,
        **changes: Any,
    ) -> None:
        """Drive the numbers by another spec from the next update on.

        The time of the spec begins there, and `_` and `prev` are the value that the number has
        reached, as in a chain: `cosine(_, 0, 2000)`. A number must continue from its value, unless
        `jump` allows another one. In a program, numbers that are not named continue as before, and
        those among them that refer to named ones follow these. Before the first update the spec
        replaces the old one. `changes` are keyword arguments as the Scheduler takes them,
        `total_steps` and so on, variables too; the others keep their values. The plan is part of
        the state.

        Raises `SpecError`, having changed nothing, if the spec has mistakes or makes a number jump.

        >>> from torch import nn, optim
        >>> optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1)
        >>> scheduler = Scheduler(optimizer, "linear(1, 0, 100)")
        >>> scheduler.step(50)
        >>> scheduler.replan("hold(10) >> linear(_, 0, 5)")
        >>> scheduler.preview(12)["lr"][0, [0, 9, 11]]
        array([0.5, 0.5, 0.4])
        """
        timeline = self._timeline
        context = run_context(**{**timeline.context.to_dict(), **changes})
        program = Program(spec, context.definitions, timeline.names)
        for name in program.choices:
            if name not in timeline.names:
                known = ", ".join(f"`{known}`" for known in timeline.names)
                message = (
                    f"a new plan can only drive the numbers driven so far, {known}, not `{name}`"
                )
                raise spec_error(BAD_SPEC, message)
        self._add_plan(program, context, jump)

    def extend(self, *, total_steps: int) -> None:
        """Make the run longer, or shorter: the rest of the schedule takes the rest of the run.

        The rest of every schedule runs slower or faster, so that no number jumps and each schedule
        ends at its former final value. If the length of the run was not known, each schedule's own
        end moves to the end of the run. A schedule without an end continues unchanged. The change
        is part of the state.

        >>> from torch import nn, optim
        >>> optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1)
        >>> scheduler = Scheduler(optimizer, "linear(1, 0, 100%)", total_steps=100)
        >>> scheduler.step(50)
        >>> scheduler.extend(total_steps=150)
        >>> scheduler.schedules[0]([49, 50, 52, 150])
        array([0.51, 0.5 , 0.49, 0.  ])
        """
        now, context = max(0, self._t), self._timeline.context
        total = run_context(**{**context.to_dict(), "total_steps": total_steps}).total_steps
        if total is None or total <= now:
            message = f"`total_steps` must be more than the {now} updates made, not {total_steps!r}"
            raise spec_error(BAD_STEP, message)
        if now >= self._table.driven.end(context.total_steps):
            message = "the run has ended: nothing of its schedule is left to stretch"
            fix = f"pass a spec for the rest of the run: `replan(spec, total_steps={total})`"
            raise spec_error(BAD_STEP, message, fix=fix)
        self._add_plan(None, replace(context, total_steps=total), jump=False)

    def cooldown_now(self, steps: int | str, mode: str = "linear", end: float = 0.0) -> None:
        """Bring the learning rate from its present value down to `end`, beginning now.

        It takes `steps` updates, or another duration (`"10%"`, `"rest"`), by the curve `mode`.

        >>> from torch import nn, optim
        >>> scheduler = Scheduler(optim.SGD(nn.Linear(1, 1).parameters(), lr=1), "warmup(100)")
        >>> scheduler.step(500)
        >>> scheduler.cooldown_now(100, "sqrt")
        >>> scheduler.schedules[0]([500, 525, 600])
        array([1. , 0.5, 0. ])
        """
        number = finite_number(end, "`end` must be a finite number")
        spec = f"cooldown({mode}, {steps}, {number!r})"
        self.replan({"lr": spec} if len(self._timeline.names) > 1 else spec)

    def _add_plan(self, program: Program | None, context: Context, jump: bool) -> None:
        """Follow one more plan from the present update on."""
        self._sync()
        now = max(0, self._t)
        before = self._table.values_at(now)
        timeline = self._timeline.with_plan(program, context, now)
        table = self._prepare(timeline, now)
        if now and not jump:
            for name, after in table.values_at(now).items():
                _check_no_jump(name, before[name], after, now)
        self._adopt(timeline, table)
        self._apply(now)

    def state_dict(self) -> dict[str, Any]:
        """The number of updates made and the metrics, with the spec and context of every plan.

        Text and numbers only, so that `torch.load(..., weights_only=True)` reads it.
        """
        return make_state(self._timeline, self._t)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Resume where a `state_dict` was taken, and set the learning rates at once.

        The optimizer's state need not have been loaded. If the state was written under another spec
        or context, `on_change` decides: `"warn"` continues with the spec and context of this
        Scheduler, and lists the changes; `"error"` refuses; `"keep"` continues with those of the
        state. Plans of `replan` and `extend` are part of the state. Raises `SpecError`, having
        changed nothing, if the state is not that of a `Scheduler`.
        """
        state = SchedulerState.of(state_dict)
        t, at = state.updates, max(0, state.updates)

        def values(timeline: Timeline) -> Values:
            return self._prepare(timeline, at).values_at(at)

        timeline, warning = resume(state, self._timeline, self._on_change, values)
        self._adopt(timeline, self._prepare(timeline, at))
        if t < 0:
            # A child of torch's SequentialLR that has not begun does not set the lr.
            self._t = t
        else:
            self._apply(t)
            self._step_count = t + 1
        if warning:
            warnings.warn(warning, stacklevel=2)


def _check_no_jump(name: str, old: Sequence[float], new: Sequence[float], t: int) -> None:
    for i, (before, after) in enumerate(zip(old, new, strict=True)):
        if not math.isclose(before, after, rel_tol=1e-6, abs_tol=1e-15):
            where = f" in parameter group {i}" if len(old) > 1 else ""
            message = f"`{name}` would jump from {before:g} to {after:g} at update {t}{where}"
            fix = (
                "start from its value, with `_` or `prev`: `cosine(_, 0, 100)`; or pass `jump=True`"
            )
            raise spec_error(BAD_SPEC, message, fix=fix)
