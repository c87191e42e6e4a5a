"""Tensors as driven numbers: each optimizer fills its own."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.utils.weak import WeakIdKeyDictionary

from lrdsl.torch.param_key import ParamKey, clone_value


class _Filled(NamedTuple):
    """A Tensor that a Scheduler fills: of which optimizer, and its value before."""

    optimizer: weakref.ref[Optimizer]
    first: float


_FILLED: WeakIdKeyDictionary = WeakIdKeyDictionary()
"""The Tensors that Schedulers fill, until they are freed."""


def _filled(tensor: Tensor) -> _Filled | None:
    return _FILLED[tensor] if tensor in _FILLED else None  # noqa: SIM401 - `get` has no types


def first_value(tensor: object, optimizer: Optimizer) -> float | None:
    """The value that a Tensor had before a Scheduler of another optimizer filled it.

    None if no other one has, or if it has that value still.
    """
    if not isinstance(tensor, Tensor):
        return None
    filled = _filled(tensor)
    if filled is None or filled.optimizer() is optimizer or tensor.item() == filled.first:
        return None
    return filled.first


def own_tensors(
    optimizer: Optimizer, keys: Sequence[ParamKey], firsts: Sequence[Mapping[str, Any]]
) -> None:
    """Give each group a Tensor of its own as its number at `keys`, which a Scheduler may fill.

    It is on the device that the group's kernels need, holds fractions, and no other group or
    optimizer fills it. `firsts` are the first values of each group.
    """
    seen: list[Tensor] = []
    for key, group, first in zip(keys, optimizer.param_groups, firsts, strict=True):
        value = key.get(group)
        if not isinstance(value, Tensor):
            continue
        device = _device(value, group)
        dtype = value.dtype if value.is_floating_point() else torch.get_default_dtype()
        filled = _filled(value)
        is_foreign = filled is not None and filled.optimizer() is not optimizer
        is_shared = is_foreign or any(value is other for other in seen)
        if is_shared or (device, dtype) != (value.device, value.dtype):
            key.rebind(group, clone_value(value).to(device=device, dtype=dtype))
        own = key.get(group)
        base = key.initial.get(first)
        _FILLED[own] = _Filled(weakref.ref(optimizer), float(base))
        seen.append(own)
    # Groups that are added later start from the default, which must keep its value.
    defaults = optimizer.defaults
    for group_key in {key.group_key for key in keys}:
        default = ParamKey(group_key, keys[0].entry).get(defaults)
        if any(default is tensor for tensor in seen):
            defaults[group_key] = clone_value(defaults[group_key])


def _device(value: Tensor, group: Mapping[str, Any]) -> Any:
    """The device on which the group's kernels need a number that is a Tensor."""
    on_device = group.get("capturable") or group.get("fused")
    return next((p.device for p in group["params"]), value.device) if on_device else value.device
