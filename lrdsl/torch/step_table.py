"""Assigns the values of an update to the numbers in an optimizer's parameter groups."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from lrdsl.torch.param_key import ParamKey
from lrdsl.torch.prefetched_schedule import PrefetchedSchedule

NO_FAST_STEPS: Iterator[None] = iter(())
"""The exhausted iterator: every step takes the general path."""


class ParamTarget:
    """One number of a program in all groups: its location and its schedule in each."""

    def __init__(
        self, name: str, keys: Sequence[ParamKey], sources: Sequence[PrefetchedSchedule]
    ) -> None:
        self.name = name
        self.keys = tuple(keys)
        self.sources = tuple(sources)
        # Most groups share a schedule, which is evaluated once.
        self._distinct = list(dict.fromkeys(sources))
        position = {source: i for i, source in enumerate(self._distinct)}
        self._columns = [position[source] for source in sources]
        group_keys = {key.group_key if key.entry is None else None for key in keys}
        self._common_key = group_keys.pop() if len(group_keys) == 1 else None

    @property
    def common_source(self) -> tuple[str, PrefetchedSchedule] | None:
        """The group key and the schedule that all groups share; None if they differ."""
        if self._common_key is None or len(self._distinct) != 1:
            return None
        return self._common_key, self._distinct[0]

    def values(self, t: int) -> list[float]:
        """The value of each group after `t` updates."""
        if len(self._distinct) == 1:
            return [self._distinct[0].value_at(t)] * len(self._columns)
        distinct = [source.value_at(t) for source in self._distinct]
        return [distinct[i] for i in self._columns]

    def assign(self, groups: Sequence[dict[str, Any]], values: Sequence[float]) -> None:
        """Set the number in each group."""
        common = self._common_key
        if common is None:
            for key, group, value in zip(self.keys, groups, values, strict=True):
                key.assign(group, value)
            return
        for group, value in zip(groups, values, strict=True):  # inlined `ParamKey.assign`
            old = group[common]
            if type(old) is not float and isinstance(old, Tensor):
                old.fill_(value)
            else:
                group[common] = value


def param_keys(targets: Sequence[ParamTarget]) -> frozenset[ParamKey]:
    """The locations of all numbers of some targets."""
    return frozenset([key for target in targets for key in target.keys])


def fast_steps(
    targets: Sequence[ParamTarget], optimizer: Optimizer, t: int, stop: float = math.inf
) -> Iterator[None]:
    """Return an iterator whose every `next` assigns the values of one more update after `t`.

    It serves the common case: one number with the same schedule in all groups, whose block of
    values has just been fetched. Checks that hold for all of its steps are made here, once. It is
    exhausted before update `stop`, at the end of the block, and where groups were added or
    replaced: the general path takes over there.
    """
    common = targets[0].common_source if len(targets) == 1 else None
    if common is None:
        return NO_FAST_STEPS
    key, source = common
    groups = optimizer.param_groups
    types = {type(group[key]) for group in groups}
    are_tensors = len(types) == 1 and issubclass(next(iter(types)), Tensor)
    has_scale = key == "lr" and any(["lr_scale" in group for group in groups])
    if has_scale or not (are_tensors or types == {float}):
        return NO_FAST_STEPS
    first = source.first
    values = source.block[t + 1 - first : int(min(first + len(source.block), stop)) - first]
    return _fast_steps(optimizer, key, values, are_tensors)


def _fast_steps(
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
            except AttributeError:  # the user has replaced the Tensor by a float
                return
        else:
            for group in groups:
                group[key] = value
        yield
