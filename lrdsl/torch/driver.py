"""`OptimizerDriver`: keeps an optimizer's numbers at the values of their schedules."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from contextlib import suppress

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from lrdsl.diagnostics import BAD_GROUP, BAD_STATE, SpecError, spec_error
from lrdsl.torch.bases import BaseChange, KnownGroups, stale_bases
from lrdsl.torch.group_changes import group_changes
from lrdsl.torch.optimizers import AnyOptimizer, each_of
from lrdsl.torch.options import Clock, OnChange, OnEnd
from lrdsl.torch.outside_writes import Written, outside_write
from lrdsl.torch.ownership import check_free, ownership_of
from lrdsl.torch.param_groups import DrivenGroups, plan_groups
from lrdsl.torch.param_key import clone_value
from lrdsl.torch.run_checks import flattened_groups
from lrdsl.torch.step_table import StepTable
from lrdsl.torch.timeline import Timeline
from lrdsl.torch.warn import is_silenced, shown_pair, warn_user


class OptimizerDriver(LRScheduler):
    """Sets the numbers of an optimizer to their values at an update.

    The table says what a step assigns, and by which timeline. It is replaced where groups, plans
    or the values of a schedule change.
    """

    _table: StepTable

    def __init__(
        self,
        optimizer: AnyOptimizer,
        timeline: Timeline,
        *,
        clock: Clock,
        t: int,
        on_end: OnEnd | None,
        on_change: OnChange,
        keep_metrics: bool,
    ) -> None:
        self._optimizer = optimizer
        self._keeps_metrics = keep_metrics
        self.clock: Clock = clock
        self._on_end = on_end
        self._on_change = on_change
        self._t = t
        self.base_lrs = []
        self._plain_until = -1.0
        """Updates up to this one need not look at groups, ownership and the run's end again."""
        self._is_torn = False
        """Whether the numbers may be between two updates: an exception came while they were set."""
        self._has_stepped = False
        self._told: set[object] = set()
        """Facts that the user has been told, and need not be told again."""
        self._unsaid: list[str] = []
        """Warnings that wait for the optimizer's next update."""
        self._end_told = -1.0
        """The end of the run of which the user has been told that it is over."""
        self._remove_hooks: Callable[[], None] | None = None
        """Ends following the optimizer; None after it has ended."""
        # All errors are raised before the first change of the optimizer.
        driven = plan_groups(optimizer, timeline, None)
        self._stale = [
            (each, was_stored)
            for each, was_stored in stale_bases(optimizer, driven.keys, driven.initial)
            if not (was_stored and on_change == "keep")
        ]
        # Where no scheduler has been at work, what is stored has come from a checkpoint.
        is_loaded = not any([hasattr(x.step, "_wrapped_by_lr_sched") for x in each_of(optimizer)])
        stale = [each for each, was_stored in self._stale if t >= 0 or (was_stored and is_loaded)]
        messages = self._of_changes([*driven.changes, *stale], driven, t + 1)
        table = StepTable(optimizer, driven, t + 1)
        check_free(optimizer, table.driven.locations, clock)
        self._adopt(table)
        self._ownership = ownership_of(optimizer)
        super().__init__(each_of(optimizer)[0], t)
        self._set_base_lrs()  # torch's are of one optimizer
        self._tell(messages)

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer that is driven, of several the first; a Scheduler stays with it."""
        return each_of(self._optimizer)[0]

    @optimizer.setter
    def optimizer(self, optimizer: Optimizer) -> None:
        if optimizer is not self.optimizer:
            fix = "make another Scheduler for the new one, and load the state of this one there"
            raise spec_error(BAD_GROUP, "a Scheduler stays with its optimizer", fix=fix)

    @property
    def _timeline(self) -> Timeline:
        return self._table.driven.timeline

    @property
    def _held(self) -> dict[str, float]:
        """The values, at the present update."""
        if self._is_torn:
            self._restore()
        return self._table.held

    @property
    def last_epoch(self) -> int:
        """The number of updates made, under torch's name; -1 before the schedule begins.

        Callers that count by themselves set it, as torch's `SequentialLR` and ignite's
        `LRScheduler` do. By the clock of updates it cannot be set: the optimizer alone counts.
        """
        return self._t

    @last_epoch.setter
    def last_epoch(self, t: int) -> None:
        if self.clock == "calls":
            if t != self._t:
                self._table.forget()
            self._t = t

    def get_lr(self) -> list[float | Tensor]:
        """The learning rates at the present update, a float for each group."""
        self._sync()
        return self.get_last_lr()

    def get_last_lr(self) -> list[float | Tensor]:
        """The learning rates last set by this scheduler, a float for each group."""
        if "lr" not in self._table.driven.keys:
            return [clone_value(group["lr"]) for group in self._optimizer.param_groups]
        return [*self._table.values_at(max(0, self._t))["lr"]]

    def _apply(self, t: int, is_step: bool = False) -> None:
        """Set the numbers to their values after `t` updates, and the count to `t`."""
        try:
            if t <= self._plain_until and self._table.assign(t):
                self._t = t
                return
            messages = self._apply_anew(t, is_step)
        except SpecError:
            raise  # before the first change
        except BaseException:
            self._repair()
            raise
        self._tell(messages)

    def _apply_anew(self, t: int, is_step: bool) -> list[tuple[object, str]]:
        """Set numbers after looking at the groups and their owners again; returns warnings."""
        table, messages = self._table, []
        if not table.is_current():
            table = self._prepare(self._timeline, t)
            messages = self._of_groups(table.driven, t)
        table.hold(t)  # raises any error before the first change
        messages += self._of_written(self._table.written(self._t, t))
        self._is_torn = True
        if table is not self._table:
            self._adopt(table)
        messages += [(warning, warning) for warning in self._ownership.claim(self, is_step)]
        table.set(t)
        self._t = t
        if self._step_count > 1:  # the first step is torch's: it warns
            self._plain_until = self._last
        self._is_torn = False
        return messages

    def _follow(self, table: StepTable, t: int, *, steps: int, is_setting: bool = True) -> None:
        """Go on by another table at update `t`, or, after an exception, by the former one.

        A child of torch's SequentialLR that has not begun, or whose turn is over, sets nothing.
        """
        former = self._table, self._t, self._step_count
        messages = []
        try:
            self._is_torn = True
            self._adopt(table)
            if is_setting:
                self._step_count = steps
                messages = self._apply_anew(t, is_step=False)
            else:
                self._t = t
                self._is_torn = False
        except BaseException:
            if self._is_torn:
                table, self._t, self._step_count = former
                with suppress(Exception):
                    self._adopt(table)
                self._repair()
            raise
        self._tell(messages)

    def invalidate(self) -> None:
        """Make the next step look at groups, ownership and the end of the run again."""
        self._plain_until = -1.0

    def _repair(self) -> None:
        """Bring numbers and count together again after an exception between them."""
        self._is_torn = True
        self.invalidate()
        with suppress(Exception):
            self._restore()

    def _restore(self) -> None:
        if self._t >= 0 and self._ownership.owns(self):
            self._table.set(self._t)
        self._is_torn = False

    def _sync(self) -> None:
        """Adopt changed groups, and set their numbers if this scheduler owns them."""
        if self._is_torn:
            self._restore()
        if self._table.is_current():
            return
        if self._t >= 0 and self._ownership.owns(self):
            self._apply(self._t)
        else:
            now = max(0, self._t)
            table = self._prepare(self._timeline, now)
            messages = self._of_groups(table.driven, now)
            self._adopt(table)
            self._tell(messages)

    def _prepare(self, timeline: Timeline, t: int) -> StepTable:
        """Make the table of a timeline for the groups as they are now; changes nothing."""
        driven = self._table.driven
        if timeline is not driven.timeline or not driven.are_those_of(self._optimizer):
            keep = self._on_change == "keep"
            driven = plan_groups(self._optimizer, timeline, self._known(), keep=keep)
        return StepTable(self._optimizer, driven, t)

    def _known(self) -> KnownGroups:
        driven = self._table.driven
        values = self._table.values_at(max(0, self._t))
        return KnownGroups(driven.groups, driven.names, driven.initial, values, self._table.scales)

    def _adopt(self, table: StepTable) -> None:
        """Follow a table."""
        table.driven = table.driven.adopt(self._optimizer)
        self._table = table
        self.invalidate()
        self._last = self._end_to_watch()
        self._set_base_lrs()

    def _set_base_lrs(self) -> None:
        if "lr" in self._table.driven.keys:
            self.base_lrs = [clone_value(x["initial_lr"]) for x in self._table.driven.initial]

    def _end_to_watch(self) -> float:
        """The end of the run, infinite if nothing is to be said of it."""
        end = self._table.driven.end
        if self._on_end == "error":
            return end
        return math.inf if self._on_end == "hold" or end == self._end_told else end

    def _look(self) -> None:
        """Tell of numbers and first values that somebody else has changed."""
        if self._is_torn:
            self._restore()
        self._tell(self._of_written(self._table.written(self._t, is_full=True)))
        if self._table.is_current() and self._table.driven.has_other_bases():
            now = max(0, self._t)
            driven = plan_groups(self._optimizer, self._timeline, self._known())
            messages = self._of_groups(driven, now)
            self._adopt(StepTable(self._optimizer, driven, now))
            self._tell(messages)

    def _of_written(self, found: Iterable[Written]) -> list[tuple[object, str]]:
        """The warnings about numbers that somebody else has written."""
        return [
            (("written", each.name), outside_write(each, self._t, self.clock)) for each in found
        ]

    def _of_groups(self, driven: DrivenGroups, t: int) -> list[tuple[object, str]]:
        """The warnings about groups that were loaded or added; `SpecError` if that is refused."""
        messages = self._of_changes(driven.changes, driven, t)
        if self._on_change != "keep":
            fix = "make the optimizer as the one that wrote the state"
            messages += self._refused(group_changes(driven, t), fix)
        if driven.has_new:
            messages += [(text, text) for text in flattened_groups(driven)]
        return messages

    def _of_changes(
        self, changes: Iterable[BaseChange], driven: DrivenGroups, t: int
    ) -> list[tuple[object, str]]:
        """The warnings about first values that disagree; `SpecError` if these are refused."""
        messages: list[tuple[object, str]] = []
        for each in changes:
            key = ("base", each.name, each.group, each.other)
            if key in self._told:
                continue
            others = driven.bases
            others[each.group] = {**others[each.group], each.name: each.other}
            other = driven.timeline.others(driven.full_names, others)[each.group][each.name]
            own = driven.sources[each.name][each.group]
            if other is own:
                continue  # it does not depend on `base`
            before, after = other.schedule(t), own.schedule(t)
            base = shown_pair(each.other, each.base)
            values = shown_pair(before, after)
            message = (
                f"the `base` of `{each.name}` in parameter group {each.group} is {base[1]}, and "
                f"not {base[0]} (`{each.name}` at update {t:,}: {values[0]} → {values[1]}): "
                f"{each.reason}"
            )
            messages.append((key, message))
        return self._refused(messages, "make the groups with the `base` that is meant")

    def _of_stale(self, driven: DrivenGroups, t: int) -> list[tuple[object, str]]:
        """The warnings about first values that were in the groups of a new optimizer already."""
        if not self._stale:
            return []
        known = {
            (name, i): base for i, bases in enumerate(driven.bases) for name, base in bases.items()
        }
        stale = [
            each
            for each, was_stored in self._stale
            if was_stored and known.get((each.name, each.group)) == each.base
        ]
        return self._of_changes(stale, driven, t)

    def _refused(self, messages: list[tuple[object, str]], fix: str) -> list[tuple[object, str]]:
        """The messages; `SpecError` with the first of them if changes are errors."""
        new = [message for key, message in messages if key not in self._told]
        if new and self._on_change == "error":
            raise spec_error(BAD_STATE, new[0], fix=f'{fix}, or pass `on_change="warn"`')
        return messages

    def _tell(self, messages: Iterable[tuple[object, str]]) -> None:
        """Warn of what the user has not been told yet."""
        for key, message in messages:
            if key not in self._told:
                self._told.add(key)
                self._warn(message)

    def _warn(self, message: str) -> None:
        """Warn now, or at the optimizer's next update where the warning would be dropped."""
        if is_silenced():
            self._unsaid.append(message)
        else:
            warn_user(message)

    @property
    def _label(self) -> str:
        """The spec of the first group's learning rate, or of another number, for messages."""
        sources = self._table.driven.sources
        return str((sources.get("lr") or next(iter(sources.values())))[0].schedule.spec)
