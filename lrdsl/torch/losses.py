"""`ScheduledLoss`: a loss module that changes its loss function after a number of calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from lrdsl.diagnostics import BAD_SPEC, BAD_STATE, spec_error
from lrdsl.language.signal import LAST_STEP
from lrdsl.schedule.switch import Switch


class ScheduledLoss(nn.Module):
    """A loss that uses one function after the other, each for a number of calls; the last stays.

    `schedule` lists the functions with their numbers of calls, as `{"loss_fn": …, "steps": …}` or
    as a pair `(loss_fn, steps)`. The last needs no steps, or None. As in `lrdsl.Switch`, steps may
    be a duration, "10ep", with what it needs of the run beside: `steps_per_epoch=500`. Loss
    functions that are modules become submodules: they move to a device, train and are saved with
    this one. The number of calls is in the `state_dict`, so that a run resumes with the same
    function. Each call of the module counts, in training and in evaluation; a call that raises does
    not.

    Raises `SpecError` if the schedule is not such a list, or a state has no number of calls.

    >>> import torch
    >>> loss = ScheduledLoss([{"loss_fn": nn.MSELoss(), "steps": 3},
    ...                       {"loss_fn": nn.L1Loss(), "steps": 2},
    ...                       {"loss_fn": nn.SmoothL1Loss()}])
    >>> x, y = torch.zeros(1), torch.full((1,), 0.5)
    >>> [loss(x, y).item() for _ in range(7)]
    [0.25, 0.25, 0.25, 0.5, 0.5, 0.125, 0.125]

    Corresponds to SpeechBrain's class of the same name.
    """

    calls: int
    """The number of calls so far."""

    def __init__(self, schedule: Iterable[Any], **run: Any) -> None:
        super().__init__()
        plain = isinstance(schedule, Iterable) and not isinstance(schedule, (str, Mapping))
        self._switch = Switch[Any]([_pair(item) for item in schedule] if plain else schedule, **run)
        self.calls = 0
        for i, loss in enumerate(self._switch.objects):
            if not callable(loss):
                message = f"the loss function of entry {i} is not callable: {loss!r}"
                raise spec_error(BAD_SPEC, message)
            if isinstance(loss, nn.Module):
                self.add_module(str(i), loss)

    @property
    def loss_fn(self) -> Any:
        """The loss function of the next call."""
        return self._switch(self.calls)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the loss by the present function."""
        result = self.loss_fn(*args, **kwargs)
        self.calls += 1
        return result

    def get_extra_state(self) -> dict[str, int]:
        """The entry of the `state_dict` beside the losses' own state."""
        return {"calls": self.calls}

    def set_extra_state(self, state: Any) -> None:
        """Resume at the number of calls in a `state_dict`."""
        calls = state.get("calls") if isinstance(state, Mapping) else None
        if type(calls) is not int or not 0 <= calls <= LAST_STEP:
            message = f"the state of a ScheduledLoss must be its number of calls, not {state!r}"
            raise spec_error(BAD_STATE, message)
        self.calls = calls

    def extra_repr(self) -> str:
        """The arguments in the module's `repr`."""
        return f"starts={self._switch.starts}, calls={self.calls}"


def _pair(item: Any) -> Any:
    """Convert an entry that is a mapping to a pair."""
    if not isinstance(item, Mapping):
        return item
    unknown = set(item) - {"loss_fn", "steps"}
    if unknown or "loss_fn" not in item:
        listed = ", ".join(map(str, item))
        message = f"an entry must have the keys `loss_fn` and `steps`, not {listed}"
        raise spec_error(BAD_SPEC, message, fix='write `{"loss_fn": nn.MSELoss(), "steps": 100}`')
    return item["loss_fn"], item.get("steps")
