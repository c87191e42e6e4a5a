"""`OptimizerDriver`: keeps an optimizer's numbers at the values of their schedules."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from lrdsl.torch.ownership import Ownership, check_free
from lrdsl.torch.param_groups import plan_groups
from lrdsl.torch.param_key import ParamKey, clone_value
from lrdsl.torch.step_table import StepTable
from lrdsl.torch.timeline import Timeline


class OptimizerDriver(LRScheduler):
    """Sets the numbers of an optimizer to their values at an update.

    The timeline says which schedules drive the optimizer, the table what a step assigns. The table
    is replaced where groups, plans or the values of a schedule change.
    """

    _table: StepTable

    def __init__(
        self,
        optimizer: Optimizer,
        timeline: Timeline,
        *,
        clock: str,
        t: int,
        on_end: str,
    ) -> None:
        self.optimizer = optimizer
        self.clock = clock
        self._on_end = on_end
        self._t = t
        self.base_lrs = []
        self._is_ready = False
        self._has_stepped = False
        self._remove_hooks: Callable[[], None] | None = None
        # All errors are raised before the first change of the optimizer.
        table = StepTable(optimizer, plan_groups(optimizer, timeline, None), t + 1)
        check_free(optimizer, table.driven.locations, clock)
        self._adopt(timeline, table)
        self._ownership = Ownership.of(optimizer)
        super().__init__(optimizer, t)

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
            self._t = t

    def get_lr(self) -> list[float | Tensor]:
        """The learning rates at the present update, a float for each group."""
        self._sync()
        return self.get_last_lr()

    def get_last_lr(self) -> list[float | Tensor]:
        """The learning rates last set by this scheduler, a float for each group."""
        if "lr" not in self._table.driven.keys:
            return [clone_value(group["lr"]) for group in self.optimizer.param_groups]
        return [*self._table.values_at(max(0, self._t))["lr"]]

    def _apply(self, t: int, is_step: bool = False) -> None:
        """Set the numbers to their values after `t` updates."""
        if not (self._is_ready and self._table.is_current() and self._table.assign(t)):
            is_usable = self._table.is_current() and self._table.has_same_kinds()
            if not is_usable:
                self._adopt(self._timeline, self._prepare(self._timeline, t))
            self._table.row_at(t)  # raises any error before the first change
            self._ownership.claim(self, is_step)
            self._table.assign(t)
            self._is_ready = self._step_count > 1  # the first step is torch's: it warns
        self._t = t

    def _sync(self) -> None:
        """Adopt changed groups, and set their numbers if this scheduler owns them."""
        if self._table.is_current():
            return
        if self._t >= 0 and self._ownership.owns(self):
            self._apply(self._t)
        else:
            self._adopt(self._timeline, self._prepare(self._timeline, max(0, self._t)))

    def _prepare(self, timeline: Timeline, t: int) -> StepTable:
        """Make the table of a timeline for the groups as they are now; changes nothing."""
        driven = self._table.driven
        if timeline is not self._timeline or not driven.are_those_of(self.optimizer):
            driven = plan_groups(self.optimizer, timeline, driven)
        return StepTable(self.optimizer, driven, t)

    def _adopt(self, timeline: Timeline, table: StepTable) -> None:
        """Follow a timeline by its table."""
        table.driven.adopt(self.optimizer)
        self._timeline, self._table = timeline, table
        self._invalidate()
        self._is_reactive = timeline.is_reactive
        end = table.driven.end(timeline.context.total_steps)
        self._last = math.inf if self._on_end == "hold" else end
        if "lr" in table.driven.keys:
            self.base_lrs = [clone_value(lr) for lr in table.driven.initial["lr"]]

    def _invalidate(self) -> None:
        """Let the next step look at groups and ownership again."""
        self._is_ready = False

    @property
    def _follows(self) -> bool:
        """Whether the scheduler follows the optimizer: it does until it is detached."""
        return self._remove_hooks is not None

    @property
    def _locations(self) -> frozenset[ParamKey]:
        """The numbers that the scheduler sets."""
        return self._table.driven.locations

    @property
    def _label(self) -> str:
        """The spec of the first number, for messages."""
        return self._table.driven.label
