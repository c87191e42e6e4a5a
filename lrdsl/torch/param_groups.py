"""The parameter groups of an optimizer: what drives the numbers in them."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.torch.drive import Drive
from lrdsl.torch.slots import Slot, finite, number_at, own, slot_of
from lrdsl.torch.timeline import Schedules


class Groups:
    """The parameter groups of an optimizer as they were taken over, and what drives them.

    Groups may be added, and replaced by the optimizer's `load_state_dict`, at any time.
    """

    def __init__(self, optimizer: Optimizer, schedules: Schedules) -> None:
        self.optimizer = optimizer
        self.schedules = schedules
        self.drives: tuple[Drive, ...] = ()
        self.lr: Drive | None = None
        self.names: list[object] = []
        self.initial: dict[str, list[Any]] = {}
        """What each group's numbers began with, by the key in the group."""
        self._taken: list[dict[str, Any]] = []

    @property
    def have_changed(self) -> bool:
        """Whether the optimizer has other groups than those taken over."""
        groups, taken = self.optimizer.param_groups, self._taken
        return len(groups) != len(taken) or not all(map(operator.is_, groups, taken))

    def values(self, made: int) -> list[list[float]]:
        """What each number is in each group once `made` updates have been made."""
        return self.values_of(self.drives, made)

    def refresh(self, made: int) -> bool:
        """Take groups over that are new. `SpecError` if they cannot be; then nothing is."""
        if not self.have_changed:
            return False
        self.take_over(self.planned(self.schedules), made)
        return True

    def put(self, values: Sequence[Sequence[float]]) -> None:
        """Set the numbers in the groups."""
        groups = self.optimizer.param_groups
        for drive, of_groups in zip(self.drives, values, strict=True):
            drive.put(groups, of_groups)

    def follow(self, schedules: Schedules, drives: tuple[Drive, ...], made: int) -> None:
        """Have other schedules drive the numbers, as `planned`. `SpecError` if they cannot."""
        self.take_over(drives, made)
        self.schedules = schedules

    def planned(self, schedules: Schedules) -> tuple[Drive, ...]:
        """Where each group's values would come from."""
        groups = self.optimizer.param_groups
        for i, group in enumerate(groups):
            if "lr" not in group:
                raise spec_error(diag.BAD_GROUP, f"parameter group {i} has no `lr`")
        keys = schedules.keys
        slots = {key: [slot_of(key, i, group) for i, group in enumerate(groups)] for key in keys}
        _check_apart(slots)
        bases = [
            {key: self._base(slots[key][i], i, group) for key in keys}
            for i, group in enumerate(groups)
        ]
        aheads = schedules.of(self.names_now(), bases)
        return tuple([Drive(key, slots[key], [made[key] for made in aheads]) for key in keys])

    def names_now(self) -> list[object]:
        """The groups' names. A loaded group may have lost its own: it keeps the one it had."""
        known = self.names
        return [
            group.get("name", known[i] if i < len(known) else None)
            for i, group in enumerate(self.optimizer.param_groups)
        ]

    def take_over(self, drives: tuple[Drive, ...], made: int) -> None:
        """Take the optimizer's groups over as they are now."""
        self.values_of(drives, made)  # whatever fails does so before anything is changed
        groups = self.optimizer.param_groups
        for drive in drives:
            self._own(drive)
        for group in groups:  # torch's base class asks for this one, whatever is driven
            group.setdefault("initial_lr", own(group["lr"]))
        self.drives = drives
        self.lr = next((drive for drive in drives if drive.key == "lr"), None)
        self._taken, self.names = list(groups), self.names_now()
        keys = dict.fromkeys(slot.key for drive in drives for slot in drive.slots)
        self.initial = {
            key: [own(group.get(Slot(key).initial.key)) for group in groups] for key in keys
        }

    def values_of(self, drives: Sequence[Drive], made: int) -> list[list[float]]:
        """What each drive sets the groups to; a learning rate is multiplied by its `lr_scale`."""
        values = [drive.values(made) for drive in drives]
        for drive, of_groups in zip(drives, values, strict=True):
            if drive.key == "lr":
                # Groups that have been added meanwhile are not driven yet.
                for i, group in enumerate(self.optimizer.param_groups[: len(of_groups)]):
                    if "lr_scale" in group:
                        wanted = f"the `lr_scale` of parameter group {i} is a number"
                        scale = finite(group["lr_scale"], wanted)
                        wanted = f"{wanted} that leaves the lr finite"
                        of_groups[i] = finite(of_groups[i] * scale, wanted)
        return values

    def _base(self, slot: Slot, index: int, group: Mapping[str, Any]) -> float:
        value = number_at(slot, index, group)
        if slot.initial.key in group:
            return number_at(slot.initial, index, group)
        # What a loaded group has may be from anywhere on the schedule: it does not tell the base.
        known = self.initial.get(slot.key, ())
        return number_at(slot, index, {slot.key: known[index]}) if index < len(known) else value

    def _own(self, drive: Drive) -> None:
        """Note what a number began with, and give each group a Tensor of its own."""
        seen: list[Tensor] = []
        for i, (slot, group) in enumerate(
            zip(drive.slots, self.optimizer.param_groups, strict=True)
        ):
            known = self.initial.get(slot.key, ())
            initial = slot.initial
            group.setdefault(initial.key, own(known[i] if i < len(known) else group[slot.key]))
            value = slot.get(group)
            if isinstance(value, Tensor):
                if initial.get(group) is value:
                    group[initial.key] = own(group[initial.key])
                if any(value is other for other in seen) or _is_elsewhere(value, group):
                    slot.replace(group, own(value).to(_device(value, group)))
                seen.append(slot.get(group))
        # Groups that are added later start from the default: it must not be filled with the rest.
        defaults = self.optimizer.defaults
        for key in {slot.key for slot in drive.slots}:
            if any(Slot(key, drive.slots[0].entry).get(defaults) is tensor for tensor in seen):
                defaults[key] = own(defaults[key])


def _device(value: Tensor, group: Mapping[str, Any]) -> Any:
    """Where a group's kernels want a number that is a Tensor."""
    inside = group.get("capturable") or group.get("fused")
    return next((p.device for p in group["params"]), value.device) if inside else value.device


def _is_elsewhere(value: Tensor, group: Mapping[str, Any]) -> bool:
    return bool(_device(value, group) != value.device)


def _check_apart(slots: Mapping[str, Sequence[Slot]]) -> None:
    """`SpecError` if two numbers of a program stand in the same place."""
    taken: dict[tuple[int, Slot], str] = {}
    for key, of_groups in slots.items():
        for place in enumerate(of_groups):
            other = taken.setdefault(place, key)
            if other != key:
                message = f"`{other}` and `{key}` are the same number in parameter group {place[0]}"
                raise spec_error(diag.BAD_GROUP, message, fix="drive one of them")
