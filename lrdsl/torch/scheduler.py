"""`Scheduler`: drives a torch optimizer by specs.

The numbers that it sets are a pure function of the number of updates made, of each parameter
group's own `base`, and of the metrics with the updates at which they came; nothing else is
accumulated.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.optim import Optimizer

from lrdsl.compiler.batches import batch_size_at
from lrdsl.diagnostics import BAD_METRIC, BAD_STEP, spec_error
from lrdsl.language.library.files import text_of
from lrdsl.schedule.batch_size import BATCH_SIZE, taken_batch_size
from lrdsl.schedule.program import Program
from lrdsl.schedule.schedule import Schedule
from lrdsl.syntax.spec import Operand, Spec
from lrdsl.torch.arguments import (
    ARGUMENTS,
    check_variables,
    checked_option,
    checked_updates,
    refuse_list_for_groups,
    run_context,
)
from lrdsl.torch.description import distinct, specs_in_brief
from lrdsl.torch.optimizers import Optimizers, full_names, given_optimizers
from lrdsl.torch.options import Clock, MetricReduction, OnChange, OnEnd
from lrdsl.torch.plan import Plan
from lrdsl.torch.replanning import ReplanningDriver
from lrdsl.torch.run_checks import run_warnings
from lrdsl.torch.timeline import Timeline
from lrdsl.torch.values import Values


class Scheduler(ReplanningDriver):
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

    `optimizer` may be several, in a mapping by name or in a list, whose names are "0", "1": they
    have one clock, one state and one preview, and their groups are one list. A pattern `muon/*`
    says of which optimizer its groups are; one without `/` is tried in all of them. By the clock of
    updates one is counted when the last-named optimizer has made it: name the one last that steps
    last.

    `values` are specs of numbers that no optimizer holds, such as the decay of an EMA, the weight
    of a loss, a temperature: `values={"ema": "cosine(0.996, 1)"}`. `scheduler.values["ema"]` is the
    number for the next update. All specs may name them, and they may name each other and numbers
    that have one schedule for all groups. A value has no `base`. Where a driven number has a
    sequence with one entry for each group, a value has one entry.

    The other keyword arguments are those of `lrdsl.compile`: `total_steps`, updates in the run, for
    `%`, `total`, `rest` and segments without a length; `steps_per_epoch` for `ep`;
    `samples_per_step` for `sp`; `tokens_per_step` for `tok`; `definitions` that the spec can call;
    all other names are variables of the spec.

    `clock` selects the event that advances time: `"calls"` of `step()`, as in torch, or
    `"updates"`, those that the optimizer really makes, as in `attach`. `start_step` is the number
    of updates made before, in a run that began without this Scheduler; `last_epoch` is the same
    less one, as in torch. `on_change` selects how `load_state_dict` treats the state of another
    spec or context, or of groups with another `base`: `"warn"` and continue with this one,
    `"error"`, `"keep"` the one of the checkpoint, or `"rescale"`: continue with this one, at the
    update at which as much has been consumed as before. `on_end` selects the reaction to an update
    past the end of the run: `"hold"` the last value, `"warn"` once, or `"error"`. The run ends
    after `total_steps`, or without it where the learning rate's schedules end. The default warns
    once, without `total_steps` only after a decay: after a warmup or a `constant(…)` the last value
    is taken to be meant. `metric_reduction` combines the metrics of several ranks under
    torch.distributed: `"mean"`, `"min"`, `"max"`, or `"same"`, for which a difference between ranks
    is an error on all of them. Metrics are not kept: what they have led to is, with the last 1,024
    changes of each modifier. `keep_metrics` keeps them all, also in the state; a metric at an
    earlier update than the last one, and a resume with another metric modifier, need them.

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
        optimizer: Optimizer | Mapping[str, Optimizer] | Sequence[Optimizer],
        spec: Operand | Mapping[str, Any] | Callable[[int], float],
        *,
        values: Mapping[str, Any] | None = None,
        total_steps: int | None = None,
        steps_per_epoch: float | None = None,
        samples_per_step: float | str | None = None,
        tokens_per_step: float | str | None = None,
        tokens_per_sample: float | str | None = None,
        samples_per_epoch: float | None = None,
        total_samples: float | None = None,
        total_tokens: float | None = None,
        clock: Clock = "calls",
        start_step: int | None = None,
        last_epoch: int = -1,
        on_change: OnChange = "warn",
        on_end: OnEnd | None = None,
        metric_reduction: MetricReduction = "mean",
        keep_metrics: bool = False,
        definitions: str | os.PathLike[str] | Sequence[str] | None = None,
        **variables: float,
    ) -> None:
        several = given_optimizers(optimizer)
        clock = checked_option(Clock, "clock", clock)
        on_change = checked_option(OnChange, "on_change", on_change)
        if on_end is not None:
            on_end = checked_option(OnEnd, "on_end", on_end)
        metric_reduction = checked_option(
            MetricReduction, "metric_reduction", metric_reduction, BAD_METRIC
        )
        t = checked_updates(last_epoch, "last_epoch", least=-1)
        if start_step is not None:
            if t != -1:
                message = "`start_step` and `last_epoch` both set the number of updates made"
                raise spec_error(BAD_STEP, message, fix="pass one of them")
            t = checked_updates(start_step, "start_step", least=0) - 1
        sized = taken_batch_size(spec, samples_per_step)
        spec = sized.program
        if sized.number is not None:
            values = {**(values or {}), BATCH_SIZE: sized.number}
        refuse_list_for_groups(spec, len(several.param_groups))
        text = text_of(definitions)
        program = Program(spec, text, values=values) if values else Program.of_spec(spec, text)
        check_variables(program, text, variables, ARGUMENTS, program.values)
        context = run_context(
            total_steps=total_steps,
            steps_per_epoch=steps_per_epoch,
            samples_per_step=sized.samples_per_step,
            tokens_per_step=tokens_per_step,
            tokens_per_sample=tokens_per_sample,
            samples_per_epoch=samples_per_epoch,
            total_samples=total_samples,
            total_tokens=total_tokens,
            definitions=text,
            **variables,
        )
        names = [group.get("name") for group in several.param_groups]
        program.check(full_names(several, names))
        timeline = Timeline([Plan(program, context)], log=[] if keep_metrics else None)
        super().__init__(
            several,
            timeline,
            clock=clock,
            t=t,
            on_end=on_end,
            on_change=on_change,
            metric_reduction=metric_reduction,
            keep_metrics=keep_metrics,
        )
        warnings = run_warnings(self._table.driven, context.total_steps)
        self._tell([(warning, warning) for warning in warnings])
        self._check_end(self._t, is_known=True)

    @property
    def optimizers(self) -> Mapping[str, Optimizer]:
        """The optimizers by name; the name of a single one is "0".

        >>> from torch import nn, optim
        >>> linear, other = nn.Linear(4, 1), nn.Linear(1, 1)
        >>> muon = optim.Muon([linear.weight], lr=0.02)
        >>> adamw = optim.AdamW([linear.bias, *other.parameters()], lr=1e-3)
        >>> spec = {"lr": {"muon/*": "linear(base, 0, 100)", "adamw/*": "cosine(base, 0, 100)"}}
        >>> scheduler = Scheduler({"muon": muon, "adamw": adamw}, spec)
        >>> scheduler.step(50)
        >>> {name: each.param_groups[0]["lr"] for name, each in scheduler.optimizers.items()}
        {'muon': 0.01, 'adamw': 0.0005}
        """
        own = self._optimizer
        return MappingProxyType(own.named if isinstance(own, Optimizers) else {"0": own})

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
        """The schedules of every driven number, one for each group, and of every value.

        >>> from torch import nn, optim
        >>> adam = optim.Adam(nn.Linear(1, 1).parameters(), lr=0.1)
        >>> scheduler = Scheduler(adam, {"lr": "linear(base, 0, 9)", "betas[1]": 0.95})
        >>> {name: schedule(9) for name, [schedule] in scheduler.driven.items()}
        {'lr': 0.0, 'betas[1]': 0.95}
        """
        self._timeline.metrics.settle()
        return {
            name: tuple([source.schedule for source in sources])
            for name, sources in self._table.driven.numbers.items()
        }

    @property
    def values(self) -> Values:
        """The numbers of `values=` for the next update, by name: a read-only mapping.

        It shows the present numbers, also when it is read later.

        >>> from torch import nn, optim
        >>> optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1)
        >>> scheduler = Scheduler(optimizer, "linear(1, 0, 4)", values={"ema": "1 - 0.01 * lr"})
        >>> scheduler.step(2)
        >>> scheduler.values["ema"]
        0.995
        """
        return Values(self)

    @property
    def batch_size(self) -> float | None:
        """The samples of the next update; None where nothing says how many there are.

        A loop that feeds data asks for it before each update.

        >>> from torch import nn, optim
        >>> optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1)
        >>> program = {"lr": "linear(1, 0, 800sp)", "batch_size": "linear(8, 16, 4)"}
        >>> scheduler = Scheduler(optimizer, program)
        >>> sizes = []
        >>> for _ in range(5):
        ...     sizes.append(scheduler.batch_size)
        ...     optimizer.step()
        ...     scheduler.step()
        >>> sizes
        [8, 10, 12, 14, 16]
        """
        plan = next(each for each in reversed(self._timeline.plans) if each.program is not None)
        return batch_size_at(plan.context, max(0, self._t) - plan.start)

    def preview(self, n: int) -> dict[str, NDArray[np.float64]]:
        """The next `n` updates: for each number an array of shape (groups, n).

        That of one of `values` has the shape (1, n).

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

    def __repr__(self) -> str:
        total = self._timeline.context.total_steps
        of = "" if total is None else f" of {total}"
        at = f"at update {self._t}{of}" if self._t >= 0 else "that has not begun"
        shown = specs_in_brief(self.driven, self._table.driven.full_names)
        driven = ", ".join([type(each).__name__ for each in self.optimizers.values()])
        return f"<Scheduler of {driven} {at}, clock={self.clock!r}: {shown}>"

    def _repr_html_(self) -> str:
        from lrdsl.plot.notebook import run_html

        table = self._table.driven
        schedules = distinct(self.driven, table.full_names, lambda schedule: schedule)
        return run_html(repr(self), schedules, self._t, table.end)
