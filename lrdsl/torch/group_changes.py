"""Warnings about parameter groups that the optimizer's `load_state_dict` has made different."""

from __future__ import annotations

from collections.abc import Iterator

from lrdsl.torch.outside_writes import stored_as
from lrdsl.torch.param_groups import DrivenGroups, is_tensor
from lrdsl.torch.warn import shown_pair

Fact = tuple[object, str]
"""A warning after the key of the fact that it is about, of which the user is told once."""


def group_changes(driven: DrivenGroups, t: int) -> list[Fact]:
    """The warnings about groups that become again what they were before update `t`."""
    return [*_kinds(driven, t), *_scales(driven, t)]


def _kinds(driven: DrivenGroups, t: int) -> Iterator[Fact]:
    """Tensors that were floats, and floats that were Tensors."""
    for name, i in driven.retyped:
        first = driven.keys[name][i].initial.get(driven.initial[i])
        kind, other = ("Tensor", "float") if is_tensor(first) else ("float", "Tensor")
        value = driven.sources[name][i].schedule(t)
        before = stored_as(value, driven.keys[name][i].get(driven.groups[i]))
        after = stored_as(value, first)
        yield (
            ("kind", name, i),
            f"`{name}` of parameter group {i} is a {kind}, and not a {other}, as in the state "
            f"that the optimizer has loaded (`{name}` at update {t:,}: {before!r} → {after!r})",
        )


def _scales(driven: DrivenGroups, t: int) -> Iterator[Fact]:
    """Scales of the learning rate other than those that the groups had."""
    for i, scale in driven.scales.items():
        loaded = driven.groups[i].get("lr_scale", 1.0)
        value = driven.sources["lr"][i].schedule(t)
        before, after = shown_pair(value * loaded, value * scale)
        yield (
            ("scale", i, float(loaded)),
            f"the `lr_scale` of parameter group {i} is {scale:g}, and not {loaded:g} (`lr` at "
            f"update {t:,}: {before} → {after}): the state that the optimizer has loaded has "
            "another one",
        )
