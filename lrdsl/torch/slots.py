"""Where numbers stand in an optimizer's parameter groups."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple

from torch import Tensor

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.syntax.spec import as_number
from lrdsl.util.registry import did_you_mean

INITIAL = "initial_"
"""What the key of a number's first value begins with, as in torch's `initial_lr`."""

_ENTRY = re.compile(r"([A-Za-z_]\w*)\[(\d{1,3})\]")


class Slot(NamedTuple):
    """Where a number stands in a group: at a key, `lr`, or in a tuple there, `betas[0]`."""

    key: str
    entry: int | None = None

    @property
    def initial(self) -> Slot:
        """Where the group keeps the value that this one began with."""
        return Slot(INITIAL + self.key, self.entry)

    def get(self, group: Mapping[str, Any]) -> Any:
        """What stands there; None if nothing does."""
        value: Any = group.get(self.key)
        if self.entry is None:
            return value
        return value[self.entry] if _is_row(value) and self.entry < len(value) else None

    def put(self, group: MutableMapping[str, Any], value: Any) -> None:
        """Set the number there; a Tensor stays the same one and is filled."""
        old = group[self.key]
        if self.entry is not None:
            old = old[self.entry]
        if type(old) is not float and isinstance(old, Tensor):
            old.fill_(value)
        else:
            self.replace(group, value)

    def replace(self, group: MutableMapping[str, Any], value: Any) -> None:
        """Put another object there. A row is made anew: groups may share the old one."""
        if self.entry is not None:
            row = [*group[self.key]]
            row[self.entry] = value
            value = tuple(row)
        group[self.key] = value


def slot_of(name: str, index: int, group: Mapping[str, Any]) -> Slot:
    """Where a group, the one at `index`, keeps what a program calls `name`.

    `momentum` is `betas[0]` in a group that has betas and no momentum: Adam's first beta is what
    other optimizers call momentum. `SpecError` if there is no number there.
    """
    written = _ENTRY.fullmatch(name)
    slot = Slot(name)
    if written is not None:
        slot = Slot(written[1], int(written[2]))
    if name == "momentum" and "momentum" not in group and "betas" in group:
        slot = Slot("betas", 0)
    known = _numbers(group)
    has = "the group has " + (", ".join(f"`{key}`" for key in known) or "no numbers")
    if _is_ours(slot.key):
        raise spec_error(diag.BAD_GROUP, f"`{name}` is not for a program to drive", fix=has)
    found = slot.get(group)
    if found is None and (slot.key not in group or slot.entry is not None):
        near = did_you_mean(name, known)
        fix = has if near is None else f"{near[0]} T{has[1:]}"
        raise spec_error(diag.BAD_GROUP, f"parameter group {index} has no `{name}`", fix=fix)
    if _is_row(found):
        message = f"`{name}` of parameter group {index} is {len(found)} numbers, not one"
        raise spec_error(diag.BAD_GROUP, message, fix=f"drive `{name}[0]` or another one of them")
    number_at(slot, index, group)
    return slot


def number_at(slot: Slot, index: int, group: Mapping[str, Any]) -> float:
    """The number that stands in a group; `SpecError` if it is none."""
    name = slot.key if slot.entry is None else f"{slot.key}[{slot.entry}]"
    return finite(slot.get(group), f"parameter group {index} needs a number as its `{name}`")


def finite(value: object, wanted: str) -> float:
    """A finite number or a Tensor of one as a float; `SpecError`, that says `wanted`, otherwise."""
    number = as_number(plain(value))
    if number is None or not math.isfinite(number):
        raise spec_error(diag.BAD_GROUP, f"{wanted}, not {plain(value)!r}")
    return float(number)


def plain(value: object) -> object:
    """A Tensor as a number or lists of numbers, anything else as it is."""
    if isinstance(value, Tensor):
        return value.item() if value.numel() == 1 else value.tolist()
    return value


def own(value: Any) -> Any:
    """A value that nobody else fills: Tensors are copied, alone or in a row."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    return tuple([own(item) for item in value]) if _is_row(value) else value


def _is_row(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_ours(key: str) -> bool:
    """Whether a key is none of the optimizer's numbers: torch's own, or the driver's."""
    return key in ("params", "param_names", "name", "lr_scale") or key.startswith(INITIAL)


def _numbers(group: Mapping[str, Any]) -> list[str]:
    """The numbers of a group by name, as a program may drive them."""
    rows = [
        (f"{key}[{i}]", item)
        for key, value in group.items()
        for i, item in enumerate(value if _is_row(value) and not _is_ours(key) else ())
    ]
    return [
        name
        for name, value in [*group.items(), *rows]
        if not _is_ours(name) and as_number(plain(value)) is not None
    ]
