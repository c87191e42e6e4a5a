"""`StepTable`: assigns the values of an update to the numbers in parameter groups."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lrdsl.diagnostics import BAD_GROUP, SpecError, spec_error
from lrdsl.syntax.spec import as_number
from lrdsl.torch.assignment import Assignment, Column, Groups, Left
from lrdsl.torch.optimizers import AnyOptimizer
from lrdsl.torch.outside_writes import Written, stored_as
from lrdsl.torch.param_groups import DrivenGroups
from lrdsl.torch.param_key import ParamKey, to_python
from lrdsl.torch.step_values import ScheduleBlock

ROWS = 512
"""The most updates whose values are held as Python floats."""

ROW_VALUES = 4096
"""The most values that are held as Python floats: few enough to stay in the cache."""


class StepTable:
    """The assignments of a step, and the values of some updates for them.

    The table holds for the groups as they are when it is made. Its first values are those of update
    `t`; it raises `SpecError` if one is not finite. A schedule that several groups share is
    evaluated once.
    """

    def __init__(self, optimizer: AnyOptimizer, driven: DrivenGroups, t: int) -> None:
        self.driven = driven
        self._optimizer, self._groups = optimizer, optimizer.param_groups
        self._count = len(driven.groups)
        self._scales = driven.lr_scales
        self._is_scaled = bool(driven.scales) or any(["lr_scale" in x for x in driven.groups])
        self._block = ScheduleBlock([source.schedule for source in driven.distinct])
        self._assignments = [
            each for name, keys in driven.keys.items() for each in self._assigning(name, keys)
        ]
        self.held = dict.fromkeys(driven.values, 0.0)
        """The values, which no group of the optimizer holds: a group of their own."""
        self._assignments += [*self._holding()]
        self._orders: dict[str, list[int]] = {}
        """Of a number at several locations: where the value of each group is among all theirs."""
        for name in driven.keys:
            members = [i for each in self._assignments if each.name == name for i in each.members]
            if members != [*range(self._count)]:
                self._orders[name] = [members.index(i) for i in range(self._count)]
        width = sum([1 if each.is_shared else len(each.members) for each in self._assignments])
        self._most_rows = max(1, min(ROWS, ROW_VALUES // max(1, width)))
        self._columns: list[Column] = []
        """The values of each assignment; the first is what stood before, None if not known."""
        self._first, self._size = t, 0
        """The update of the first value, and the number of values."""
        self._left: dict[int, Left] = {}
        """By the index of an assignment, if it does not set floats alone."""
        self._has_set = False
        """Whether the numbers that stand in the groups were set by this table."""
        self._fetch(t)
        if self.held:
            now = self.values_at(t)
            self.held.update({name: now[name][0] for name in self.held})

    @property
    def scales(self) -> Sequence[float]:
        """The `lr_scale` of each group, 1 where there is none."""
        return self._scales or [1.0] * self._count

    def is_current(self) -> bool:
        """Whether the optimizer still has the groups and the scales that the table was made for."""
        groups, scales = self._optimizer.param_groups, self._scales
        if len(groups) != self._count or not all(map(operator.is_, groups, self.driven.groups)):
            return False
        try:
            for group, scale in zip(groups, scales):  # noqa: B905 - `strict=` is slow
                # The hook before each update looks: `in` is no call.
                if (group["lr_scale"] if "lr_scale" in group else 1.0) != scale:  # noqa: SIM401
                    return False
        except (RuntimeError, ValueError):  # a Tensor or an array of several numbers
            return False
        return True

    def assign(self, t: int) -> bool:
        """Set the numbers to their values after `t` updates.

        Returns False if it is out of date, or if one group, which changes from step to step, has
        another object than was put there: somebody else may have written it. Then `set` sets all.
        Raises `SpecError`, having changed nothing, if a value is not finite.
        """
        current = self._optimizer.param_groups
        if current is not self._groups or len(current) != self._count:
            return False
        i = t - self._first
        if not 0 < i < self._size:
            self._fetch(t)
            i = 1
        if self._has_more and not self._assign_more(t, i):
            return False
        for key, groups, size, column in self._shared:
            if groups[t % size][key] is not column[i - 1]:
                return False
            value = column[i]
            for group in groups:
                group[key] = value
        for key, groups, size, column in self._own:
            k, former = t % size, column[i - 1]
            if former is None or groups[k][key] is not former[k]:
                return False
            for group, value in zip(groups, column[i]):  # noqa: B905 - `strict=` is slow
                group[key] = value
        return True

    def _assign_more(self, t: int, i: int) -> bool:
        """Set Tensors and entries of tuples; False if others stand there, or another scale."""
        if self._is_scaled and self._has_other_scale(t % self._count):
            return False
        for left, _ in self._others:
            if not left.is_there(t):
                return False
        for left, column in self._others:
            left.assignment.put(column[i])
        for left, _ in self._others:
            left.remember(t + 1)
        return True

    def set(self, t: int) -> None:
        """Set the numbers to their values after `t` updates, whatever stands there."""
        self.hold(t)
        for each, column in zip(self._assignments, self._columns, strict=True):
            each.put(column[t - self._first])
        self._left = {
            j: Left(each)
            for j, each in enumerate(self._assignments)
            if {type(group[each.key.group_key]) for group in each.groups} != {float}
        }
        self._arrange()
        for left in self._left.values():
            left.remember(t + 1)
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

    def values_at(self, t: int) -> dict[str, tuple[float, ...]]:
        """The values after `t` updates: of each number one per group."""
        i, named = t - self._first, self._named
        if not self._known <= i < self._size:
            i, named = 0, self._by_name(self._floats(self._block.evaluate(t, t + 1)))
        found: dict[str, tuple[float, ...]] = {}
        for name, size, is_shared, column in named:
            own = (column[i],) * size if is_shared else tuple(column[i])
            found[name] = found[name] + own if name in found else own
        for name, order in self._orders.items():
            found[name] = tuple([found[name][j] for j in order])
        return found

    def preview(self, start: int, stop: int) -> dict[str, NDArray[np.float64]]:
        """The values at updates `start ≤ t < stop`: of each number one row per group."""
        size = stop - start
        found = {name: np.empty((len(x), size)) for name, x in self.driven.numbers.items()}
        block = self._block.evaluate(start, stop)
        for each in self._assignments:
            found[each.name][each.members] = self._finite(each, block).T
        return found

    def _fetch(self, t: int) -> None:
        """Take the values from update `t` on, as Python floats."""
        columns = self._floats(self._block.following(t, self._most_rows))
        follows = bool(self._columns) and t == self._first + self._size
        formers = [column[-1] for column in self._columns] if follows else [None] * len(columns)
        size, self._size = len(columns[0]) + 1, 0  # an interrupt leaves no values of other updates
        self._columns = [[former, *column] for former, column in zip(formers, columns, strict=True)]
        self._first, self._known = t - 1, 0 if follows else 1
        self._arrange()
        self._size = size

    def _by_name(self, columns: Sequence[Column]) -> list[tuple[str, int, bool, Column]]:
        """The columns with the names of their numbers, for how many groups, whether they share."""
        pairs = zip(self._assignments, columns, strict=True)
        return [(each.name, each.size, each.is_shared, column) for each, column in pairs]

    def _arrange(self) -> None:
        """Part the assignments of floats, which are faster, by whether the groups share values."""
        self._shared: list[tuple[str, Groups, int, Column]] = []
        self._own = [*self._shared]
        self._others: list[tuple[Left, Column]] = []
        for j, (each, column) in enumerate(zip(self._assignments, self._columns, strict=True)):
            if j in self._left:
                self._others.append((self._left[j], column))
            else:
                target = each.key.group_key, each.groups, each.size, column
                (self._shared if each.is_shared else self._own).append(target)
        self._named = self._by_name(self._columns)
        self._has_more = self._is_scaled or bool(self._others)

    def _floats(self, block: NDArray[np.float64]) -> list[Column]:
        """The values of each assignment at the updates of a block, as Python floats."""
        return [self._finite(each, block).tolist() for each in self._assignments]

    def _finite(self, each: Assignment, block: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values of an assignment; `SpecError` if a scale leaves them not finite."""
        values = each.values(block)
        if not np.isfinite(values).all():
            is_finite = np.isfinite(np.atleast_2d(values.T)).all(axis=1)
            i = each.members[int(is_finite.argmin())]
            requirement = f"the `lr_scale` of parameter group {i} must be a number"
            message = f"{requirement} that leaves the lr finite, not {self._scales[i]!r}"
            raise spec_error(BAD_GROUP, message)
        return values

    def _holding(self) -> Iterator[Assignment]:
        """The assignments of the values, each to the group of its own."""
        rows = {source: i for i, source in enumerate(self.driven.distinct)}
        for name, source in self.driven.values.items():
            own = ParamKey(name), [self.held], True, name, [0], rows[source], 1.0, 1
            yield Assignment(*own)

    def _assigning(self, name: str, keys: Sequence[ParamKey]) -> list[Assignment]:
        """The assignments of a number: one for each location."""
        column = {source: i for i, source in enumerate(self.driven.distinct)}
        alike: dict[ParamKey, list[int]] = {}
        for i, key in enumerate(keys):
            alike.setdefault(key, []).append(i)
        found = []
        for key, members in alike.items():
            columns = [column[self.driven.sources[name][i]] for i in members]
            scales = [self._scales[i] if name == "lr" else 1.0 for i in members]
            is_shared = len({*zip(columns, scales, strict=True)}) == 1
            groups = [self.driven.groups[i] for i in members]
            of_columns = columns[0] if is_shared else columns
            of_scales = scales[0] if is_shared else np.array(scales)
            size = len(members)
            found.append(
                Assignment(key, groups, is_shared, name, members, of_columns, of_scales, size)
            )
        return found

    def _has_other_scale(self, k: int) -> bool:
        """Whether the group at `k` has another `lr_scale`."""
        try:
            # No number but the learning rate has scales.
            return bool(self._scales) and bool(
                self._scales[k] != self._groups[k].get("lr_scale", 1)
            )
        except (RuntimeError, ValueError):  # a Tensor or an array of several numbers
            return True
