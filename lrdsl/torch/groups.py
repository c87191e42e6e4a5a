"""What stands in an optimizer's parameter groups."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from lrdsl import diagnostics as d
from lrdsl.diagnostics import fail
from lrdsl.syntax.spec import as_number


def lr_of(index: int, group: Mapping[str, Any], key: str) -> float:
    """The number at a group's key; `SpecError` if it is none."""
    return finite(group.get(key), f"parameter group {index} needs a number as its `{key}`")


def finite(value: object, wanted: str) -> float:
    """A finite number or a Tensor of one as a float; `SpecError`, that says `wanted`, otherwise."""
    if isinstance(value, Tensor):
        value = value.item() if value.numel() == 1 else value.tolist()
    number = as_number(value)
    if number is None or not math.isfinite(number):
        raise fail(d.BAD_GROUP, f"{wanted}, not {value!r}")
    return float(number)


def own(lr: Any) -> Any:
    """A learning rate that nobody else fills."""
    return lr.detach().clone() if isinstance(lr, Tensor) else lr
