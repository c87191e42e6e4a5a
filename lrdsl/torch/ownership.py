"""Tracks which scheduler drives which number of an optimizer.

The record hangs on the optimizer itself and refers to schedulers weakly: it dies with the
optimizer, keeps no scheduler alive, and is no part of a copy or a pickle, because torch's
optimizers copy their numbers and their state only.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Iterable
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

    @property
    def _driven_keys(self) -> frozenset[ParamKey]:
        """The numbers that it sets."""

    @property
    def _label(self) -> str:
        """Its spec, for messages."""

    def _invalidate(self) -> None:
        """Drop its prepared steps: another scheduler sets its numbers now."""


class Ownership:
    """The schedulers of one optimizer in the order of their creation, and the owner of each number.

    The owner of a number is the scheduler that set it last. Several schedulers by the clock of
    calls may drive one number after each other, as the children of torch's SequentialLR do.
    """

    def __init__(self) -> None:
        self._has_stepped: weakref.WeakKeyDictionary[Owner, bool] = weakref.WeakKeyDictionary()
        self._owners: dict[ParamKey, weakref.ref[Owner]] = {}
        self._has_warned = False
        self.version = 0
        """The number of changes of ownership so far."""

    @staticmethod
    def of(optimizer: Optimizer) -> Ownership:
        """Return the record of an optimizer; the first call creates it."""
        found = getattr(optimizer, _ATTRIBUTE, None)
        if not isinstance(found, Ownership):
            found = Ownership()
            setattr(optimizer, _ATTRIBUTE, found)
        return found

    @staticmethod
    def schedulers(optimizer: Optimizer) -> list[Owner]:
        """Return the schedulers of an optimizer."""
        found = getattr(optimizer, _ATTRIBUTE, None)
        return list(found._has_stepped) if isinstance(found, Ownership) else []

    @staticmethod
    def check_free(optimizer: Optimizer, keys: Iterable[ParamKey], clock: str) -> None:
        """Raise `SpecError` if a new scheduler would share a number with an attached one."""
        wanted = frozenset(keys)
        for other in Ownership.schedulers(optimizer):
            shared = sorted(map(str, wanted & other._driven_keys))
            if shared and "updates" in (clock, other.clock):
                message = f"`{shared[0]}` of this optimizer is already driven by `{other._label}`"
                fix = "`detach()` that Scheduler; `lrdsl.torch.attached(optimizer)` returns it"
                raise spec_error(diag.BAD_GROUP, message, fix=fix)

    def add(self, scheduler: Owner) -> None:
        """Register a scheduler."""
        self._has_stepped.setdefault(scheduler, False)

    def remove(self, scheduler: Owner) -> None:
        """Forget a scheduler."""
        self._has_stepped.pop(scheduler, None)
        self._owners = {key: ref for key, ref in self._owners.items() if ref() is not scheduler}

    def owns(self, scheduler: Owner) -> bool:
        """Whether a scheduler owns any number."""
        return any([ref() is scheduler for ref in self._owners.values()])

    def is_free(self, scheduler: Owner) -> bool:
        """Whether no other scheduler owns a number that this one drives."""
        return all([self._owner(key) in (None, scheduler) for key in scheduler._driven_keys])

    def claim(self, scheduler: Owner, is_step: bool) -> None:
        """Make a scheduler the owner of its numbers; warn if two take turns at stepping."""
        for key in scheduler._driven_keys:
            owner = self._owner(key)
            if owner is scheduler:
                continue
            if owner is not None:
                if is_step and self._steps(owner) and self._steps(scheduler):
                    self._warn(key, scheduler, owner)
                owner._invalidate()
            self._owners[key] = weakref.ref(scheduler)
            self.version += 1
        if is_step:
            self._has_stepped[scheduler] = True

    def _owner(self, key: ParamKey) -> Owner | None:
        ref = self._owners.get(key)
        return None if ref is None else ref()

    def _steps(self, scheduler: Owner) -> bool:
        return self._has_stepped.get(scheduler, False)

    def _warn(self, key: ParamKey, scheduler: Owner, other: Owner) -> None:
        if not self._has_warned:
            self._has_warned = True
            warnings.warn(
                f"two Schedulers set `{key}` of this optimizer in turn, "
                f"`{other._label}` and `{scheduler._label}`: step only one, or write one spec",
                stacklevel=8,  # the user's call of `step`
            )
