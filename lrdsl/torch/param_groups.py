"""`DrivenGroups`: an optimizer's parameter groups with the schedules of the numbers in them."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from lrdsl.diagnostics import BAD_GROUP, spec_error
from lrdsl.syntax.spec import as_number
from lrdsl.torch.bases import BaseChange, Keys, KnownGroups, find_bases, same_value
from lrdsl.torch.optimizers import AnyOptimizer, full_names, parts_of
from lrdsl.torch.param_key import (
    ParamKey,
    clone_value,
    find_param_key,
    finite_number,
    read_number,
    to_python,
)
from lrdsl.torch.plan import DrivenSchedule
from lrdsl.torch.tensors import own_tensors
from lrdsl.torch.timeline import Timeline


@dataclass(frozen=True, eq=False)
class DrivenGroups:
    """The parameter groups of an optimizer at one moment, and what drives each number in them.

    Users may add groups, and the optimizer's `load_state_dict` replaces them, at any time: then
    `plan_groups` makes another object.
    """

    timeline: Timeline
    groups: Sequence[dict[str, Any]]
    names: Sequence[object]
    """The name of each group, None if it has none."""
    full_names: Sequence[object]
    """The same with the names of the optimizers, where there are several."""
    keys: Mapping[str, Sequence[ParamKey]]
    """The location of each number of the program in each group."""
    sources: Mapping[str, Sequence[DrivenSchedule]]
    """The schedule of each number in each group."""
    values: Mapping[str, DrivenSchedule]
    """The schedule of each value, which no group has."""
    initial: Sequence[Mapping[str, Any]]
    """The first values of each group, by the keys that store them: `initial_lr` and so on."""
    changes: Sequence[BaseChange] = ()
    """The first values about which the groups and what was known of them disagreed."""
    retyped: Sequence[tuple[str, int]] = ()
    """The number and group of each Tensor that was a float, or the other way round.

    It becomes again what it was.
    """
    scales: Mapping[int, float] = field(default_factory=dict)
    """The `lr_scale` of each group that has another one now, by the group's index.

    It becomes that of the group.
    """
    has_new: bool = False
    """Whether groups have been added to those known before."""

    @property
    def numbers(self) -> dict[str, Sequence[DrivenSchedule]]:
        """The schedule of each number in each group, and the one of each value."""
        return {**self.sources, **{name: (source,) for name, source in self.values.items()}}

    @property
    def distinct(self) -> list[DrivenSchedule]:
        """The distinct schedules of all numbers and values."""
        return list(dict.fromkeys(x for sources in self.numbers.values() for x in sources))

    @property
    def rates(self) -> Sequence[DrivenSchedule]:
        """The schedules of the learning rate; if nothing drives it, those of all other numbers."""
        return self.sources.get("lr") or [x for own in self.sources.values() for x in own]

    @property
    def locations(self) -> frozenset[ParamKey]:
        """The locations of all numbers."""
        return frozenset([key for keys in self.keys.values() for key in keys])

    @property
    def end(self) -> float:
        """The length of the run in updates, infinite if it never ends.

        If `total_steps` is not known, it is that of the learning rate's schedules.
        """
        total = self.timeline.context.total_steps
        if total is not None:
            return total
        return max([source.schedule.length for source in self.rates], default=math.inf)

    @property
    def lr_scales(self) -> list[float]:
        """The `lr_scale` of each group, 1 where there is none; empty if nothing drives the rates.

        Raises `SpecError` if one is no number.
        """
        requirement = "the `lr_scale` of parameter group {} must be a number"
        found = [
            finite_number(group["lr_scale"], requirement.format(i)) if "lr_scale" in group else 1.0
            for i, group in enumerate(self.groups if "lr" in self.keys else ())
        ]
        for i, scale in self.scales.items():
            found[i] = scale
        return found

    def are_those_of(self, optimizer: AnyOptimizer) -> bool:
        """Whether the optimizer still has these groups."""
        groups = optimizer.param_groups
        return len(groups) == len(self.groups) and all(map(operator.is_, groups, self.groups))

    @property
    def bases(self) -> list[dict[str, float]]:
        """The `base` of each number in each group."""
        return _bases(self.keys, self.initial)

    @property
    def tensors(self) -> list[list[str]]:
        """The numbers of each group that are Tensors."""
        return [
            [name for name, keys in self.keys.items() if is_tensor(keys[i].initial.get(first))]
            for i, first in enumerate(self.initial)
        ]

    def has_other_bases(self) -> bool:
        """Whether somebody has changed the first values in the groups."""
        return any(
            [
                not same_value(group.get(stored), value)
                for group, first in zip(self.groups, self.initial, strict=True)
                for stored, value in first.items()
            ]
        )

    def unchanged(self, optimizer: AnyOptimizer) -> DrivenGroups | None:
        """These groups without what has been told of them; None if they must be planned again."""
        if not self.are_those_of(optimizer) or self.has_other_bases():
            return None
        if not (self.changes or self.retyped or self.scales or self.has_new):
            return self
        return replace(self, changes=(), retyped=(), scales={}, has_new=False)

    def adopt(self, optimizer: AnyOptimizer) -> DrivenGroups:
        """Store the first values in the groups; groups that share a Tensor get one each.

        Returns these groups, of which nothing is to become again what it was.
        """
        for name, i in self.retyped:
            key = self.keys[name][i]
            key.rebind(self.groups[i], clone_value(key.initial.get(self.initial[i])))
        for keys in self.keys.values():
            for key, group, first in zip(keys, self.groups, self.initial, strict=True):
                stored = key.initial.group_key
                if stored not in group or not same_value(group[stored], first[stored]):
                    group[stored] = clone_value(first[stored])
                number = key.get(group)
                if isinstance(number, Tensor) and key.initial.get(group) is number:
                    group[stored] = clone_value(group[stored])
            for part, place in parts_of(optimizer):
                own_tensors(part, keys[place], self.initial[place])
        for i, scale in self.scales.items():
            self.groups[i]["lr_scale"] = scale
        for group, known_name in zip(self.groups, self.names, strict=True):
            if group.get("name", known_name) != known_name:
                group["name"] = known_name
        for group in self.groups:  # torch's base class reads it even if nothing drives lr
            group.setdefault("initial_lr", clone_value(group["lr"]))
        return replace(self, scales={}) if self.scales else self


def plan_groups(
    optimizer: AnyOptimizer,
    timeline: Timeline,
    known: KnownGroups | None,
    given: Sequence[Mapping[str, float]] = (),
    *,
    keep: bool = False,
    names: Sequence[object] = (),
    scales: Sequence[float] = (),
) -> DrivenGroups:
    """Compile a timeline for an optimizer's groups as they are now; changes nothing.

    `known` are the groups driven before: loaded groups may have lost their names and first values,
    or may have those of another run, which `keep` selects. `given` are bases by group and number,
    `names` the names of groups that have none, `scales` what is to become their `lr_scale`.
    """
    groups = list(optimizer.param_groups)
    for i, group in enumerate(groups):
        if "lr" not in group:
            raise spec_error(BAD_GROUP, f"parameter group {i} has no `lr`")
    keys = {
        name: [find_param_key(name, i, group) for i, group in enumerate(groups)]
        for name in timeline.names
    }
    _check_distinct(keys)
    initial, changes = find_bases(optimizer, keys, known, given, keep=keep)
    former = [None if known is None else known.index(group) for group in groups]
    found: list[object] = [*names, *[None] * len(groups)][: len(groups)]
    own_scales = dict(enumerate(scales))
    for i, (group, j) in enumerate(zip(groups, former, strict=True)):
        own_name = found[i] if known is None or j is None else known.names[j]
        found[i] = group.get("name", own_name)
        if known is not None and j is not None and known.groups[j] is not group and not keep:
            found[i] = found[i] if own_name is None else own_name
            own_scales.setdefault(i, known.scales[j])
    if "lr" not in keys:
        own_scales = {}
    retyped = [
        (name, i)
        for name, of_groups in keys.items()
        for i, (key, group, first) in enumerate(zip(of_groups, groups, initial, strict=True))
        if known is not None
        and not keep
        and is_tensor(key.initial.get(first)) != is_tensor(key.get(group))
        and not any([group is each for each in known.groups])
    ]
    other = {i: x for i, x in own_scales.items() if i < len(groups) and _scale(groups[i]) != x}
    has_new = known is not None and None in former
    names_in_all = full_names(optimizer, found)
    driven = timeline.schedules(names_in_all, _bases(keys, initial))
    sources = {name: [of_group[name] for of_group in driven] for name in keys}
    values = {name: driven[0][name] for name in timeline.value_names}
    return DrivenGroups(
        timeline,
        groups,
        found,
        names_in_all,
        keys,
        sources,
        values,
        initial,
        changes,
        retyped,
        other,
        has_new,
    )


def _bases(keys: Keys, initial: Sequence[Mapping[str, Any]]) -> list[dict[str, float]]:
    """The `base` of each number in each group."""
    return [
        {name: read_number(of_groups[i].initial, i, first) for name, of_groups in keys.items()}
        for i, first in enumerate(initial)
    ]


def _scale(group: Mapping[str, Any]) -> object:
    """The `lr_scale` of a group as a number, if it is one."""
    return as_number(to_python(group.get("lr_scale", 1.0)))


def is_tensor(value: object) -> bool:
    """Whether a number is a Tensor."""
    return isinstance(value, Tensor)


def _check_distinct(keys: Mapping[str, Sequence[ParamKey]]) -> None:
    """Raise `SpecError` if two names of a program stand for one number."""
    names: dict[tuple[int, ParamKey], str] = {}
    for name, of_groups in keys.items():
        for i, key in enumerate(of_groups):
            other = names.setdefault((i, key), name)
            if other != name:
                message = f"`{other}` and `{name}` are the same number in parameter group {i}"
                raise spec_error(BAD_GROUP, message, fix="drive one of them")
