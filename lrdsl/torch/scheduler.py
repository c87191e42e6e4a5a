"""`Scheduler`: driving a torch optimizer by specs.

    scheduler = lrdsl.torch.Scheduler(optimizer, "warmup(100) >> cosine(1, 1e-3, 800)")
    for batch in batches:
        loss(model, batch).backward()
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()

What is set is a pure function of the number of updates made, of the parameter group's own `base`,
and of the metrics that came, with the updates at which they came; nothing else is accumulated.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from lrdsl import diagnostics as diag
from lrdsl.compiler.context import Context
from lrdsl.diagnostics import SpecError, spec_error
from lrdsl.language.signal import LAST_STEP
from lrdsl.schedule.program import Program
from lrdsl.schedule.schedule import Schedule
from lrdsl.syntax.spec import Operand, Spec, as_number
from lrdsl.torch.callbacks import Callback, Watch
from lrdsl.torch.drive import Drive
from lrdsl.torch.metrics import agreed, checked_reduction
from lrdsl.torch.ownership import Desk
from lrdsl.torch.param_groups import Groups
from lrdsl.torch.slots import finite, own, plain
from lrdsl.torch.state_dict import State, difference, written
from lrdsl.torch.step_hooks import checked_clock, follow, is_capturing, unwrapped
from lrdsl.torch.stride import NONE, strides
from lrdsl.torch.timeline import Plan, Schedules
from lrdsl.torch.trainers import is_called_by_trainer
from lrdsl.util.registry import did_you_mean

ON_CHANGE = ("warn", "error", "keep")
"""What may become of a checkpoint that was written under another spec or context."""

ON_END = ("hold", "warn", "error")
"""What may happen at an update past the end of the run."""


class Scheduler(LRScheduler):
    """Sets the learning rate of every parameter group to what a spec says, and other numbers too.

    `spec` is text, a `Spec`, a number, a mapping with the key `spec` (a Hydra config), or a pure
    Python function of the number of updates made: it drives `lr`. Or it is a program, a mapping
    from the numbers to drive to their specs: any number in the parameter groups (`weight_decay`,
    `momentum`), `betas[0]` for one in a tuple. In a program the names of the other numbers are
    schedules, those of the same group and before any `lr_scale`:
    `{"lr": "cosine()", "weight_decay": "0.1 * lr"}`. A number's spec may be a choice,
    `{"backbone*": "…", 3: "…", "*": "…"}`: groups are matched by the key `name` in them, by index,
    or by a glob on the name, and the first match counts. `momentum` is `betas[0]` in groups that
    have betas and no momentum.

    The keyword arguments are those of `lrdsl.compile`: `total_steps`, updates in the run, for `%`,
    `total`, `rest` and segments without a length; `steps_per_epoch` for `ep`; `samples_per_step`
    for `sp`; `tokens_per_step` for `tok`; `definitions`, what the spec can call; all other names
    are variables of the spec.

    `clock` is what moves time on: `"calls"` of `step()`, as in torch, or `"updates"`, those that
    the optimizer really makes, which `attach` is short for. `start_step` is how many updates have
    been made already, in a run that began without this Scheduler; `last_epoch` is the same less
    one, as in torch. `on_change` says what `load_state_dict` does with the state of another spec or
    context: `"warn"` and go on with this one, `"error"`, or `"keep"` the one of the checkpoint.
    `on_end` says what an update past the end of the run does: `"hold"` the last value, `"warn"`, or
    `"error"`. The run ends after `total_steps`, or where that is not given with its schedules.
    `metric_reduction` is what becomes of the metrics of several ranks under torch.distributed:
    `"mean"`, `"min"`, `"max"`, or `"same"`, for which a difference between ranks is an error on all
    of them.

    In a spec, `base` is the group's own number, the one that the optimizer was made with; the group
    keeps it, as its `initial_lr` and so on. If a group has the key `lr_scale`, its learning rate is
    multiplied by it. A number that is a Tensor stays the same Tensor and is filled in place; groups
    that share one Tensor get one each.

    By the clock of calls, call `step()` once after every update. Groups may be added, and the
    optimizer's state loaded, at any time: the optimizer's next update sees it.

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

    _watch: Watch | None = None  # nobody's, until somebody watches

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
            raise spec_error(
                diag.BAD_GROUP, f"a Scheduler drives a torch.optim.Optimizer, not a {found}"
            )
        optimizer = unwrapped(optimizer)
        self.clock = checked_clock(clock)
        self._on_change = _one_of(ON_CHANGE, "on_change", on_change)
        self._on_end = _one_of(ON_END, "on_end", on_end)
        self._metric_reduction = checked_reduction(metric_reduction)
        made = _updates(last_epoch, "last_epoch", least=-1)
        if start_step is not None:
            if made != -1:
                message = "`start_step` and `last_epoch` say the same"
                raise spec_error(diag.BAD_STEP, message, fix="pass one of them")
            made = _updates(start_step, "start_step", least=0) - 1
        context = _context(
            {
                "total_steps": total_steps,
                "steps_per_epoch": steps_per_epoch,
                "samples_per_step": samples_per_step,
                "tokens_per_step": tokens_per_step,
                "definitions": definitions,
                **variables,
            }
        )
        self.optimizer = optimizer
        self._made = made
        self.base_lrs = []
        self._strides = NONE
        self._has_told = False
        self._turns = -1
        self._end_following: Callable[[], None] | None = None
        self._cycle_callbacks: dict[object, Callable[[Scheduler], object]] = {}
        program = Program(spec, context.definitions)
        program.check([group.get("name") for group in optimizer.param_groups])
        self._desk = Desk.of(optimizer)
        self._groups = Groups(optimizer, Schedules([Plan(program, context)]))
        drives = self._groups.planned(self._groups.schedules)
        self._desk.check_free([slot for drive in drives for slot in drive.slots], self.clock)
        self._groups.take_over(drives, made + 1)  # whatever can fail does so before any change
        self._taken_over()
        super().__init__(optimizer, made)
        self._desk.add(self)
        self._end_following = follow(self, optimizer, self.clock)

    @property
    def last_epoch(self) -> int:
        """How many updates have been made, as torch calls it; -1 before the schedule begins.

        Others may set it, to count by themselves, as torch's `SequentialLR` and ignite's
        `LRScheduler` do; by the clock of updates the optimizer alone counts.
        """
        return self._made

    @last_epoch.setter
    def last_epoch(self, made: int) -> None:
        if self.clock == "calls":
            self._made = made
            self._strides = NONE

    @property
    def spec(self) -> Spec:
        """What the first group's learning rate is driven by.

        >>> from torch import nn, optim
        >>> str(Scheduler(optim.SGD(nn.Linear(1, 1).parameters()), "hold(5)>>linear(1,0,9)").spec)
        'hold(5) >> linear(1, 0, 9)'
        """
        return self.schedules[0].spec

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        """Each group's schedule of `lr`, before its `lr_scale`.

        In a program without `lr` they are those of the first number in it.

        >>> from torch import nn, optim
        >>> groups = [{"params": nn.Linear(1, 1).parameters(), "lr": lr} for lr in (1, 0.1)]
        >>> scheduler = Scheduler(optim.SGD(groups), "cosine(base, 0, 9)")
        >>> [schedule(0) for schedule in scheduler.schedules]
        [1.0, 0.1]
        """
        drive = self._groups.lr or self._groups.drives[0]
        return tuple([ahead.schedule for ahead in drive.aheads])

    @property
    def driven(self) -> dict[str, tuple[Schedule, ...]]:
        """The schedules of every number that is driven, one for each group.

        >>> from torch import nn, optim
        >>> adam = optim.Adam(nn.Linear(1, 1).parameters(), lr=0.1)
        >>> scheduler = Scheduler(adam, {"lr": "linear(base, 0, 9)", "betas[1]": 0.95})
        >>> {name: schedule(9) for name, [schedule] in scheduler.driven.items()}
        {'lr': 0.0, 'betas[1]': 0.95}
        """
        return {
            drive.key: tuple([ahead.schedule for ahead in drive.aheads])
            for drive in self._groups.drives
        }

    def get_lr(self) -> list[float | Tensor]:
        """The learning rates at the present update, a float for each group."""
        self._sync()
        return self.get_last_lr()

    def get_last_lr(self) -> list[float | Tensor]:
        """The learning rates last set by this scheduler, a float for each group."""
        lr, values = self._groups.lr, self._groups.values(max(0, self._made))
        return self._undriven() if lr is None else [*values[self._groups.drives.index(lr)]]

    def _undriven(self) -> list[float | Tensor]:
        return [own(group["lr"]) for group in self.optimizer.param_groups]

    def preview(self, n: int) -> dict[str, NDArray[np.float64]]:
        """The values of the next `n` updates, of each number an array of shape (groups, n).

        They are what the same code will set, if no metric comes and no plan changes: the first
        column is what is set now.

        >>> from torch import nn, optim
        >>> scheduler = Scheduler(optim.SGD(nn.Linear(1, 1).parameters()), "linear(1, 0, 4)")
        >>> scheduler.preview(3)["lr"]
        array([[1.  , 0.75, 0.5 ]])
        """
        count = _updates(n, "n", least=0)
        self._sync()
        now = max(0, self._made)
        columns = [self._groups.values(made) for made in range(now, now + count)]
        groups = len(self.optimizer.param_groups)
        return {
            drive.key: np.array([values[i] for values in columns]).reshape(count, groups).T
            for i, drive in enumerate(self._groups.drives)
        }

    def step(self, metric: object = None, epoch: int | None = None) -> None:  # type: ignore[override]
        """Go on to the next update, or to update number `epoch`, and set the numbers.

        For a schedule that reacts to metrics the first argument is a metric, which counts from
        the update gone on to. For any other it is what it is in torch, `epoch`. Going back to an
        earlier update changes nothing of what came later, until a metric comes there.

        Raises `SpecError`, having changed nothing, if `epoch` is no whole number, 0 or more, or
        the metric no number.

        >>> from torch import nn, optim
        >>> scheduler = Scheduler(optim.SGD(nn.Linear(1, 1).parameters()), "linear(1, 0, 100)")
        >>> scheduler.step(75)
        >>> scheduler.get_last_lr()
        [0.25]
        >>> scheduler = Scheduler(optim.SGD(nn.Linear(1, 1).parameters()), "1 | plateau(0.5, 0)")
        >>> for loss in (0.7, 0.8):
        ...     scheduler.step(loss)
        >>> scheduler.get_last_lr()
        [0.5]
        """
        if metric is None and epoch is None and self.clock == "calls":
            for _ in self._strides:
                self._made += 1  # not `_step_count`: torch looks whether it is 1, and no further
                return
        if metric is not None and epoch is None and not self._reacts:
            metric, epoch = None, _updates(metric, "epoch", least=0)
        to = None if epoch is None else _updates(epoch, "epoch", least=0)
        if self.clock == "updates" and not self._is_initial:
            self._stepped_by_hand(metric, to)
            return
        before = self._made
        self._check_end(before + 1 if to is None else to)
        if metric is None:
            self._go_on(to)
        else:
            with self._observing(metric, self._made + 1 if to is None else to):
                self._go_on(to)
        self._tell(before)

    def _go_on(self, to: int | None) -> None:
        if to is None:
            super().step()  # which also warns of a step before the optimizer's first
        else:
            self._apply(to)
            self._step_count += 1

    def _stepped_by_hand(self, metric: object, to: int | None) -> None:
        """What a call of `step` does where the optimizer's own updates are the clock: little."""
        if to is not None and to != self._made:
            message = f"`step` cannot go to update {to}: the clock is the optimizer's own updates"
            fix = "make the Scheduler with `start_step`, or load a state"
            raise spec_error(diag.BAD_STEP, message, fix=fix)
        if metric is not None:
            self.observe(metric)
        elif to is not None:
            self._apply(to)
        elif not self._has_told and not is_called_by_trainer(1):
            self._has_told = True
            warnings.warn(
                "`step()` does nothing by the clock of updates, which counts those that the "
                "optimizer makes: leave the call out, unless a trainer makes it",
                stacklevel=3,
            )

    def _before_update(self) -> None:
        """The optimizer is about to make an update: what it finds in its groups must be right."""
        groups = self._groups
        if self.clock == "updates":
            if is_capturing():
                message = "a CUDA graph repeats its updates without telling: they cannot be counted"
                fix = 'use `clock="calls"`, and call `step()` after each replay'
                raise spec_error(diag.BAD_STEP, message, fix=fix)
            self._check_end(self._made + 1)
        if groups.have_changed:
            self._sync()
        if self._watch is not None:
            self._watch.note()

    def _after_update(self) -> None:
        """The optimizer has made an update, and the clock is its updates."""
        for _ in self._strides:
            self._made += 1
            return
        before = self._made
        self._apply(before + 1, is_step=True)
        self._step_count += 1
        self._tell(before)

    def _tell(self, before: int) -> None:
        """Tell who asked for it that time has gone on from update `before`, if it has."""
        if self._made <= before:
            return
        if self._watch is not None and before >= 0:
            self._watch.tell(before, [drive.key for drive in self._groups.drives])
        if self._cycle_callbacks and self.cycle_ended:
            for callback in [*self._cycle_callbacks.values()]:
                callback(self)

    def _check_end(self, made: int) -> None:
        """Do what `on_end` says if so many updates are more than there are in the run."""
        if self._on_end == "hold" or made <= self._end:
            return
        message = f"update {made:,} is past the end of the run, which has {self._end:,} updates"
        fix = "`extend(total_steps=…)` makes it longer"
        if self._on_end == "error":
            raise spec_error(
                diag.BAD_STEP, message, fix=f'{fix}, and `on_end="hold"` holds the last value'
            )
        if made == self._end + 1:
            warnings.warn(f"{message}; its last value is held. {fix}", stacklevel=3)

    @property
    def _end(self) -> float:
        """The updates in the run, as far as that is known."""
        total = self._groups.schedules.context.total_steps
        if total is not None:
            return total
        aheads = [ahead for drive in self._groups.drives for ahead in drive.aheads]
        return max([ahead.schedule.length for ahead in aheads], default=math.inf)

    def detach(self) -> None:
        """Let go of the optimizer: it keeps its numbers, and this Scheduler sets them no more."""
        if self._end_following is not None:
            self._end_following()
            self._end_following = None
        self._desk.remove(self)

    @property
    def cycle_ended(self) -> bool:
        """Whether the update just made was the last one of a cycle, a round of a `repeat`.

        Of several schedules, any will do. It is a function of the number of updates made alone,
        and so is the same after a resume.
        """
        made = self._made
        aheads = dict.fromkeys([ahead for drive in self._groups.drives for ahead in drive.aheads])
        return made > 0 and any(ahead.ends_cycle(made) for ahead in aheads)

    def on_cycle_end(self, callback: Callable[[Scheduler], object]) -> Callable[[], None]:
        """Have `callback(scheduler)` called after each step that ends a cycle.

        Returns a function that undoes it. A step that stays where it is or goes back calls
        nothing. Callbacks are no part of the state.

        >>> from torch import nn, optim
        >>> optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1)
        >>> scheduler = Scheduler(optimizer, "cosine(1, 0, 3) | repeat()")
        >>> remove = scheduler.on_cycle_end(lambda scheduler: print("snapshot"))
        >>> for step in range(1, 7):
        ...     optimizer.step()
        ...     scheduler.step()
        ...     print(step, scheduler.cycle_ended)
        1 False
        2 False
        snapshot
        3 True
        4 False
        5 False
        snapshot
        6 True
        """
        key = object()
        self._cycle_callbacks[key] = callback
        self._strides = NONE

        def remove() -> None:
            self._cycle_callbacks.pop(key, None)

        return remove

    def on_update(self, callback: Callback, *, every: int = 1) -> Callable[[], None]:
        """Have `callback(update, values)` called after each update, with what it was made with.

        `update` counts from 0. `values` has, for each number that is driven, what it was in each
        group. A callback is called once for each update, when time has gone on to the next, and
        not again after a resume; `every` leaves out all updates that it does not divide. A step
        that stays where it is or goes back calls nothing.

        Returns a function that undoes it. Callbacks are no part of the state, and no copy of the
        Scheduler has them. Raises `SpecError` if `callback` cannot be called, or `every` is no
        whole number, 1 or more.

        >>> from torch import nn, optim
        >>> optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1)
        >>> scheduler = Scheduler(optimizer, "linear(1, 0, 4)")
        >>> remove = scheduler.on_update(print)
        >>> for step in range(3):
        ...     optimizer.step()
        ...     scheduler.step()
        0 {'lr': (1.0,)}
        1 {'lr': (0.75,)}
        2 {'lr': (0.5,)}
        """
        if not callable(callback):
            found = type(callback).__name__
            raise spec_error(
                diag.BAD_LOG, f"`callback` is a function of an update and values, not a {found}"
            )
        every = _updates(every, "every", least=1)
        if self._watch is None:
            self._sync()
            self._strides = NONE
            self._watch = Watch(self._made, self._groups.values(max(0, self._made)))
        watch, key = self._watch, self._watch.add(callback, every)

        def remove() -> None:
            watch.drop(key)
            if self._watch is watch and not watch:
                self._watch = None

        return remove

    def observe(self, metric: object) -> None:
        """Take in a metric that is known now, without a step: the numbers are set at once.

        For metrics that come at another rhythm than the steps: a validation loss once an epoch,
        `step()` after every update. Several may come between two steps. `SpecError` as in `step`.

        >>> from torch import nn, optim
        >>> scheduler = Scheduler(optim.SGD(nn.Linear(1, 1).parameters()), "1 | plateau(0.5, 0)")
        >>> for loss in (0.7, 0.8):
        ...     scheduler.observe(loss)
        >>> scheduler.last_epoch, scheduler.get_last_lr()
        (0, [0.5])
        """
        made = self._made
        if made < 0:
            raise spec_error(
                diag.BAD_METRIC, "this part of the schedule has not begun: it takes no metric"
            )
        with self._observing(metric, made):
            self._apply(made)

    @contextmanager
    def _observing(self, metric: object, made: int) -> Iterator[None]:
        if not self._reacts:
            fix = "`plateau(...)`, for one, makes it react: `hold() | plateau(0.5, patience=3)`"
            raise spec_error(diag.BAD_METRIC, "the schedule takes no metric", fix=fix)
        self._sync()
        number = agreed(metric, self._metric_reduction, self.optimizer.param_groups)
        with self._groups.schedules.observe(made, number):
            yield

    def replan(
        self,
        spec: Operand | Mapping[str, Any] | Callable[[int], float],
        *,
        jump: bool = False,
        **changes: Any,
    ) -> None:
        """Have another spec drive the numbers from the next update on.

        The spec's clock begins there, and `_` and `prev` are what the number has come to, as in a
        chain: `cosine(_, 0, 2000)`. A number must go on from where it is, unless `jump` allows it
        to leap. In a program, numbers that are not named go on as they were, and those among them
        that speak of named ones follow these. Before the first update the spec takes the place of
        the old one, with nothing before it. `changes` are keyword arguments as the Scheduler takes
        them, `total_steps` and so on, variables too: what is not given stays as it is. The plan is
        part of the state.

        Raises `SpecError`, having changed nothing, if the spec has mistakes, or would leap.

        >>> from torch import nn, optim
        >>> optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1)
        >>> scheduler = Scheduler(optimizer, "linear(1, 0, 100)")
        >>> scheduler.step(50)
        >>> scheduler.replan("hold(10) >> linear(_, 0, 5)")
        >>> scheduler.preview(12)["lr"][0, [0, 9, 11]]
        array([0.5, 0.5, 0.4])
        """
        schedules = self._groups.schedules
        kept = {**schedules.context.to_dict(), **changes}
        context = _context(kept)
        program = Program(spec, context.definitions, schedules.keys)
        for key in program.choices:
            if key not in schedules.keys:
                known = ", ".join(f"`{key}`" for key in schedules.keys)
                message = f"a new plan drives what was driven before, {known}, and not `{key}`"
                raise spec_error(diag.BAD_SPEC, message)
        self._go_on_with(program, context, jump)

    def extend(self, *, total_steps: int) -> None:
        """Make the run longer, or shorter: what is left of the schedule takes what is left of it.

        The rest of every schedule runs slower or faster, so that nothing leaps and all ends where
        it would have ended: at the same place of the schedule. Where the run's length was not
        known, each schedule's own end moves to the run's. What never ends goes on as it was. The
        change is part of the state.

        >>> from torch import nn, optim
        >>> optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1)
        >>> scheduler = Scheduler(optimizer, "linear(1, 0, 100%)", total_steps=100)
        >>> scheduler.step(50)
        >>> scheduler.extend(total_steps=150)
        >>> scheduler.schedules[0]([49, 50, 52, 150])
        array([0.51, 0.5 , 0.49, 0.  ])
        """
        now, context = max(0, self._made), self._groups.schedules.context
        total = _context({**context.to_dict(), "total_steps": total_steps}).total_steps
        if total is None or total <= now:
            message = f"`total_steps` is more than the {now} updates made, not {total_steps!r}"
            raise spec_error(diag.BAD_STEP, message)
        if now >= self._end:
            message = "the run has come to its end, and nothing of its schedule is left"
            fix = f"write what follows: `replan(spec, total_steps={total})`"
            raise spec_error(diag.BAD_STEP, message, fix=fix)
        self._go_on_with(None, replace(context, total_steps=total), jump=False)

    def cooldown_now(self, steps: int | str, mode: str = "linear", end: float = 0.0) -> None:
        """Bring the learning rate down to `end` from where it is, beginning now.

        It takes `steps` updates, or another duration (`"10%"`, `"rest"`), by the curve `mode`.

        >>> from torch import nn, optim
        >>> scheduler = Scheduler(optim.SGD(nn.Linear(1, 1).parameters(), lr=1), "warmup(100)")
        >>> scheduler.step(500)
        >>> scheduler.cooldown_now(100, "sqrt")
        >>> scheduler.schedules[0]([500, 525, 600])
        array([1. , 0.5, 0. ])
        """
        number = finite(end, "`end` is a finite number")
        spec = f"cooldown({mode}, {steps}, {number!r})"
        self.replan({"lr": spec} if len(self._groups.schedules.keys) > 1 else spec)

    def _go_on_with(self, program: Program | None, context: Context, jump: bool) -> None:
        """Follow one more plan from now on."""
        self._sync()
        now = max(0, self._made)
        before = self._groups.values(now)
        schedules = self._groups.schedules.followed_by(program, context, now)
        drives = self._groups.planned(schedules)
        if now and not jump:
            for drive, old, new in zip(
                drives, before, self._groups.values_of(drives, now), strict=True
            ):
                _check_no_jump(drive.key, old, new, now)
        self._groups.follow(schedules, drives, now)
        self._taken_over()
        self._apply(now)

    def _update_lr(self, epoch: int | None = None) -> None:
        # torch's SequentialLR calls this to start a child: it must not be renamed.
        is_step = epoch is None and not self._is_initial
        to = self._made + 1 if epoch is None else _updates(epoch, "epoch", least=0)
        self._apply(to, is_step=is_step)

    def state_dict(self) -> dict[str, Any]:
        """The number of updates made, with the spec and the context that they were made under.

        Plain text and numbers, so that `torch.load(..., weights_only=True)` reads it.
        """
        return written(self._groups.schedules, self._made)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from where a `state_dict` was taken, and set the learning rates at once.

        The optimizer's state need not have been loaded. If the state was written under another spec
        or context, `on_change` says what happens: `"warn"` goes on with what this Scheduler was
        made with, and says what that changes; `"error"` refuses; `"keep"` goes on with what the
        state says. Plans that `replan` and its like have made are part of the state. Raises
        `SpecError`, having changed nothing, if the state is not one of a `Scheduler`.
        """
        state = State.of(state_dict)
        first = self._groups.schedules.plans[0]
        made = max(0, state.made)
        assert first.program is not None
        recorded = self._groups.schedules.recorded(first)
        different = difference(state, first.program.texts, recorded)
        if different and self._on_change == "keep":
            plans, different = state.plans(), ""
        else:
            plans = [first] if different else [first, *state.later_plans()]
        schedules = Schedules(plans, state.log)
        drives = self._groups.planned(schedules)
        if different:
            changes = self._changes(state, drives, made)
            different = f"the checkpoint was written with {different}{changes}"
            if self._on_change == "error":
                fix = 'pass what it was written with, or `on_change="keep"`'
                raise spec_error(diag.BAD_STATE, different, fix=fix)
        self._groups.follow(schedules, drives, made)
        self._taken_over()
        if state.made < 0:
            # A part of torch's SequentialLR that has not begun: the lr is not its to set.
            self._made = state.made
        else:
            self._apply(state.made)
            self._step_count = state.made + 1
        if different:
            without = "; the plans made on the way are left out" if state.replans else ""
            warnings.warn(
                f"{different}; going on at update {state.made} with what this Scheduler was made "
                f"with{without}",
                stacklevel=2,
            )

    def _changes(self, state: State, drives: Sequence[Drive], made: int) -> str:
        """Which numbers are others at an update than they were under a state, for the user."""
        try:
            saved = self._groups.planned(Schedules(state.plans(), state.log))
            was = self._shown_values(saved, made)
        except SpecError:  # they cannot be made of it: it may need what is not there any more
            return ""
        now = self._shown_values(drives, made)
        changed = [
            f"{key} at update {made}: {was[key]} → {now[key]}"
            for key in now
            if key in was and was[key] != now[key]
        ]
        return f" ({', '.join(changed)})" if changed else f" (no number changes at update {made})"

    def _shown_values(self, drives: Sequence[Drive], made: int) -> dict[str, str]:
        """What numbers would be at an update, as a message says it."""
        return {
            drive.key: ", ".join([f"{value:g}" for value in dict.fromkeys(values)])
            for drive, values in zip(drives, self._groups.values_of(drives, made), strict=True)
        }

    def _apply(self, made: int, is_step: bool = False) -> None:
        groups = self._groups
        if groups.refresh(made):
            self._taken_over()
        values = groups.values(made)
        if self._turns != self._desk.turns or (is_step and self._step_count < 3):
            self._desk.take(self, is_step)
            self._turns = self._desk.turns
        groups.put(values)
        if self._watch is not None:
            self._watch.set(made, values)
        self._made = made
        self._strides = NONE
        if self._watch is None and not self._cycle_callbacks and self._step_count > 1:
            stop = math.inf if self._on_end == "hold" else self._end + 1
            self._strides = strides(groups.drives, self.optimizer, made, stop)

    def _sync(self) -> None:
        """Take groups over that are new, and set their numbers if they are this one's to set."""
        if not self._groups.have_changed:
            return
        if self._made >= 0 and self._desk.owns(self):
            self._apply(self._made)
        else:
            self._groups.refresh(max(0, self._made))
            self._taken_over()

    def _taken_over(self) -> None:
        """Note what follows from the groups as they are now."""
        self._strides = NONE
        self._reacts = self._groups.schedules.is_reactive
        self._slots = frozenset([slot for drive in self._groups.drives for slot in drive.slots])
        if self._groups.lr is not None:
            self.base_lrs = [own(lr) for lr in self._groups.initial["lr"]]

    @property
    def _shown(self) -> str:
        """What it does, for a message."""
        return str(self.spec)

    def __getstate__(self) -> dict[str, Any]:
        # Hooks and the desk belong to the optimizer; a copy gets those of its own. Who watches this
        # Scheduler would take another's updates for its own.
        left_out = ("_desk", "_end_following", "_watch", "_strides")
        state = {key: value for key, value in vars(self).items() if key not in left_out}
        is_attached, owns = self._end_following is not None, self._desk.owns(self)
        return {**state, "_is_attached": is_attached, "_owns": owns}

    def __setstate__(self, state: dict[str, Any]) -> None:
        is_attached, owns = state.pop("_is_attached"), state.pop("_owns")
        vars(self).update(state)
        self._desk, self._turns, self._end_following = Desk.of(self.optimizer), -1, None
        self._strides = NONE
        if is_attached:
            self._desk.add(self)
            self._end_following = follow(self, self.optimizer, self.clock)
        if owns:
            self._desk.take(self, is_step=False)


def attach(
    optimizer: Optimizer,
    spec: Operand | Mapping[str, Any] | Callable[[int], float],
    **options: Any,
) -> Scheduler:
    """Have an optimizer follow a spec by the count of its own updates; no `step()` is needed.

    The arguments are those of `Scheduler`, and so is what is returned. While gradients accumulate
    no update is made, and none counts; nor does one that a GradScaler skips. Calls of the
    scheduler's `step`, forgotten, doubled, or made by a trainer, change nothing.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    >>> scheduler = attach(optimizer, "linear(1, 0, 100)")
    >>> for _ in range(3):
    ...     print(optimizer.param_groups[0]["lr"])
    ...     optimizer.step()
    1.0
    0.99
    0.98
    """
    return Scheduler(optimizer, spec, **{"clock": "updates", **options})


def _context(known: Mapping[str, Any]) -> Context:
    if "base_lr" in known:
        message = "`base_lr` is not for the caller to set: `base` is the group's own lr"
        raise spec_error(diag.BAD_CONTEXT, message, fix="set the optimizer's `lr` instead")
    return Context.of(**known)


def _check_no_jump(key: str, old: Sequence[float], new: Sequence[float], made: int) -> None:
    for i, (was, is_now) in enumerate(zip(old, new, strict=True)):
        if not math.isclose(was, is_now, rel_tol=1e-6, abs_tol=1e-15):
            where = f" in parameter group {i}" if len(old) > 1 else ""
            message = f"`{key}` would leap from {was:g} to {is_now:g} at update {made}{where}"
            fix = "begin where it is, with `_` or `prev`: `cosine(_, 0, 100)`; or pass `jump=True`"
            raise spec_error(diag.BAD_SPEC, message, fix=fix)


def _one_of(known: Sequence[str], name: str, given: object) -> str:
    if given not in known:
        near = did_you_mean(given, known) if isinstance(given, str) else None
        listed = ", ".join(f'"{one}"' for one in known)
        raise spec_error(
            diag.BAD_STEP, f"`{name}` is one of {listed}, not {given!r}", fix=near and near[0]
        )
    return str(given)


def _updates(value: object, name: str, *, least: int) -> int:
    """A number of updates; `SpecError` if it is none."""
    number = None if isinstance(value, bool) else getattr(value, "__index__", None)
    try:
        made = None if number is None else int(number())
    except TypeError:
        made = None
    if made is None or not least <= made <= LAST_STEP:
        fix = "the schedule takes no metric: call `step()`"
        message = f"`{name}` is a whole number of updates, {least} or more, not {value!r}"
        raise spec_error(
            diag.BAD_STEP, message, fix=fix if isinstance(as_number(plain(value)), float) else None
        )
    return made
