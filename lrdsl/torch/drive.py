"""Setting one number of a program in all parameter groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from lrdsl.torch.ahead import Ahead
from lrdsl.torch.slots import Slot


class Drive:
    """One number of a program in all groups: where it stands in each, and what its values are."""

    def __init__(self, key: str, slots: Sequence[Slot], aheads: Sequence[Ahead]) -> None:
        self.key = key
        self.slots = tuple(slots)
        self.aheads = tuple(aheads)
        # Groups mostly share a schedule, which is asked once.
        self._distinct = list(dict.fromkeys(aheads))
        place = {ahead: i for i, ahead in enumerate(self._distinct)}
        self._which = [place[ahead] for ahead in aheads]
        keys = {slot.key if slot.entry is None else None for slot in slots}
        self._one_key = keys.pop() if len(keys) == 1 else None

    @property
    def shared(self) -> tuple[str, Ahead] | None:
        """The key and the one source of the values of all groups, if there are such."""
        if self._one_key is None or len(self._distinct) != 1:
            return None
        return self._one_key, self._distinct[0]

    def values(self, made: int) -> list[float]:
        """The value for each group once `made` updates have been made."""
        if len(self._distinct) == 1:
            return [self._distinct[0].at(made)] * len(self._which)
        now = [ahead.at(made) for ahead in self._distinct]
        return [now[i] for i in self._which]

    def put(self, groups: Sequence[dict[str, Any]], values: Sequence[float]) -> None:
        """Set the number in each group."""
        key = self._one_key
        if key is None:
            for slot, group, value in zip(self.slots, groups, values, strict=True):
                slot.put(group, value)
            return
        for group, value in zip(groups, values, strict=True):  # as `put` of a Slot, but faster
            old = group[key]
            if type(old) is not float and isinstance(old, Tensor):
                old.fill_(value)
            else:
                group[key] = value
