"""`DrivenGroups`: an optimizer's parameter groups with the schedules of the numbers in them."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from lrdsl.diagnostics import BAD_GROUP, spec_error
from lrdsl.torch.param_key import ParamKey, clone_value, find_param_key, read_number
from lrdsl.torch.plan import DrivenSchedule
from lrdsl.torch.timeline import Timeline


@dataclass(frozen=True, eq=False)
class DrivenGroups:
    """The parameter groups of an optimizer at one moment, and what drives each number in them.

    Users may add groups, and the optimizer's `load_state_dict` replaces them, at any time: then
    `plan_groups` makes another object.
    """

    groups: Sequence[dict[str, Any]]
    names: Sequence[object]
    """The name of each group, None if it has none."""
    keys: Mapping[str, Sequence[ParamKey]]
    """The location of each number of the program in each group."""
    sources: Mapping[str, Sequence[DrivenSchedule]]
    """The schedule of each number in each group."""
    initial: Sequence[Mapping[str, Any]]
    """The first values of each group, by the keys that store them: `initial_lr` and so on."""

    @property
    def distinct(self) -> list[DrivenSchedule]:
        """The distinct schedules of all numbers."""
        return list(dict.fromkeys(x for sources in self.sources.values() for x in sources))

    @property
    def locations(self) -> frozenset[ParamKey]:
        """The locations of all numbers."""
        return frozenset([key for keys in self.keys.values() for key in keys])

    def end(self, total_steps: int | None) -> float:
        """The length of the run in updates, infinite if it is unknown."""
        if total_steps is not None:
            return total_steps
        return max([source.schedule.length for source in self.distinct], default=math.inf)

    def are_those_of(self, optimizer: Optimizer) -> bool:
        """Whether the optimizer still has these groups."""
        groups = optimizer.param_groups
        return len(groups) == len(self.groups) and all(map(operator.is_, groups, self.groups))

    def adopt(self, optimizer: Optimizer) -> None:
        """Store the first values in the groups; groups that share a Tensor get one each."""
        for keys in self.keys.values():
            for key, group, first in zip(keys, self.groups, self.initial, strict=True):
                stored = key.initial.group_key
                group.setdefault(stored, clone_value(first[stored]))
                if isinstance(key.get(group), Tensor) and key.initial.get(group) is key.get(group):
                    group[stored] = clone_value(group[stored])
            unshare(optimizer, keys)
        for group in self.groups:  # torch's base class reads it even if nothing drives lr
            group.setdefault("initial_lr", clone_value(group["lr"]))


def unshare(optimizer: Optimizer, keys: Sequence[ParamKey]) -> None:
    """Give each group a Tensor of its own as its number at `keys`, on the device that it needs."""
    seen: list[Tensor] = []
    for key, group in zip(keys, optimizer.param_groups, strict=True):
        value = key.get(group)
        if isinstance(value, Tensor):
            device = _device(value, group)
            if any(value is other for other in seen) or device != value.device:
                key.rebind(group, clone_value(value).to(device))
            seen.append(key.get(group))
    # Groups that are added later start from the default, which must keep its value.
    defaults = optimizer.defaults
    for group_key in {key.group_key for key in keys}:
        default = ParamKey(group_key, keys[0].entry).get(defaults)
        if any(default is tensor for tensor in seen):
            defaults[group_key] = clone_value(defaults[group_key])


def plan_groups(
    optimizer: Optimizer, timeline: Timeline, known: DrivenGroups | None
) -> DrivenGroups:
    """Compile a timeline for an optimizer's groups as they are now; changes nothing.

    `known` are the groups driven before: loaded groups may have lost their names and first values.
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
    group_keys = {key.group_key for of_groups in keys.values() for key in of_groups}
    initial = [
        dict([_initial(group_key, i, group, known) for group_key in group_keys])
        for i, group in enumerate(groups)
    ]
    bases = [
        {name: read_number(of_groups[i].initial, i, first) for name, of_groups in keys.items()}
        for i, first in enumerate(initial)
    ]
    names = [
        group.get("name", known.names[i] if known and i < len(known.names) else None)
        for i, group in enumerate(groups)
    ]
    driven = timeline.schedules(names, bases)
    sources = {name: [of_group[name] for of_group in driven] for name in keys}
    return DrivenGroups(groups, names, keys, sources, initial)


def _initial(
    group_key: str, index: int, group: Mapping[str, Any], known: DrivenGroups | None
) -> tuple[str, Any]:
    """The first value of a group key, which specs call `base`, after the key that stores it."""
    stored = ParamKey(group_key).initial.group_key
    # The value of a loaded group may be from any update of a schedule: it is not the base.
    first = known.initial[index] if known and index < len(known.initial) else {}
    default = first.get(stored, group.get(group_key))
    return stored, clone_value(group.get(stored, default))


def _device(value: Tensor, group: Mapping[str, Any]) -> Any:
    """The device on which the group's kernels need a number that is a Tensor."""
    on_device = group.get("capturable") or group.get("fused")
    return next((p.device for p in group["params"]), value.device) if on_device else value.device


def _check_distinct(keys: Mapping[str, Sequence[ParamKey]]) -> None:
    """Raise `SpecError` if two names of a program stand for one number."""
    names: dict[tuple[int, ParamKey], str] = {}
    for name, of_groups in keys.items():
        for i, key in enumerate(of_groups):
            other = names.setdefault((i, key), name)
            if other != name:
                message = f"`{other}` and `{name}` are the same number in parameter group {i}"
                raise spec_error(BAD_GROUP, message, fix="drive one of them")
