"""Who drives what in an optimizer: two Schedulers on one number would undo each other's work."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING

from torch.optim import Optimizer

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.torch.slots import Slot
from lrdsl.torch.step_hooks import unwrapped
from lrdsl.torch.stride import NONE

if TYPE_CHECKING:
    from lrdsl.torch.scheduler import Scheduler

_DESKS: weakref.WeakKeyDictionary[Optimizer, Desk] = weakref.WeakKeyDictionary()


class Desk:
    """The Schedulers of one optimizer, in the order in which they came.

    Several may drive one number as long as one has done before the next begins, as the parts of
    torch's SequentialLR do: `owner` is the one that set it last.
    """

    def __init__(self) -> None:
        self._all: weakref.WeakSet[Scheduler] = weakref.WeakSet()
        self._stepped: weakref.WeakSet[Scheduler] = weakref.WeakSet()
        self._owners: dict[Slot, weakref.ref[Scheduler]] = {}
        self._has_warned = False
        self.turns = 0
        """How often a number has got another owner."""

    @staticmethod
    def of(optimizer: Optimizer) -> Desk:
        """The desk of an optimizer."""
        return _DESKS.setdefault(optimizer, Desk())

    @property
    def attached(self) -> tuple[Scheduler, ...]:
        """Those that follow the optimizer's own updates."""
        return tuple([each for each in self._all if each.clock == "updates"])

    def check_free(self, slots: Iterable[Slot], clock: str) -> None:
        """`SpecError` if a newcomer would drive what an attached Scheduler does."""
        wanted = frozenset(slots)
        for other in self._all:
            both = sorted([_name(slot) for slot in wanted & other._slots])
            if both and "updates" in (clock, other.clock):
                message = f"`{both[0]}` of this optimizer is driven already, by `{other._shown}`"
                fix = "end that with its `detach()`; `lrdsl.torch.attached(optimizer)` has it"
                raise spec_error(diag.BAD_GROUP, message, fix=fix)

    def add(self, scheduler: Scheduler) -> None:
        """Note a newcomer."""
        self._all.add(scheduler)

    def remove(self, scheduler: Scheduler) -> None:
        """Forget a Scheduler."""
        self._all.discard(scheduler)
        self._stepped.discard(scheduler)
        self._owners = {slot: ref for slot, ref in self._owners.items() if ref() is not scheduler}

    def owns(self, scheduler: Scheduler) -> bool:
        """Whether a Scheduler was the last to set one of its numbers."""
        return any([ref() is scheduler for ref in self._owners.values()])

    def take(self, scheduler: Scheduler, is_step: bool) -> None:
        """Note who sets numbers now; warn if two do so in turn."""
        for slot in scheduler._slots:
            owner = self._owner(slot)
            if owner is not scheduler:
                if owner in self._stepped and scheduler in self._stepped and is_step:
                    self._warn(slot, scheduler, owner)
                self._owners[slot] = weakref.ref(scheduler)
                self.turns += 1
                if owner is not None:
                    owner._strides = NONE  # its next step must see that it is not alone
        if is_step:
            self._stepped.add(scheduler)

    def _owner(self, slot: Slot) -> Scheduler | None:
        ref = self._owners.get(slot)
        return None if ref is None else ref()

    def _warn(self, slot: Slot, scheduler: Scheduler, other: Scheduler | None) -> None:
        if not self._has_warned:
            self._has_warned = True
            assert other is not None
            warnings.warn(
                f"two Schedulers set `{_name(slot)}` of this optimizer in turn, "
                f"`{other._shown}` and `{scheduler._shown}`: step one of them, or write one spec",
                stacklevel=8,  # from the user's call of `step`
            )


def attached(optimizer: Optimizer) -> tuple[Scheduler, ...]:
    """The Schedulers that follow an optimizer's own updates, as `attach` makes them.

    >>> import torch, lrdsl.torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    >>> scheduler = lrdsl.torch.attach(optimizer, "linear(1, 0, 100)")
    >>> attached(optimizer) == (scheduler,)
    True
    >>> scheduler.detach()
    >>> attached(optimizer)
    ()
    """
    return Desk.of(unwrapped(optimizer)).attached


def _name(slot: Slot) -> str:
    return slot.key if slot.entry is None else f"{slot.key}[{slot.entry}]"
