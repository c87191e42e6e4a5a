"""`Assignment`: sets a number in those parameter groups that have it at the same location."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from lrdsl.torch.param_key import ParamKey

Groups = Sequence[dict[str, Any]]

Column = list[Any]
"""The values of some updates, in order: for each one value, or one per group."""


class Assignment(NamedTuple):
    """Sets a number in those parameter groups that have it at the same location.

    If the groups share the value, `columns` and `scales` are single numbers.
    """

    key: ParamKey
    groups: Groups
    is_shared: bool
    name: str
    """The name of the number in the program."""
    members: Sequence[int]
    """The index of each group."""
    columns: Any
    """The row of each group's value among those of the distinct schedules."""
    scales: Any
    """The factor of each group's value, its `lr_scale`."""
    size: int
    """The number of groups."""

    def values(self, block: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values at the updates of a block: one for each update, or a row of one per group."""
        with np.errstate(all="ignore"):
            values: NDArray[np.float64] = block[self.columns].T * self.scales
        return values

    def put(self, value: Any) -> None:
        """Set the number in each group, where Tensors are filled and tuples have entries."""
        key = self.key
        for group, own in zip(self.groups, repeat(value) if self.is_shared else value):  # noqa: B905
            old = group[key.group_key]
            if type(old) is Tensor:
                old.fill_(own)
            else:
                key.assign(group, own)


class Left:
    """The object that a step leaves in the group at which the next one looks: no float."""

    def __init__(self, assignment: Assignment) -> None:
        self.assignment = assignment
        self.group_key = assignment.key.group_key
        self.groups, self.size = assignment.groups, assignment.size

    def is_there(self, t: int) -> bool:
        """Whether it is still there at update `t`: each looks at the next group in turn."""
        found = self.groups[t % self.size][self.group_key]
        return found is self.stands and (self.version is None or found._version == self.version)

    def remember(self, t: int) -> None:
        """Remember what update `t` is to find."""
        self.stands: Any = self.groups[t % self.size][self.group_key]
        self.version = self.stands._version if type(self.stands) is Tensor else None
