"""The common step, without a detour: one number, of one schedule, in all groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from lrdsl.torch.drive import Drive


class Stride:
    """The values of the next updates, for groups that all take the same from one schedule.

    `go` sets them as `Drive.put` would, but what cannot change unseen is looked at once for all of
    them. Where groups were added or replaced it does nothing: then the long way is right.
    """

    __slots__ = ("_are_tensors", "_count", "_first", "_groups", "_key", "_stop", "_values")

    def __init__(
        self, key: str, values: list[float], first: int, groups: list[dict[str, Any]], stop: float
    ) -> None:
        self._key, self._values, self._first = key, values, first
        self._stop = min(first + len(values), stop)
        self._groups, self._count = groups, len(groups)
        self._are_tensors = isinstance(groups[0][key], Tensor)

    @classmethod
    def of(
        cls, drives: Sequence[Drive], groups: list[dict[str, Any]], stop: float
    ) -> Stride | None:
        """The stride over the values that have just been looked up; None where there is none."""
        if len(drives) != 1 or drives[0].shared is None:
            return None
        key, ahead = drives[0].shared
        kinds = {type(group[key]) for group in groups}
        is_plain = kinds == {float} or (len(kinds) == 1 and issubclass(next(iter(kinds)), Tensor))
        if not is_plain or (key == "lr" and any(["lr_scale" in group for group in groups])):
            return None
        return cls(key, ahead.block, ahead.first, groups, stop)

    def go(self, groups: list[dict[str, Any]], made: int) -> bool:
        """Set the number once `made` updates have been made; False, and nothing, if it cannot."""
        if made >= self._stop or groups is not self._groups or len(groups) != self._count:
            return False
        value, key = self._values[made - self._first], self._key
        if self._are_tensors:
            for group in groups:
                group[key].fill_(value)
        else:
            for group in groups:
                group[key] = value
        return True
