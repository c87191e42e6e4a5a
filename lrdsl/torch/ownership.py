"""`Ownership`: which Scheduler drives which number of an optimizer."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Protocol

from torch.optim import Optimizer

from lrdsl.diagnostics import BAD_GROUP, spec_error
from lrdsl.torch.optimizers import AnyOptimizer, Optimizers, each_of
from lrdsl.torch.options import Clock
from lrdsl.torch.param_key import ParamKey
from lrdsl.torch.step_table import StepTable

_ATTRIBUTE = "_lrdsl_ownership"
# Read by `getattr`: `vars(optimizer)` would create its `__dict__`, and slow down every later step.


class Owner(Protocol):
    """A driver of numbers of an optimizer."""

    clock: Clock
    _table: StepTable
    _has_stepped: bool
    _remove_hooks: Callable[[], None] | None

    @property
    def _label(self) -> str: ...
    def invalidate(self) -> None: ...


class Ownership:
    """The schedulers of one optimizer in the order of their creation, and the numbers each owns.

    The owner of a number is the scheduler that set it last. Several schedulers by the clock of
    calls may drive one number after each other, as the children of torch's SequentialLR do.

    The record hangs on the optimizer itself and refers to schedulers weakly: it dies with the
    optimizer, keeps no scheduler alive, and is no part of a copy or a pickle, because torch's
    optimizers copy their numbers and their state only.
    """

    def __init__(self) -> None:
        self.owned = weakref.WeakKeyDictionary[Owner, frozenset[ParamKey]]()
        self._has_warned = False

    def owns(self, scheduler: Owner) -> bool:
        """Whether a scheduler owns any number."""
        return bool(self.owned.get(scheduler))

    def add(self, scheduler: Owner) -> None:
        """Note a scheduler, which owns nothing yet."""
        self.owned.setdefault(scheduler, frozenset())

    def release(self, scheduler: Owner) -> None:
        """Forget a scheduler."""
        self.owned.pop(scheduler, None)

    @staticmethod
    def of(optimizer: Optimizer) -> Ownership:
        """Return the record of an optimizer; the first call creates it."""
        found = getattr(optimizer, _ATTRIBUTE, None)
        if not isinstance(found, Ownership):
            found = Ownership()
            setattr(optimizer, _ATTRIBUTE, found)
        return found

    def is_free(self, scheduler: Owner) -> bool:
        """Whether no other scheduler owns a number that this one drives."""
        others = [owned for other, owned in [*self.owned.items()] if other is not scheduler]
        return scheduler._table.driven.locations.isdisjoint(frozenset().union(*others))

    def claim(self, scheduler: Owner, is_step: bool) -> list[str]:
        """Make a scheduler the owner of its numbers; returns a warning if two step in turn."""
        wanted = scheduler._table.driven.locations
        found = []
        for other, owned in [*self.owned.items()]:
            if other is not scheduler and owned & wanted:
                in_turn = is_step and other._has_stepped and scheduler._has_stepped
                if in_turn and not self._has_warned:
                    self._has_warned = True
                    found.append(
                        f"two Schedulers set `{min(map(str, owned & wanted))}` of this optimizer in"
                        f" turn, `{other._label}` and `{scheduler._label}`: step only one, or write"
                        " one spec"
                    )
                self.owned[other] = owned - wanted
                other.invalidate()
                other._table.forget()
        self.owned[scheduler] = wanted
        scheduler._has_stepped |= is_step
        return found


class JointOwnership:
    """The ownership of several optimizers: a scheduler owns what it does in all of them."""

    def __init__(self, records: Sequence[Ownership]) -> None:
        self._records = records

    def owns(self, scheduler: Owner) -> bool:
        """Whether a scheduler owns any number."""
        return any([record.owns(scheduler) for record in self._records])

    def add(self, scheduler: Owner) -> None:
        """Note a scheduler, which owns nothing yet."""
        for record in self._records:
            record.add(scheduler)

    def release(self, scheduler: Owner) -> None:
        """Forget a scheduler."""
        for record in self._records:
            record.release(scheduler)

    def is_free(self, scheduler: Owner) -> bool:
        """Whether no other scheduler owns a number that this one drives."""
        return all([record.is_free(scheduler) for record in self._records])

    def claim(self, scheduler: Owner, is_step: bool) -> list[str]:
        """Make a scheduler the owner of its numbers; returns warnings if two step in turn."""
        return [text for record in self._records for text in record.claim(scheduler, is_step)]


def ownership_of(optimizer: AnyOptimizer) -> Ownership | JointOwnership:
    """Return the record of an optimizer, or of several; the first call creates it."""
    if isinstance(optimizer, Optimizers):
        return JointOwnership([Ownership.of(each) for each in each_of(optimizer)])
    return Ownership.of(optimizer)


def followers(optimizer: Optimizer) -> list[Owner]:
    """Return the schedulers that follow an optimizer, in the order of their creation."""
    found = getattr(optimizer, _ATTRIBUTE, None)
    owned = [*found.owned] if isinstance(found, Ownership) else []
    return [scheduler for scheduler in owned if scheduler._remove_hooks is not None]


def check_free(optimizer: AnyOptimizer, locations: frozenset[ParamKey], clock: Clock) -> None:
    """Raise `SpecError` if a new scheduler would share a number with an attached one."""
    for other in [x for each in each_of(optimizer) for x in followers(each)]:
        shared = sorted(map(str, locations & other._table.driven.locations))
        if shared and "updates" in (clock, other.clock):
            message = f"`{shared[0]}` of this optimizer is already driven by `{other._label}`"
            fix = "`detach()` that Scheduler; `lrdsl.torch.attached(optimizer)` returns it"
            raise spec_error(BAD_GROUP, message, fix=fix)
