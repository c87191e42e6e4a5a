"""The `base` of each group: its first value, and who says what it is.

An optimizer's checkpoint brings the first values of the run that wrote it, and a group that is
added while a schedule runs may bring a rate that the schedule has made. Where two sources disagree
there is a `BaseChange`, which the driver tells or refuses.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from lrdsl.syntax.spec import as_number
from lrdsl.torch.optimizers import AnyOptimizer, owner_of, parts_of
from lrdsl.torch.param_key import ParamKey, clone_value, to_python
from lrdsl.torch.tensors import first_value

_RATIOS = [m * 10.0**e for e in range(-4, 3) for m in (1, 2, 2.5, 5)]
"""The shares of another group's rate that a new group is given in practice."""

_WRITTEN_DIGITS = 6
"""A number with more digits has been computed."""


@dataclass(frozen=True)
class BaseChange:
    """Two values for the base of a number: `other`, and `base`, which is followed.

    `reason` is the sentence that says where they come from.
    """

    name: str
    group: int
    other: float
    base: float
    reason: str


@dataclass(frozen=True)
class KnownGroups:
    """The parameter groups that a Scheduler has driven so far."""

    groups: Sequence[Mapping[str, Any]]
    names: Sequence[object]
    initial: Sequence[Mapping[str, Any]]
    values: Mapping[str, Sequence[float]]
    """The values of each number that stand in these groups."""
    scales: Sequence[float]

    def index(self, group: Mapping[str, Any]) -> int | None:
        """The index of a group, None if it is new; a loaded group has the parameters of one."""
        for i, known in enumerate(self.groups):
            if known is group or known["params"] is group["params"]:
                return i
        first = next(iter(group["params"]), None)
        for i, known in enumerate(self.groups):
            if first is not None and any(each is first for each in known["params"]):
                return i
        return None


Keys = Mapping[str, Sequence[ParamKey]]


def find_bases(
    optimizer: AnyOptimizer,
    keys: Keys,
    known: KnownGroups | None,
    given: Sequence[Mapping[str, float]],
    *,
    keep: bool,
) -> tuple[list[dict[str, Any]], list[BaseChange]]:
    """The first values of each group, after the keys that store them, and what disagreed.

    `given` are bases that a checkpoint decides, by group and number. `keep` selects the bases of a
    loaded group instead of those known before.
    """
    found: list[dict[str, Any]] = []
    changes: list[BaseChange] = []
    layouts: dict[tuple[ParamKey, ...], dict[str, dict[str, ParamKey]]] = {}
    for i, group in enumerate(optimizer.param_groups):
        own = tuple([of_groups[i] for of_groups in keys.values()])
        if own not in layouts:
            layouts[own] = _by_group_key(dict(zip(keys, own, strict=True)))
        first: dict[str, Any] = {}
        for stored, there in layouts[own].items():
            value, changed = _base(optimizer, i, group, there, known, keep=keep)
            first[stored] = clone_value(value)
            changes += changed
        for name, base in given[i].items() if i < len(given) else ():
            if name in keys:
                _replace(first, keys[name][i].initial, base)
        found.append(first)
    return found, changes


def _by_group_key(keys: Mapping[str, ParamKey]) -> dict[str, dict[str, ParamKey]]:
    """The locations of a group's numbers by the keys that store their first values."""
    found: dict[str, dict[str, ParamKey]] = {}
    for name, key in keys.items():
        found.setdefault(key.initial.group_key, {})[name] = key
    return found


def _base(
    optimizer: AnyOptimizer,
    index: int,
    group: Mapping[str, Any],
    keys: Mapping[str, ParamKey],
    known: KnownGroups | None,
    *,
    keep: bool,
) -> tuple[Any, list[BaseChange]]:
    """The first value of one key of a group."""
    group_key = next(iter(keys.values())).group_key
    stored = ParamKey(group_key).initial.group_key
    stands, present = group[group_key], group.get(stored)
    j = None if known is None else known.index(group)
    if known is not None and j is not None and stored in known.initial[j]:
        former = known.initial[j][stored]
        if present is None or same_value(present, former):
            return former, []
        if known.groups[j] is group:
            reason = "somebody has changed the `{key}` of the group"
            return present, _differences(index, keys, former, present, reason)
        if keep:
            return present, []
        reason = "the state that the optimizer has loaded has another `{key}`"
        return former, _differences(index, keys, present, former, reason)
    if present is not None:
        return present, []
    if known is None and type(stands) is float:
        return stands, []
    if known is not None:
        return _base_of_new(optimizer, index, stands, keys, known)
    return _base_of_shared(optimizer, index, stands, keys)


def _differences(
    index: int, keys: Mapping[str, ParamKey], other: Any, base: Any, reason: str
) -> list[BaseChange]:
    found = []
    for name, key in keys.items():
        one, two = _entry(key, other), _entry(key, base)
        if one is not None and two is not None and one != two:
            found.append(BaseChange(name, index, one, two, reason.format(key=key.initial)))
    return found


def _base_of_new(
    optimizer: AnyOptimizer,
    index: int,
    stands: Any,
    keys: Mapping[str, ParamKey],
    known: KnownGroups,
) -> tuple[Any, list[BaseChange]]:
    """The first value of a group that is added while a schedule runs."""
    group_key = next(iter(keys.values())).group_key
    defaults = owner_of(optimizer, index).defaults
    if stands is defaults.get(group_key):
        return stands, []
    changes = []
    for name, key in keys.items():
        value, default = _entry(key, stands), _entry(key, defaults.get(group_key))
        made = None if value is None or value == default else _made_from(value, name, key, known)
        if value is not None and made is not None:
            j, base = made
            reason = (
                f"the group was added with {value:g}, which the schedule may have made of that of "
                f"group {j}; give the group an `{key.initial}`"
            )
            changes.append(BaseChange(name, index, base, value, reason))
    return stands, changes


def _made_from(
    value: float, name: str, key: ParamKey, known: KnownGroups
) -> tuple[int, float] | None:
    """The group whose number a value has been made from by the schedule, and what its base was."""
    is_written = (
        len(f"{value!r}".partition("e")[0].strip("0.-").replace(".", "")) <= _WRITTEN_DIGITS
    )
    for j, current in enumerate(known.values.get(name, ())):
        first = _entry(key, known.initial[j].get(key.initial.group_key))
        if first is None or not current:
            continue
        base = first * (known.scales[j] if name == "lr" else 1.0)
        if math.isclose(current, base):
            continue  # the schedule has changed nothing
        for ratio in [1.0] if is_written else _RATIOS:
            if math.isclose(value, ratio * current, rel_tol=1e-12):
                return j, ratio * base
    return None


def _base_of_shared(
    optimizer: AnyOptimizer, index: int, stands: Any, keys: Mapping[str, ParamKey]
) -> tuple[Any, list[BaseChange]]:
    """The first value of a group at the beginning, whose Tensor others may have filled before."""
    group_key = next(iter(keys.values())).group_key
    first, changes = {group_key: clone_value(stands)}, []
    for name, key in keys.items():
        tensor = key.get({group_key: stands})
        before = first_value(tensor, owner_of(optimizer, index))
        if before is not None:
            reason = (
                "a Scheduler of another optimizer has driven the same Tensor; give each optimizer "
                "a Tensor of its own"
            )
            changes.append(BaseChange(name, index, float(tensor), before, reason))
            _replace(first, key, before)
    return first[group_key], changes


def stale_bases(
    optimizer: AnyOptimizer, keys: Keys, initial: Sequence[Mapping[str, Any]]
) -> Iterable[tuple[BaseChange, bool]]:
    """The bases that may be numbers of another run, and whether an earlier scheduler stored them.

    The groups have another number than the optimizer was made with, none of them that one, and
    they are alike if an earlier scheduler has stored what they had at first.
    """
    for part, place in parts_of(optimizer):
        for name, every in keys.items():
            of_groups, firsts = every[place], initial[place]
            group_key = of_groups[0].group_key
            default = _entry(of_groups[0], part.defaults.get(group_key))
            bases = [
                _entry(key, first[key.initial.group_key])
                for key, first in zip(of_groups, firsts, strict=True)
            ]
            were_stored = [
                key.initial.group_key in group
                for key, group in zip(of_groups, part.param_groups, strict=True)
            ]
            if default is None or default in bases or None in bases:
                continue
            if any(were_stored) and len(set(bases)) > 1:
                continue
            reason = (
                f"the optimizer was made with {default:g}; give the groups an "
                f"`{of_groups[0].initial}`"
            )
            for i, base in enumerate(bases, start=place.start):
                assert base is not None
                yield BaseChange(name, i, default, base, reason), all(were_stored)


def same_value(one: Any, other: Any) -> bool:
    """Whether two values of a group's key are the same numbers."""
    if type(one) is type(other) is float:
        return one == other
    return bool(_plain(one) == _plain(other))


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return tuple([_plain(item) for item in value])
    number = as_number(to_python(value))
    return value if number is None and not isinstance(value, Tensor) else number


def _entry(key: ParamKey, value: Any) -> float | None:
    """The number of a key in a value of its group key; None if there is none."""
    if type(value) is float and key.entry is None:
        return value
    number = as_number(to_python(key.get({key.group_key: value})))
    return None if number is None else float(number)


def _replace(group: dict[str, Any], key: ParamKey, value: float) -> None:
    """Put a number at a location, as a Tensor where there is one."""
    old = key.get(group)
    if isinstance(old, Tensor):
        dtype = old.dtype if old.is_floating_point() else None
        new: Any = torch.full(old.shape, value, dtype=dtype, device=old.device)
    else:
        new = value
    key.rebind(group, new)
