"""`ReplanningDriver`: gives a run another plan on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from lrdsl.compiler.context import told_over
from lrdsl.diagnostics import BAD_SPEC, BAD_STEP, spec_error
from lrdsl.language.library.files import text_of
from lrdsl.schedule.program import Program
from lrdsl.syntax.spec import Operand
from lrdsl.torch.arguments import (
    check_batch_told,
    check_variables,
    refuse_list_for_groups,
    run_context,
)
from lrdsl.torch.param_key import finite_number
from lrdsl.torch.resuming import ResumingDriver


class ReplanningDriver(ResumingDriver):
    """Follows other plans from an update of the run on: another spec, or another length."""

    def replan(
        self,
        spec: Operand | Mapping[str, Any] | Callable[[int], float] | None = None,
        *,
        values: Mapping[str, Any] | None = None,
        jump: bool = False,
        **changes: Any,
    ) -> None:
        """Drive the numbers by another spec from the next update on.

        The time of the spec begins there, and `_` and `prev` are the value that the number has
        reached, as in a chain: `cosine(_, 0, 2000)`. A number must continue from its value, unless
        `jump` allows another one. In a program, numbers that are not named continue as before, and
        those among them that refer to named ones follow these. Before the first update the spec
        replaces the old one. `values` are specs for values, by name; `spec` may be left out then.
        `changes` are keyword arguments as the Scheduler takes them,
        `total_steps` and so on, variables too; the others keep their values. The plan is part of
        the state.

        Raises `SpecError`, having changed nothing, if the spec has mistakes or makes a number jump.

        >>> from torch import nn, optim
        >>> from lrdsl.torch import Scheduler
        >>> optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1)
        >>> scheduler = Scheduler(optimizer, "linear(1, 0, 100)")
        >>> scheduler.step(50)
        >>> scheduler.replan("hold(10) >> linear(_, 0, 5)")
        >>> scheduler.preview(12)["lr"][0, [0, 9, 11]]
        array([0.5, 0.5, 0.4])
        """
        timeline = self._timeline
        refuse_list_for_groups(spec, len(self._optimizer.param_groups))
        text = text_of(changes.get("definitions", timeline.context.definitions))
        program = Program(
            spec, text, timeline.names, values=values, other_values=timeline.value_names
        )
        check_variables(program, text, changes, {"jump", "values"}, timeline.value_names)
        context = run_context(**told_over(timeline.context.to_dict(), changes))
        check_batch_told(context, changes, max(0, self._t))
        driven = (*timeline.names, *timeline.value_names)
        for name in program.choices:
            if name not in driven:
                known = ", ".join(f"`{known}`" for known in driven)
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
        >>> from lrdsl.torch import Scheduler
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
        if now >= self._table.driven.end:
            message = "the run has ended: nothing of its schedule is left to stretch"
            fix = f"pass a spec for the rest of the run: `replan(spec, total_steps={total})`"
            raise spec_error(BAD_STEP, message, fix=fix)
        self._add_plan(None, replace(context, total_steps=total), jump=False)

    def cooldown_now(self, steps: int | str, mode: str = "linear", end: float = 0.0) -> None:
        """Bring the learning rate from its present value down to `end`, beginning now.

        It takes `steps` updates, or another duration (`"10%"`, `"rest"`), by the curve `mode`.

        >>> from torch import nn, optim
        >>> from lrdsl.torch import Scheduler
        >>> scheduler = Scheduler(optim.SGD(nn.Linear(1, 1).parameters(), lr=1), "warmup(100)")
        >>> scheduler.step(500)
        >>> scheduler.cooldown_now(100, "sqrt")
        >>> scheduler.schedules[0]([500, 525, 600])
        array([1. , 0.5, 0. ])
        """
        number = finite_number(end, "`end` must be a finite number")
        spec = f"cooldown({mode}, {steps}, {number!r})"
        self.replan({"lr": spec} if len(self._timeline.names) > 1 else spec)
