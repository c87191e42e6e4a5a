"""`SteppingDriver`: counts updates and takes metrics."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any

from lrdsl.diagnostics import BAD_METRIC, BAD_STEP, SpecError, spec_error
from lrdsl.torch.arguments import checked_updates
from lrdsl.torch.callbacks import CallbackDriver
from lrdsl.torch.metrics import is_distributed, reduce_over_ranks
from lrdsl.torch.optimizers import AnyOptimizer, Optimizers, each_of
from lrdsl.torch.options import MetricReduction
from lrdsl.torch.run_checks import has_decayed
from lrdsl.torch.step_hooks import MAY_CAPTURE, add_hooks, is_called_by_trainer, is_capturing
from lrdsl.torch.step_table import StepTable
from lrdsl.torch.timeline import Timeline
from lrdsl.torch.warn import warn_user


class SteppingDriver(CallbackDriver):
    """The events of a `Scheduler`: calls of `step`, updates of the optimizer, metrics."""

    _others_step = False
    """Whether one of several optimizers, not the last, has stepped."""

    def __init__(
        self,
        optimizer: AnyOptimizer,
        timeline: Timeline,
        *,
        metric_reduction: MetricReduction,
        **options: Any,
    ) -> None:
        self._metric_reduction = metric_reduction
        self._counts_calls = options["clock"] == "calls"
        super().__init__(optimizer, timeline, **options)
        self._follow_optimizer()

    def step(  # type: ignore[override]
        self, metric: object = None, epoch: int | None = None, *, metrics: object = None
    ) -> None:
        """Advance to the next update, or to update number `epoch`, and set the numbers.

        If a schedule reacts to metrics, the first argument is a metric, which takes effect at the
        new update; otherwise it is `epoch`, as in torch. `metrics` is the name that torch's
        ReduceLROnPlateau gives to the metric. Going back to an earlier update keeps the
        later metrics until a new metric comes there, which only a Scheduler with `keep_metrics`
        takes.

        Raises `SpecError`, having changed nothing, if `epoch` is not a whole number, 0 or more, or
        the metric is not a number.

        >>> from torch import nn, optim
        >>> from lrdsl.torch import Scheduler
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
        table, new = self._table, self._t + 1
        if metric is epoch is metrics is None and new <= self._plain_until and self._counts_calls:
            try:
                is_plain = table.assign(new)
                if is_plain:
                    self._t = new  # `_step_count` stays: torch only tests whether it is 1
            except SpecError:
                raise  # before the first change
            except BaseException:
                self._repair()
                raise
            if is_plain:
                if self._callbacks or self._cycle_callbacks:
                    self._notify(new - 1, table)
                return
        before = new - 1
        metric = metrics if metric is None else metric
        is_own = isinstance(metric, float) and epoch is None and not is_distributed()
        if is_own and self._steps_calmly(float(metric), new):  # type: ignore[arg-type]
            self._notify(before, table)
            return
        if metric is not None and epoch is None and not self._timeline.is_reactive:
            metric, epoch = None, checked_updates(metric, "epoch", least=0)
        to = None if epoch is None else checked_updates(epoch, "epoch", least=0)
        if self.clock == "updates" and not self._is_initial:
            self._step_by_hand(metric, to)
            return
        new = new if to is None else to
        self._check_end(new)
        number = None if metric is None else self._number(metric)
        if number is not None and to is None and self._steps_calmly(number, new):
            self._notify(before, table)
            return
        with nullcontext() if number is None else self._observing(number, new):
            if to is None:
                super().step()  # also warns of a call before the optimizer's first update
            else:
                self._step_count += 1
                self._apply(to)
        if self._t > before >= 0:
            self._notify(before, table)

    def _steps_calmly(self, metric: float, new: int) -> bool:
        """Step with a metric that changes no value; False, having changed nothing, for others."""
        if not (new <= self._plain_until and self._counts_calls):
            return False
        table = self._table
        metrics = table.driven.timeline.metrics
        watch = metrics.watch
        if watch is None or not new < watch.until:
            watch = metrics.watch_at(new)
            if watch is None:
                return False
        former, log = watch.progress, metrics.log
        after = watch.take(new, metric)
        if after is None:
            return False
        try:
            if not table.assign(new):
                return False
            if log is not None:
                log.append((new, metric))
            watch.progress, self._t = after, new
        except SpecError:
            raise  # before the first change
        except BaseException:
            if self._t != new:
                watch.progress = former
                if log is not None:
                    del log[former[0] :]
            self._repair()
            raise
        return True

    def _step_by_hand(self, metric: object, to: int | None) -> None:
        """A call of `step` by the clock of updates: it takes a metric, but does not advance."""
        if to is not None and to != self._t:
            message = f"`step` cannot go to update {to}: the clock is the optimizer's own updates"
            fix = "make the Scheduler with `start_step`, or load a state"
            raise spec_error(BAD_STEP, message, fix=fix)
        if metric is not None:
            self.observe(metric)
        elif to is not None:
            self._apply(to)
        elif not is_called_by_trainer(1):
            message = (
                '`step()` does nothing with `clock="updates"`, which counts the updates of the '
                "optimizer itself: remove the call, unless a trainer makes it"
            )
            self._tell([(message, message)])

    def _update_lr(self, epoch: int | None = None) -> None:
        # Overrides torch's method of this name, which SequentialLR also calls to start a child.
        is_step = epoch is None and not self._is_initial
        if epoch is not None:
            self._table.forget()  # others have set the numbers until now
        to = self._t + 1 if epoch is None else checked_updates(epoch, "epoch", least=0)
        self._apply(to, is_step=is_step)

    def observe(self, metric: object) -> None:
        """Take a metric without advancing; the numbers are set at once.

        For metrics at another rhythm than the steps: a validation loss once an epoch, `step()`
        after every update. Several may come between two steps. Raises `SpecError` as `step` does.

        >>> from torch import nn, optim
        >>> from lrdsl.torch import Scheduler
        >>> scheduler = Scheduler(optim.SGD(nn.Linear(1, 1).parameters()), "1 | plateau(0.5, 0)")
        >>> for loss in (0.7, 0.8):
        ...     scheduler.observe(loss)
        >>> scheduler.last_epoch, scheduler.get_last_lr()
        (0, [0.5])
        """
        t = self._t
        if t < 0:
            message = "this part of the schedule has not begun: it takes no metric"
            raise spec_error(BAD_METRIC, message)
        with self._observing(self._number(metric), t):
            self._apply(t)

    def _number(self, metric: object) -> float:
        """A metric as a number, the same on all ranks."""
        if not self._timeline.is_reactive:
            fix = "add a modifier that reacts: `hold() | plateau(0.5, patience=3)`"
            raise spec_error(BAD_METRIC, "the schedule takes no metric", fix=fix)
        return reduce_over_ranks(metric, self._metric_reduction, self._optimizer.param_groups)

    @contextmanager
    def _observing(self, metric: float, t: int) -> Iterator[None]:
        self._sync()
        former, metrics = self._table, self._timeline.metrics
        record = metrics.record
        try:
            with metrics.observe(t, metric) as has_changed:
                if has_changed:
                    self._table = StepTable(self._optimizer, former.driven, t)
                yield
        except SpecError:
            self._table = former
            raise
        except BaseException:
            if metrics.record is record:  # else the metric had been taken already
                self._table = former
            self._repair()
            raise

    def detach(self) -> None:
        """Stop driving the optimizer, which keeps its numbers as they are."""
        if self._remove_hooks is not None:
            self._remove_hooks()
            self._remove_hooks = None
        self._ownership.release(self)
        self.invalidate()

    def _before_update(self) -> None:
        """Hook before an update of the optimizer: brings its groups up to date."""
        if not self._counts_calls:
            if MAY_CAPTURE and is_capturing():
                message = (
                    "a CUDA graph replays updates without calling hooks: they cannot be counted"
                )
                fix = 'use `clock="calls"`, and call `step()` after each replay'
                raise spec_error(BAD_STEP, message, fix=fix)
            if self._t >= self._last:
                self._check_end(self._t + 1)
        if self._is_torn or not self._table.is_current():
            self._sync()
        while self._unsaid:
            warn_user(self._unsaid.pop(0))
        if self._callbacks:
            self._used = self._t, self._table

    def _before_other(self) -> None:
        """Hook before an update of one of several optimizers, by which none is counted."""
        self._others_step = True
        self._before_update()

    def _after_last(self) -> None:
        """Hook after an update of the last of several optimizers, by the clock of updates."""
        if not self._others_step:
            assert isinstance(self._optimizer, Optimizers)
            *others, last = self._optimizer.named
            message = (
                f"an update is counted when `{last}` has stepped, the last of the optimizers, and "
                f"it has stepped before {' and '.join([f'`{each}`' for each in others])}: name the "
                "optimizer last that steps last"
            )
            self._tell([(message, message)])
        self._after_update()

    def _after_update(self) -> None:
        """Hook after an update of the optimizer, by the clock of updates."""
        before, table = self._t, self._table
        try:
            is_plain = before < self._plain_until and table.assign(before + 1)
            if is_plain:
                self._t = before + 1
        except SpecError:
            raise  # before the first change
        except BaseException:
            self._repair()
            raise
        if not is_plain:
            self._step_count += 1
            self._apply(before + 1, is_step=True)
        if before >= 0 and (self._callbacks or self._cycle_callbacks):
            self._notify(before, table)

    def _check_end(self, t: int, *, is_known: bool = False) -> None:
        """Warn once or raise, as `on_end` says, if update `t` is past the end of the run.

        `is_known` says that it is about to be: it is update `t` that comes next.
        """
        end = self._end_to_watch() if is_known else self._last
        if t + is_known <= end:
            return
        what = "schedule" if self._timeline.context.total_steps is None else "run"
        is_past = f"update {t:,} is {'' if is_known else 'past '}the end of the {what}"
        message = f"{is_past}, which has {end:,} updates"
        fix = "`replan(spec, total_steps=…)` makes it longer"
        if self._on_end == "error":
            if is_known:
                return  # an update that is made raises
            raise spec_error(BAD_STEP, message, fix=f'{fix}, `on_end="hold"` holds the last value')
        self._end_told, self._last = end, math.inf
        self.invalidate()
        if self._on_end == "warn" or what == "run" or has_decayed(self._table.driven):
            fix += "" if what == "run" else ", `>> hold()` at its end says that this is meant"
            self._warn(f"{message}; its last value is held. {fix}")

    def _follow_optimizer(self) -> None:
        """Register with the optimizer's record of ownership and its hooks."""
        self._ownership.add(self)
        *others, last = each_of(self._optimizer)
        after: Callable[[], None] | None = None
        if self.clock == "updates":
            after = self._after_last if others else self._after_update
        locations, hooks = self._table.driven.locations, ExitStack()
        for each in others:
            hooks.callback(add_hooks(each, locations, self._before_other))
        hooks.callback(add_hooks(last, locations, self._before_update, after))
        self._remove_hooks = hooks.close
