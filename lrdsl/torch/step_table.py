"""`StepTable`: assigns the values of an update to the numbers in parameter groups."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import Optimizer

from lrdsl.diagnostics import BAD_GROUP, SpecError, spec_error
from lrdsl.language.signal import LAST_STEP
from lrdsl.syntax.spec import as_number
from lrdsl.torch.outside_writes import Written, stored_as
from lrdsl.torch.param_groups import DrivenGroups
from lrdsl.torch.param_key import ParamKey, finite_number, to_python

BLOCK_SIZE = 4096
"""The number of updates whose values are evaluated at once."""

ROWS = 256
"""The number of updates whose values are held as Python floats."""


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


_Target = tuple[ParamKey, str, Sequence[dict[str, Any]], int, bool, Sequence[Any], list[Any]]
"""The location and its key, the groups and their number, whether they share values, the values.

The last entry has the objects in the groups, where they are no floats, and the version of each
Tensor at which the next look at it finds it.
"""


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
        self._block: Sequence[NDArray[np.float64]] = ()
        self._block_first = self._block_stop = 0
        self._ahead = 1
        self._first, self._size = t, 0
        self._targets: list[_Target] = []
        self._has_set = False
        """Whether the numbers that stand in the groups were set by this table."""
        self._fetch(t)

    @property
    def scales(self) -> Sequence[float]:
        """The `lr_scale` of each group, 1 where there is none."""
        return [float(scale) for scale in self._scales] or [1.0] * self._count

    def is_current(self) -> bool:
        """Whether the optimizer still has the groups and the scales that the table was made for."""
        groups = self._optimizer.param_groups
        are_same = len(groups) == self._count and all(map(operator.is_, groups, self.driven.groups))
        return are_same and not self._has_other_scales()

    def assign(self, t: int) -> bool:
        """Set the numbers to their values after `t` updates.

        Returns False if it is out of date, or if one group, which changes from step to step, has
        another object than was put there: somebody else may have written it. Then `set` sets all.
        Raises `SpecError`, having changed nothing, if a value is not finite.
        """
        current = self._optimizer.param_groups
        if current is not self._groups or len(current) != self._count:
            return False
        if self._is_scaled and self._has_other_scales():
            return False
        i = t - self._first
        if not 0 < i < self._size:
            self._fetch(t)
            i = 1
        if self._has_others:
            for key, group_key, groups, count, is_shared, column, left in self._of_tensors:
                k = t % count
                tensors, versions = left
                tensor = groups[k][group_key]
                if tensor is not tensors[k] or tensor._version != versions[k]:
                    return False
                versions[k] += count  # one by each step until this group is looked at again
                _assign_by_type(key, groups, repeat(column[i], count) if is_shared else column[i])
            for _, group_key, groups, count, _, _, left in self._of_others:
                k = t % count
                stands, version = left[0][k], left[1][k]
                if groups[k][group_key] is not stands:
                    return False
                if version is not None:
                    if stands._version != version:
                        return False
                    left[1][k] = version + count
            for key, _, groups, count, is_shared, column, _ in self._of_others:
                _assign_by_type(key, groups, repeat(column[i], count) if is_shared else column[i])
            for _, group_key, groups, count, _, _, left in self._of_others:
                k = (t + 1) % count
                left[0][k] = groups[k][group_key]
        for _, group_key, groups, count, is_shared, column, _ in self._of_floats:
            value, k = column[i], t % count
            if is_shared:
                if groups[k][group_key] is not column[i - 1]:
                    return False
                for group in groups:
                    group[group_key] = value
            else:
                if groups[k][group_key] is not column[i - 1][k]:
                    return False
                for group, own in zip(groups, value):  # noqa: B905 - `strict=` is slow
                    group[group_key] = own
        return True

    def set(self, t: int) -> None:
        """Set the numbers to their values after `t` updates, whatever stands there."""
        self.hold(t)
        i = t - self._first
        for key, _, groups, count, is_shared, column, _ in self._targets:
            _assign_by_type(key, groups, repeat(column[i], count) if is_shared else column[i])
        self._sort_targets()
        self._remember(t + 1)
        self._has_set = True

    def forget(self) -> None:
        """Expect nothing of the numbers in the groups: others may have set them."""
        self._has_set = False

    def hold(self, t: int) -> None:
        """Make the values after `t` updates ready; `SpecError` if one is not finite."""
        if not 0 < t - self._first < self._size:
            self._fetch(t)

    def written(self, t: int, now: int | None = None, *, is_full: bool = False) -> list[Written]:
        """The first of each number that somebody else has written since it was set for update `t`.

        Looks at the group at which the step to update `now` looks, or, if `is_full`, at all of
        them. A step that was interrupted may have set some for update `now` already.
        """
        if not self._has_set or self._optimizer.param_groups is not self._groups:
            return []
        now = t if now is None else now
        try:
            was_set, others = self.values_at(t), self.values_at(now)
        except SpecError:
            return []
        found: dict[str, Written] = {}
        for each in self._assignments:
            looked_at = [*zip(each.members, each.groups, strict=True)]
            for k, group in looked_at if is_full else [looked_at[now % len(looked_at)]]:
                if is_full and "swa_lr" in group:
                    continue  # torch's SWALR has taken over
                value = each.key.get(group)
                number = as_number(to_python(value))
                expected = [stored_as(own[each.name][k], value) for own in (was_set, others)]
                if number is not None and number not in expected and each.name not in found:
                    found[each.name] = Written(each.name, k, expected[0], float(number))
        return [*found.values()]

    def values_at(self, t: int) -> dict[str, list[float]]:
        """The values after `t` updates: of each number one per group."""
        i = t - self._first
        if 0 < i < self._size:
            row = [target[5][i] for target in self._targets]
        else:
            row = [values[0].tolist() for values in self._evaluate(t, t + 1)]
        found = {name: [0.0] * self._count for name in self.driven.keys}
        for each, value in zip(self._assignments, row, strict=True):
            values = [value] * len(each.members) if each.is_shared else value
            for k, own in zip(each.members, values, strict=True):
                found[each.name][k] = own
        return found

    def preview(self, start: int, stop: int) -> dict[str, NDArray[np.float64]]:
        """The values at updates `start ≤ t < stop`: of each number one row per group."""
        found = {name: np.empty((self._count, stop - start)) for name in self.driven.keys}
        for each, values in zip(self._assignments, self._evaluate(start, stop), strict=True):
            found[each.name][each.members] = values.T
        return found

    def _fetch(self, t: int) -> None:
        """Take the values from update `t` on, as Python floats."""
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
        start = t - self._block_first
        columns = [values[start : start + ROWS].tolist() for values in self._block]
        # The entry before the first value is what stands in the groups, if it is known.
        follows = bool(self._targets) and t == self._first + self._size
        former = [target[5][-1] if follows else None for target in self._targets]
        left = [target[6] for target in self._targets]
        self._targets = [
            (
                each.key,
                each.key.group_key,
                each.groups,
                len(each.groups),
                each.is_shared,
                [(former[i] if follows else [None] * len(each.groups)), *columns[i]],
                left[i] if left else [[None] * len(each.groups)] * 2,
            )
            for i, each in enumerate(self._assignments)
        ]
        self._first, self._size = t - 1, len(columns[0]) + 1
        self._sort_targets()

    def _remember(self, t: int) -> None:
        """Remember the objects in the groups as the steps from update `t` on will find them."""
        for _, group_key, groups, count, _, _, left in self._targets:
            left[0] = [group[group_key] for group in groups]
            left[1] = [
                stands._version + (k - t) % count if type(stands) is Tensor else None
                for k, stands in enumerate(left[0])
            ]

    def _sort_targets(self) -> None:
        """Part the targets with floats or Tensors alone, which are assigned faster, from others."""
        self._of_floats: list[_Target] = []
        self._of_tensors: list[_Target] = []
        self._of_others: list[_Target] = []
        for target in self._targets:
            _, group_key, groups, *_ = target
            kinds = {type(group[group_key]) for group in groups}
            if kinds == {float}:
                self._of_floats.append(target)
            else:
                (self._of_tensors if kinds == {Tensor} else self._of_others).append(target)
        self._has_others = bool(self._of_tensors or self._of_others)

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


def _assign_by_type(
    key: ParamKey, groups: Sequence[dict[str, Any]], values: Iterable[float]
) -> None:
    """Assign one value to each group, where Tensors are filled and a tuple has entries."""
    group_key = key.group_key
    for group, value in zip(groups, values):  # noqa: B905 - `strict=` is slow
        old = group[group_key]
        if type(old) is Tensor:
            old.fill_(value)
        else:
            key.assign(group, value)
