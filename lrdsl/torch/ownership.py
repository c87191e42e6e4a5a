"""Tracks which scheduler drives which number of an optimizer.

The record hangs on the optimizer itself and refers to schedulers weakly: it dies with the
optimizer, keeps no scheduler alive, and is no part of a copy or a pickle, because torch's
optimizers copy their numbers and their state only.
"""

from __future__ import annotations

import warnings
import weakref
from typing import Protocol

from torch.optim import Optimizer

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.torch.param_key import ParamKey

_ATTRIBUTE = "_lrdsl_ownership"
# Read by `getattr`: `vars(optimizer)` would create its `__dict__`, and slow down every later step.


class Owner(Protocol):
    """A scheduler, as far as ownership is concerned."""

    clock: str
    _has_stepped: bool

    @property
    def _follows(self) -> bool:
        """Whether it follows the optimizer: it does until it is detached."""

    @property
    def _locations(self) -> frozenset[ParamKey]:
        """The numbers that it sets."""

    @property
    def _label(self) -> str:
        """Its spec, for messages."""

    def _invalidate(self) -> None:
        """Claim its numbers again before the next step: another scheduler sets them now."""


class Ownership:
    """The schedulers of one optimizer in the order of their creation, and the numbers each owns.

    The owner of a number is the scheduler that set it last. Several schedulers by the clock of
    calls may drive one number after each other, as the children of torch's SequentialLR do.
    """

    def __init__(self) -> None:
        self._owned: weakref.WeakKeyDictionary[Owner, frozenset[ParamKey]] = (
            weakref.WeakKeyDictionary()
        )
        self._has_warned = False

    @staticmethod
    def of(optimizer: Optimizer) -> Ownership:
        """Return the record of an optimizer; the first call creates it."""
        found = getattr(optimizer, _ATTRIBUTE, None)
        if not isinstance(found, Ownership):
            found = Ownership()
            setattr(optimizer, _ATTRIBUTE, found)
        return found

    def add(self, scheduler: Owner) -> None:
        """Register a scheduler."""
        self._owned.setdefault(scheduler, frozenset())

    def remove(self, scheduler: Owner) -> None:
        """Forget a scheduler."""
        self._owned.pop(scheduler, None)

    def owns(self, scheduler: Owner) -> bool:
        """Whether a scheduler owns any number."""
        return bool(self._owned.get(scheduler))

    def is_free(self, scheduler: Owner) -> bool:
        """Whether no other scheduler owns a number that this one drives."""
        others = [owned for other, owned in [*self._owned.items()] if other is not scheduler]
        return scheduler._locations.isdisjoint(frozenset().union(*others))

    def claim(self, scheduler: Owner, is_step: bool) -> None:
        """Make a scheduler the owner of its numbers; warn if two take turns at stepping."""
        wanted = scheduler._locations
        for other, owned in [*self._owned.items()]:
            if other is not scheduler and owned & wanted:
                if is_step and other._has_stepped and scheduler._has_stepped:
                    self._warn(min(map(str, owned & wanted)), scheduler, other)
                self._owned[other] = owned - wanted
                other._invalidate()
        self._owned[scheduler] = wanted
        scheduler._has_stepped |= is_step

    def _warn(self, key: str, scheduler: Owner, other: Owner) -> None:
        if not self._has_warned:
            self._has_warned = True
            warnings.warn(
                f"two Schedulers set `{key}` of this optimizer in turn, "
                f"`{other._label}` and `{scheduler._label}`: step only one, or write one spec",
                stacklevel=8,  # the user's call of `step`
            )


def followers(optimizer: Optimizer) -> list[Owner]:
    """Return the schedulers that follow an optimizer, in the order of their creation."""
    found = getattr(optimizer, _ATTRIBUTE, None)
    owned = [*found._owned] if isinstance(found, Ownership) else []
    return [scheduler for scheduler in owned if scheduler._follows]


def check_free(optimizer: Optimizer, locations: frozenset[ParamKey], clock: str) -> None:
    """Raise `SpecError` if a new scheduler would share a number with an attached one."""
    for other in followers(optimizer):
        shared = sorted(map(str, locations & other._locations))
        if shared and "updates" in (clock, other.clock):
            message = f"`{shared[0]}` of this optimizer is already driven by `{other._label}`"
            fix = "`detach()` that Scheduler; `lrdsl.torch.attached(optimizer)` returns it"
            raise spec_error(diag.BAD_GROUP, message, fix=fix)
