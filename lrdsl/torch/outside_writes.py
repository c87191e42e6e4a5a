"""Driven numbers that something other than their Scheduler has written."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from lrdsl.torch.options import Clock
from lrdsl.torch.warn import shown_pair


class Written(NamedTuple):
    """A number that somebody else has written: what it was set to, and what stands there."""

    name: str
    group: int
    was_set: float
    stands: float


def outside_write(written: Written, t: int, clock: Clock) -> str:
    """The warning about a number that somebody else has written since update `t`."""
    was_set, stands = shown_pair(written.was_set, written.stands)
    replaced = "Each `step()`" if clock == "calls" else "Each update of the optimizer"
    return (
        f"`{written.name}` of parameter group {written.group} was set to {was_set} at update {t:,},"
        f" and stands at {stands}: something else writes it too, such as another scheduler or a "
        f"callback. {replaced} puts the schedule's value in its place"
    )


def stored_as(value: float, number: object) -> float:
    """A value as it is where a number stands: a Tensor may have fewer digits."""
    if isinstance(number, Tensor):
        return float(torch.tensor(value, dtype=number.dtype))
    return value
