"""`StepTable`: assigns the values of an update to the numbers in parameter groups."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import Optimizer

from lrdsl.diagnostics import BAD_GROUP, SpecError, spec_error
from lrdsl.language.signal import LAST_STEP
from lrdsl.torch.param_groups import DrivenGroups
from lrdsl.torch.param_key import ParamKey, finite_number

BLOCK_SIZE = 4096
"""The number of updates whose values are evaluated at once."""

ROWS = 256
"""The number of updates whose values are held as Python floats."""

Row = Sequence[Any]
"""The values of one update: for each assignment one per group, or the one of all its groups."""


class Assignment(NamedTuple):
    """Sets a number in those parameter groups that have it at the same location.

    If the groups share the value, `columns` and `scales` are single numbers.
    """

    key: ParamKey
    groups: Sequence[dict[str, Any]]
    is_shared: bool
    name: str
    """The name of the number in the program."""
    members: Sequence[int]
    """The index of each group."""
    columns: Any
    """The column of each group's value among the distinct schedules."""
    scales: Any
    """The factor of each group's value, its `lr_scale`."""


class StepTable:
    """The assignments of a step, and the values of a block of updates for them.

    The table holds for the groups as they are when it is made. Its first values are those of update
    `t`; it raises `SpecError` if one is not finite. A schedule that several groups share is
    evaluated once, first for `t` alone: the table may be replaced soon.
    """

    def __init__(self, optimizer: Optimizer, driven: DrivenGroups, t: int) -> None:
        self.driven = driven
        self._optimizer, self._groups = optimizer, optimizer.param_groups
        self._count = len(driven.groups)
        self._scales = [
            finite_number(scale, f"the `lr_scale` of parameter group {i} must be a number")
            for i, scale in enumerate(self._current_scales())
        ]
        self._is_scaled = any(["lr_scale" in group for group in driven.groups])
        self._schedules = [source.schedule for source in driven.distinct]
        self._assignments: list[Assignment] = []
        for name, keys in driven.keys.items():
            self._add(name, keys)
        self._targets = [
            (i, each.key, each.key.group_key, each.groups, each.is_shared)
            for i, each in enumerate(self._assignments)
        ]
        self._first = self._stop = 0
        self._rows: Sequence[Row] = ()
        self._block_first = self._block_stop = 0
        self._ahead = 1
        self._block: Sequence[NDArray[np.float64]] = ()
        self.row = self.row_at(t)
        """The values of update `t`, and later those that were assigned last."""

    def is_current(self) -> bool:
        """Whether the optimizer still has the groups and the scales that the table was made for."""
        groups = self._optimizer.param_groups
        are_same = len(groups) == self._count and all(map(operator.is_, groups, self.driven.groups))
        return are_same and not self._has_other_scales()

    def assign(self, t: int) -> bool:
        """Set the numbers to their values after `t` updates; returns False if it is out of date.

        Raises `SpecError`, having changed nothing, if a value is not finite.
        """
        if self._optimizer.param_groups is not self._groups or len(self._groups) != self._count:
            return False
        if self._is_scaled and self._has_other_scales():
            return False
        if not self._first <= t < self._stop:
            self._fetch(t)
        self.row = row = self._rows[t - self._first]
        for i, key, group_key, groups, is_shared in self._targets:
            value = row[i]
            # The first group tells whether the user has put Tensors in place of floats.
            if not self._has_floats[i] or type(groups[0][group_key]) is not float:
                for group, own in zip(groups, repeat(value) if is_shared else value, strict=False):
                    if type(group[group_key]) is Tensor:
                        group[group_key].fill_(own)
                    else:
                        key.assign(group, own)
            elif is_shared:
                for group in groups:
                    group[group_key] = value
            else:
                for group, own in zip(groups, value):  # noqa: B905 - `strict=` is slow
                    group[group_key] = own
        return True

    def row_at(self, t: int) -> Row:
        """The values after `t` updates; `SpecError` if one is not finite."""
        if not self._first <= t < self._stop:
            self._fetch(t)
        return self._rows[t - self._first]

    def by_number(self, row: Row) -> dict[str, list[float]]:
        """The values of a row: of each number one per group."""
        found = {name: [0.0] * self._count for name in self.driven.keys}
        for each, value in zip(self._assignments, row, strict=True):
            values = value if isinstance(value, list) else [value] * len(each.members)
            for i, own in zip(each.members, values, strict=True):
                found[each.name][i] = own
        return found

    def values_at(self, t: int) -> dict[str, list[float]]:
        """The values after `t` updates: of each number one per group."""
        return self.by_number(self.row_at(t))

    def preview(self, start: int, stop: int) -> dict[str, NDArray[np.float64]]:
        """The values at updates `start ≤ t < stop`: of each number one row per group."""
        found = {name: np.empty((self._count, stop - start)) for name in self.driven.keys}
        for each, values in zip(self._assignments, self._evaluate(start, stop), strict=True):
            found[each.name][each.members] = values.T
        return found

    def _fetch(self, t: int) -> None:
        """Make the rows from update `t` on."""
        if not self._block_first <= t < self._block_stop:
            stop = min(t + self._ahead, LAST_STEP + 1)
            self._block, self._block_stop = (), 0  # the former block is not held beside the next
            try:
                self._block = self._evaluate(t, stop)
            except SpecError:
                # A later update has no finite value, but the run may end before it.
                stop = t + 1
                self._block = self._evaluate(t, stop)
            self._block_first, self._block_stop, self._ahead = t, stop, BLOCK_SIZE
        part = slice(t - self._block_first, t - self._block_first + ROWS)
        self._rows = [*zip(*[values[part].tolist() for values in self._block], strict=True)]
        self._first, self._stop = t, t + len(self._rows)
        self._has_floats = [
            all([type(group[each.key.group_key]) is float for group in each.groups])
            for each in self._assignments
        ]

    def _evaluate(self, start: int, stop: int) -> list[NDArray[np.float64]]:
        """The values of each assignment at updates `start ≤ t < stop`, which must be finite."""
        t = np.arange(start, stop)
        distinct = np.stack([schedule(t) for schedule in self._schedules], axis=1)
        found = []
        for each in self._assignments:
            with np.errstate(all="ignore"):
                values = distinct[:, each.columns] * each.scales
            is_finite = np.isfinite(np.atleast_2d(values.T)).all(axis=1)
            if not is_finite.all():
                i = each.members[int(is_finite.argmin())]
                requirement = f"the `lr_scale` of parameter group {i} must be a number"
                message = f"{requirement} that leaves the lr finite, not {self._scales[i]!r}"
                raise spec_error(BAD_GROUP, message)
            found.append(values)
        return found

    def _add(self, name: str, keys: Sequence[ParamKey]) -> None:
        """Add the assignments of a number: one for each location."""
        column = {source: i for i, source in enumerate(self.driven.distinct)}
        alike: dict[ParamKey, list[int]] = {}
        for i, key in enumerate(keys):
            alike.setdefault(key, []).append(i)
        for key, members in alike.items():
            columns = [column[self.driven.sources[name][i]] for i in members]
            scales = [self._scales[i] if name == "lr" else 1.0 for i in members]
            is_shared = len({*zip(columns, scales, strict=True)}) == 1
            groups = [self.driven.groups[i] for i in members]
            of_all = (columns[0], scales[0]) if is_shared else (columns, scales)
            self._assignments.append(Assignment(key, groups, is_shared, name, members, *of_all))

    def _has_other_scales(self) -> bool:
        try:
            return self._scales != self._current_scales()
        except (RuntimeError, ValueError):  # a Tensor or an array of several numbers
            return True

    def _current_scales(self) -> list[Any]:
        """The `lr_scale` of each group, for the numbers that it multiplies."""
        groups = self._optimizer.param_groups if "lr" in self.driven.keys else ()
        # The hook before each update looks: `in` is no call.
        return [group["lr_scale"] if "lr_scale" in group else 1.0 for group in groups]  # noqa: SIM401
