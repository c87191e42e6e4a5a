"""`Optimizers`: several optimizers that one Scheduler drives, as if they were one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

from torch.optim import Optimizer

from lrdsl.diagnostics import BAD_GROUP, spec_error
from lrdsl.schedule.program_entries import GroupName
from lrdsl.torch.step_hooks import unwrapped


class Optimizers:
    """Several optimizers in order, each with a name: their groups are one list.

    >>> import torch
    >>> one, two = [torch.optim.SGD([torch.zeros(1)], lr=lr) for lr in (1.0, 0.5)]
    >>> [group["lr"] for group in Optimizers({"one": one, "two": two}).param_groups]
    [1.0, 0.5]
    """

    def __init__(self, named: Mapping[str, Optimizer]) -> None:
        self.named = dict(named)
        self._seen: list[tuple[list[dict[str, Any]], int]] = []
        """The list of groups of each optimizer, with its length."""
        self._groups: list[dict[str, Any]] = []

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of all; the same list for as long as each has the groups that it had."""
        lists = [each.param_groups for each in self.named.values()]
        seen = self._seen
        if len(seen) != len(lists) or any(
            [own is not found or len(own) != size for own, (found, size) in zip(lists, seen)]  # noqa: B905
        ):
            self._seen = [(own, len(own)) for own in lists]
            self._groups = [group for own in lists for group in own]
        return self._groups

    def __getstate__(self) -> dict[str, Any]:
        return {"named": self.named, "_seen": [], "_groups": []}


AnyOptimizer: TypeAlias = Optimizer | Optimizers
"""One optimizer, or several."""


def each_of(optimizer: AnyOptimizer) -> list[Optimizer]:
    """The optimizers, in order."""
    return [*optimizer.named.values()] if isinstance(optimizer, Optimizers) else [optimizer]


def parts_of(optimizer: AnyOptimizer) -> Iterator[tuple[Optimizer, slice]]:
    """Each optimizer, with the place of its groups among those of all."""
    several = each_of(optimizer)
    stops = [0]
    for each in several:
        stops.append(stops[-1] + len(each.param_groups))
    for each, (start, stop) in zip(several, pairwise(stops), strict=True):
        yield each, slice(start, stop)


def owner_of(optimizer: AnyOptimizer, index: int) -> Optimizer:
    """The optimizer that has the group at an index."""
    return next(each for each, place in parts_of(optimizer) if index < place.stop)


def full_names(optimizer: AnyOptimizer, names: Sequence[object]) -> list[object]:
    """The name of each group; of several optimizers with that of its own, `muon/head`."""
    if not isinstance(optimizer, Optimizers):
        return [*names]
    return [
        GroupName(own, i, name)
        for own, (_, place) in zip(optimizer.named, parts_of(optimizer), strict=True)
        for i, name in enumerate(names[place])
    ]


def given_optimizers(given: object) -> AnyOptimizer:
    """The optimizer that a Scheduler is given, or the several, in a mapping or a list.

    Wrappers are looked through. Raises `SpecError` for anything else.
    """
    if isinstance(given, Optimizer):
        return unwrapped(given)
    named: dict[Any, Any] | None = None
    if isinstance(given, Mapping):
        named = dict(given)
    elif isinstance(given, Sequence) and not isinstance(given, str):
        named = {str(i): each for i, each in enumerate(given)}
    if named is None:
        found = type(given).__name__
        message = f"a Scheduler drives a torch.optim.Optimizer, or several, not a {found}"
        raise spec_error(BAD_GROUP, message)
    if not named:
        raise spec_error(BAD_GROUP, "a Scheduler drives a torch.optim.Optimizer, and there is none")
    for name, each in named.items():
        if not isinstance(name, str) or not name or "/" in name:
            message = f"an optimizer's name must be text without `/`, not {name!r}"
            raise spec_error(BAD_GROUP, message)
        if not isinstance(each, Optimizer):
            message = f"`{name}` must be a torch.optim.Optimizer, not a {type(each).__name__}"
            raise spec_error(BAD_GROUP, message)
    named = {name: unwrapped(each) for name, each in named.items()}
    if len({id(each) for each in named.values()}) < len(named):
        raise spec_error(BAD_GROUP, "an optimizer is given twice", fix="name each of them once")
    return Optimizers(named)
