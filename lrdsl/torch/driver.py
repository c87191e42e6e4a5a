"""`OptimizerDriver`: keeps an optimizer's numbers at the values of their schedules.

`Ownership` tracks which driver sets which number.
"""

from __future__ import annotations

import math
import warnings
import weakref
from collections.abc import Callable

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from lrdsl.diagnostics import BAD_GROUP, spec_error
from lrdsl.torch.param_groups import plan_groups
from lrdsl.torch.param_key import ParamKey, clone_value
from lrdsl.torch.step_table import StepTable
from lrdsl.torch.timeline import Timeline

_ATTRIBUTE = "_lrdsl_ownership"
# Read by `getattr`: `vars(optimizer)` would create its `__dict__`, and slow down every later step.


class OptimizerDriver(LRScheduler):
    """Sets the numbers of an optimizer to their values at an update.

    The timeline says which schedules drive the optimizer, the table what a step assigns. The table
    is replaced where groups, plans or the values of a schedule change.
    """

    _table: StepTable

    def __init__(
        self, optimizer: Optimizer, timeline: Timeline, *, clock: str, t: int, on_end: str
    ) -> None:
        self.optimizer = optimizer
        self.clock = clock
        self._on_end = on_end
        self._t = t
        self.base_lrs = []
        self._is_ready = False
        """Whether the next step need not look at groups and ownership again."""
        self._has_stepped = False
        self._remove_hooks: Callable[[], None] | None = None
        """Ends following the optimizer; None after it has ended."""
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
            if not self._table.is_current():
                self._adopt(self._timeline, self._prepare(self._timeline, t))
            self._table.hold(t)  # raises any error before the first change
            self._ownership.claim(self, is_step)
            self._table.assign(t)
            self._is_ready = self._step_count > 1  # the first step is torch's: it warns
        self._t = t

    def _sync(self) -> None:
        """Adopt changed groups, and set their numbers if this scheduler owns them."""
        if self._table.is_current():
            return
        if self._t >= 0 and self._ownership.owned.get(self):
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
        self._is_ready = False
        end = table.driven.end(timeline.context.total_steps)
        self._last = math.inf if self._on_end == "hold" else end
        if "lr" in table.driven.keys:
            self.base_lrs = [clone_value(first["initial_lr"]) for first in table.driven.initial]

    @property
    def _label(self) -> str:
        """The spec of the first group's learning rate, or of another number, for messages."""
        sources = self._table.driven.sources
        return str((sources.get("lr") or next(iter(sources.values())))[0].schedule.spec)


class Ownership:
    """The schedulers of one optimizer in the order of their creation, and the numbers each owns.

    The owner of a number is the scheduler that set it last. Several schedulers by the clock of
    calls may drive one number after each other, as the children of torch's SequentialLR do.

    The record hangs on the optimizer itself and refers to schedulers weakly: it dies with the
    optimizer, keeps no scheduler alive, and is no part of a copy or a pickle, because torch's
    optimizers copy their numbers and their state only.
    """

    def __init__(self) -> None:
        self.owned = weakref.WeakKeyDictionary[OptimizerDriver, frozenset[ParamKey]]()
        self._has_warned = False

    @staticmethod
    def of(optimizer: Optimizer) -> Ownership:
        """Return the record of an optimizer; the first call creates it."""
        found = getattr(optimizer, _ATTRIBUTE, None)
        if not isinstance(found, Ownership):
            found = Ownership()
            setattr(optimizer, _ATTRIBUTE, found)
        return found

    def is_free(self, scheduler: OptimizerDriver) -> bool:
        """Whether no other scheduler owns a number that this one drives."""
        others = [owned for other, owned in [*self.owned.items()] if other is not scheduler]
        return scheduler._table.driven.locations.isdisjoint(frozenset().union(*others))

    def claim(self, scheduler: OptimizerDriver, is_step: bool) -> None:
        """Make a scheduler the owner of its numbers; warn if two take turns at stepping."""
        wanted = scheduler._table.driven.locations
        for other, owned in [*self.owned.items()]:
            if other is not scheduler and owned & wanted:
                in_turn = is_step and other._has_stepped and scheduler._has_stepped
                if in_turn and not self._has_warned:
                    self._has_warned = True
                    warnings.warn(
                        f"two Schedulers set `{min(map(str, owned & wanted))}` of this optimizer in"
                        f" turn, `{other._label}` and `{scheduler._label}`: step only one, or write"
                        " one spec",
                        stacklevel=6,  # the user's call of `step`
                    )
                self.owned[other] = owned - wanted
                other._is_ready = False
        self.owned[scheduler] = wanted
        scheduler._has_stepped |= is_step


def followers(optimizer: Optimizer) -> list[OptimizerDriver]:
    """Return the schedulers that follow an optimizer, in the order of their creation."""
    found = getattr(optimizer, _ATTRIBUTE, None)
    owned = [*found.owned] if isinstance(found, Ownership) else []
    return [scheduler for scheduler in owned if scheduler._remove_hooks is not None]


def check_free(optimizer: Optimizer, locations: frozenset[ParamKey], clock: str) -> None:
    """Raise `SpecError` if a new scheduler would share a number with an attached one."""
    for other in followers(optimizer):
        shared = sorted(map(str, locations & other._table.driven.locations))
        if shared and "updates" in (clock, other.clock):
            message = f"`{shared[0]}` of this optimizer is already driven by `{other._label}`"
            fix = "`detach()` that Scheduler; `lrdsl.torch.attached(optimizer)` returns it"
            raise spec_error(BAD_GROUP, message, fix=fix)
