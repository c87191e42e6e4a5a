"""`ParamGroups`: an optimizer's parameter groups with the schedules of the numbers in them."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.torch.param_key import (
    ParamKey,
    clone_value,
    find_param_key,
    finite_number,
    read_number,
)
from lrdsl.torch.prefetched_schedule import PrefetchedSchedule
from lrdsl.torch.step_table import ParamTarget
from lrdsl.torch.timeline import Timeline


class ParamGroups:
    """The parameter groups of an optimizer at their last adoption, and their targets.

    Users may add groups, and the optimizer's `load_state_dict` replaces them, at any time.
    """

    def __init__(self, optimizer: Optimizer, timeline: Timeline) -> None:
        self.optimizer = optimizer
        self.timeline = timeline
        self.targets: tuple[ParamTarget, ...] = ()
        self.lr: ParamTarget | None = None
        self.names: list[object] = []
        self.initial: dict[str, list[Any]] = {}
        """The first values of each group, by group key."""
        self._adopted: list[dict[str, Any]] = []

    @property
    def have_changed(self) -> bool:
        """Whether the optimizer has other groups than at the last adoption."""
        groups, adopted = self.optimizer.param_groups, self._adopted
        return len(groups) != len(adopted) or not all(map(operator.is_, groups, adopted))

    def values(self, t: int) -> list[list[float]]:
        """The values of each target after `t` updates, one per group."""
        return self.values_of(self.targets, t)

    def values_of(self, targets: Sequence[ParamTarget], t: int) -> list[list[float]]:
        """The values of some targets; learning rates are multiplied by the group's `lr_scale`."""
        values = [target.values(t) for target in targets]
        for target, of_groups in zip(targets, values, strict=True):
            if target.name == "lr":
                # Groups added since the last adoption have no values yet.
                for i, group in enumerate(self.optimizer.param_groups[: len(of_groups)]):
                    if "lr_scale" in group:
                        requirement = f"the `lr_scale` of parameter group {i} must be a number"
                        scale = finite_number(group["lr_scale"], requirement)
                        requirement = f"{requirement} that leaves the lr finite"
                        of_groups[i] = finite_number(of_groups[i] * scale, requirement)
        return values

    def learning_rates(self, t: int) -> list[float | Tensor]:
        """The learning rate of each group after `t` updates; as it is if no target drives it."""
        if self.lr is None:
            return [clone_value(group["lr"]) for group in self.optimizer.param_groups]
        return [*self.values(t)[self.targets.index(self.lr)]]

    @property
    def sources(self) -> list[PrefetchedSchedule]:
        """The distinct schedules of all targets."""
        return list(dict.fromkeys([source for x in self.targets for source in x.sources]))

    @property
    def end(self) -> float:
        """The length of the run in updates, infinite if it is unknown."""
        total = self.timeline.context.total_steps
        if total is not None:
            return total
        return max([source.schedule.length for source in self.sources], default=math.inf)

    def cycle_ends_at(self, t: int) -> bool:
        """Whether update `t`, 1 or more, was the last of a cycle in any of the schedules."""
        return any(source.ends_cycle(t) for source in self.sources)

    def assign(self, values: Sequence[Sequence[float]]) -> None:
        """Set the numbers in the groups."""
        groups = self.optimizer.param_groups
        for target, of_groups in zip(self.targets, values, strict=True):
            target.assign(groups, of_groups)

    def refresh(self, t: int) -> bool:
        """Adopt changed groups; returns whether there were any. `SpecError` changes nothing."""
        if not self.have_changed:
            return False
        self.adopt(self.targets_for(self.timeline), t)
        return True

    def switch_to(self, timeline: Timeline, targets: tuple[ParamTarget, ...], t: int) -> None:
        """Follow another timeline, with its targets from `targets_for`."""
        self.adopt(targets, t)
        self.timeline = timeline

    def targets_for(self, timeline: Timeline) -> tuple[ParamTarget, ...]:
        """Compile a timeline for the optimizer's groups as they are now; changes nothing."""
        groups = self.optimizer.param_groups
        for i, group in enumerate(groups):
            if "lr" not in group:
                raise spec_error(diag.BAD_GROUP, f"parameter group {i} has no `lr`")
        keys = {
            name: [find_param_key(name, i, group) for i, group in enumerate(groups)]
            for name in timeline.names
        }
        _check_distinct(keys)
        bases = [
            {name: self._base(keys[name][i], i, group) for name in keys}
            for i, group in enumerate(groups)
        ]
        sources = timeline.sources(self._current_names(), bases)
        return tuple(
            [ParamTarget(name, keys[name], [group[name] for group in sources]) for name in keys]
        )

    def adopt(self, targets: tuple[ParamTarget, ...], t: int) -> None:
        """Take the optimizer's groups as they are now, driven by these targets."""
        self.values_of(targets, t)  # raises any error before the first change
        groups = self.optimizer.param_groups
        for target in targets:
            self._keep_initial(target)
        for group in groups:  # torch's base class reads `initial_lr` even if no target drives lr
            group.setdefault("initial_lr", clone_value(group["lr"]))
        self.targets = targets
        self.lr = next((target for target in targets if target.name == "lr"), None)
        self._adopted, self.names = list(groups), self._current_names()
        group_keys = dict.fromkeys(key.group_key for target in targets for key in target.keys)
        self.initial = {
            name: [clone_value(group.get(ParamKey(name).initial.group_key)) for group in groups]
            for name in group_keys
        }

    def _current_names(self) -> list[object]:
        """The groups' names; a loaded group that has lost its `name` keeps the known one."""
        known = self.names
        return [
            group.get("name", known[i] if i < len(known) else None)
            for i, group in enumerate(self.optimizer.param_groups)
        ]

    def _base(self, key: ParamKey, index: int, group: Mapping[str, Any]) -> float:
        """The first value of a number, which specs call `base`."""
        value = read_number(key, index, group)
        if key.initial.group_key in group:
            return read_number(key.initial, index, group)
        # The value of a loaded group may be from any update of a schedule: it is not the base.
        known = self.initial.get(key.group_key, ())
        if index < len(known):
            return read_number(key, index, {key.group_key: known[index]})
        return value

    def _keep_initial(self, target: ParamTarget) -> None:
        """Store a number's first value in each group, and unshare Tensors between groups."""
        seen: list[Tensor] = []
        for i, (key, group) in enumerate(
            zip(target.keys, self.optimizer.param_groups, strict=True)
        ):
            known = self.initial.get(key.group_key, ())
            initial = key.initial
            first = known[i] if i < len(known) else group[key.group_key]
            group.setdefault(initial.group_key, clone_value(first))
            value = key.get(group)
            if isinstance(value, Tensor):
                if initial.get(group) is value:
                    group[initial.group_key] = clone_value(group[initial.group_key])
                if any(value is other for other in seen) or _is_misplaced(value, group):
                    key.rebind(group, clone_value(value).to(_device(value, group)))
                seen.append(key.get(group))
        # Groups that are added later start from the default, which must keep its value.
        defaults = self.optimizer.defaults
        for group_key in {key.group_key for key in target.keys}:
            default = ParamKey(group_key, target.keys[0].entry).get(defaults)
            if any(default is tensor for tensor in seen):
                defaults[group_key] = clone_value(defaults[group_key])


def _device(value: Tensor, group: Mapping[str, Any]) -> Any:
    """The device on which the group's kernels need a number that is a Tensor."""
    on_device = group.get("capturable") or group.get("fused")
    return next((p.device for p in group["params"]), value.device) if on_device else value.device


def _is_misplaced(value: Tensor, group: Mapping[str, Any]) -> bool:
    return bool(_device(value, group) != value.device)


def _check_distinct(keys: Mapping[str, Sequence[ParamKey]]) -> None:
    """Raise `SpecError` if two names of a program stand for one number."""
    names: dict[tuple[int, ParamKey], str] = {}
    for name, of_groups in keys.items():
        for location in enumerate(of_groups):
            other = names.setdefault(location, name)
            if other != name:
                index = location[0]
                message = f"`{other}` and `{name}` are the same number in parameter group {index}"
                raise spec_error(diag.BAD_GROUP, message, fix="drive one of them")
