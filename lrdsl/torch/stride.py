"""The common step, without a detour: one number, of one schedule, in all groups."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from torch import Tensor
from torch.optim import Optimizer

from lrdsl.torch.drive import Drive

NONE: Iterator[None] = iter(())
"""The strides of who has none: each step goes the long way."""


def strides(
    drives: Sequence[Drive], optimizer: Optimizer, made: int, stop: float = math.inf
) -> Iterator[None]:
    """Makes the steps after `made` updates: each `next` sets the number as `Drive.put` would.

    For groups that all take the same values from one schedule, whose values have just been looked
    up. What cannot change unseen is looked at once for all steps. It ends before update `stop`,
    where the values looked up end, and where groups were added or replaced: the long way is right
    there.
    """
    shared = drives[0].shared if len(drives) == 1 else None
    if shared is None:
        return NONE
    key, ahead = shared
    groups = optimizer.param_groups
    kinds = {type(group[key]) for group in groups}
    are_tensors = len(kinds) == 1 and issubclass(next(iter(kinds)), Tensor)
    has_scale = key == "lr" and any(["lr_scale" in group for group in groups])
    if has_scale or not (are_tensors or kinds == {float}):
        return NONE
    first = ahead.first
    values = ahead.block[made + 1 - first : int(min(first + len(ahead.block), stop)) - first]
    return _strides(optimizer, key, values, are_tensors)


def _strides(
    optimizer: Optimizer, key: str, values: Iterable[float], are_tensors: bool
) -> Iterator[None]:
    groups = optimizer.param_groups
    count = len(groups)
    for value in values:
        if optimizer.param_groups is not groups or len(groups) != count:
            return
        if are_tensors:
            try:
                for group in groups:
                    group[key].fill_(value)
            except AttributeError:  # somebody has put a float there
                return
        else:
            for group in groups:
                group[key] = value
        yield
