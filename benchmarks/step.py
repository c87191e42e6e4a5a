"""`Scheduler.step()` beside a function that does the least it could do, and beside others.

Every way to drive numbers that a user meets has rows: numbers that all groups share, those of each
group's own base, with an `lr_scale`, a program of two numbers, a callback, Tensors.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.optim import Optimizer

from benchmarks.peers import BASE, LENGTH, PEERS, SEQUENTIAL, optimizer, sequential
from benchmarks.rows import Goal, Row, compared
from benchmarks.timing import Contender, Effort, calls, contest
from lrdsl.torch import Scheduler, attach

OVER_BARE = {1: 6, 8: 2.5, 64: 1.5, 512: 1.3}
"""By groups: the most that a step may take over the bare function, in every row."""
FASTER, FASTER_WITH_CALLBACK = 10, 4
"""How many times faster than torch's SequentialLR a step of 8 groups and more should be."""
PEER_GROUPS = 8
BARE = "a bare function"
"""It takes the next values from a list, and sets them in each group: the least a step can do."""
TORCH = "torch SequentialLR"


@dataclass(frozen=True)
class Case:
    """A way to drive the numbers of an optimizer: `make` makes one with so many groups."""

    name: str
    make: Callable[[int], Optimizer]
    spec: str | Mapping[str, str] = SEQUENTIAL
    keys: tuple[str, ...] = ("lr",)
    is_shared: bool = True
    """Whether all groups get the same value."""
    is_tensor: bool = False
    callback: Callable[[int, Any], object] | None = None
    faster: float = field(default=FASTER)

    def ours(self, count: int) -> Contender:
        """A Scheduler's `step`."""
        scheduler = Scheduler(self.make(count), self.spec)
        if self.callback is not None:
            scheduler.on_update(self.callback)
        return calls(scheduler.step)

    def bare(self, count: int) -> Contender:
        """A function that makes the same assignments, and the same call."""
        groups, keys = self.make(count).param_groups, self.keys
        rows = [[0.1] * count, [0.2] * count]
        key, following = keys[0], itertools.cycle([0.1, 0.2]).__next__
        of_groups, callback = itertools.cycle(rows).__next__, self.callback

        def fill() -> None:
            x = following()
            for group in groups:
                group[key].fill_(x)

        def share() -> None:
            x = following()
            for group in groups:
                group[key] = x

        def share_and_call() -> None:
            x = following()
            for group in groups:
                group[key] = x
            callback(1, {"lr": (x,) * count})  # type: ignore[misc]

        def share_each() -> None:
            x = following()
            for group in groups:
                group[key] = x
            for group in groups:
                group["weight_decay"] = x

        def own() -> None:
            for group, x in zip(groups, of_groups()):  # noqa: B905 - `strict=` is slow
                group[key] = x

        if self.is_tensor:
            return calls(fill)
        if callback is not None:
            return calls(share_and_call)
        if len(keys) > 1:
            return calls(share_each)
        return calls(share if self.is_shared else own)

    def contenders(self, count: int) -> dict[str, Contender]:
        """The Scheduler, the bare function, and torch's pair, which drives `lr` alone."""
        return {
            "lrdsl": self.ours(count),
            BARE: self.bare(count),
            TORCH: calls(sequential(self.make(count)).step),
        }


def of_own_bases(count: int) -> Optimizer:
    """An optimizer whose groups have learning rates of their own, as by layer-wise decay."""
    made = optimizer(count)
    for i, group in enumerate(made.param_groups):
        group["lr"] = BASE * 0.999**i
    return made


def of_scales(count: int) -> Optimizer:
    """An optimizer whose groups have an `lr_scale`, as timm gives them."""
    made = optimizer(count)
    for i, group in enumerate(made.param_groups):
        group["lr_scale"] = 0.999**i
    return made


def of_tensors(count: int) -> Optimizer:
    """An optimizer whose learning rates are Tensors."""
    return optimizer(count, is_tensor=True)


CASES = (
    Case("one float for all groups", optimizer),
    Case("own bases", of_own_bases, is_shared=False),
    Case("lr_scale", of_scales, is_shared=False),
    Case(
        "lr and weight_decay",
        optimizer,
        {"lr": SEQUENTIAL, "weight_decay": f"cosine(0.1, 0.01, {LENGTH})"},
        keys=("lr", "weight_decay"),
    ),
    Case(
        "on_update",
        optimizer,
        callback=lambda update, values: None,
        faster=FASTER_WITH_CALLBACK,
    ),
    Case("a Tensor for each group", of_tensors, is_tensor=True),
)


def rows(effort: Effort) -> Iterator[Row]:
    """A step by the way of driving and the number of groups, and beside each of the peers."""
    for case in CASES:
        for count, over_bare in OVER_BARE.items():
            what = f"step(), {case.name}, {groups(count)}"
            times = contest(case.contenders(count), effort)
            yield compared("step", what, times, BARE, goal=Goal(over_bare))
            goal = Goal(1 if count == 1 else case.faster)
            yield compared("step", what, times, TORCH, is_faster=True, goal=goal)
    yield from _attached(effort)
    yield from _beside_peers(effort)


def groups(count: int) -> str:
    """Parameter groups, in words."""
    return "1 group" if count == 1 else f"{count} groups"


def _attached(effort: Effort) -> Iterator[Row]:
    """By the clock of updates the optimizer's own step drives: what is added to that."""
    hooked, driven = optimizer(), optimizer()
    attach(driven, SEQUENTIAL)
    hooked.register_step_pre_hook(_nothing)
    hooked.register_step_post_hook(_nothing)
    for made in (hooked, driven):
        made.param_groups[0]["params"][0].grad = torch.zeros(1)
    over = "the optimizer's step with two empty hooks"
    times = contest({"lrdsl": calls(driven.step), over: calls(hooked.step)}, effort)
    what = "SGD's step() of one parameter, attached, 1 group"
    yield compared("step", what, times, over, goal=Goal(1.15))


def _nothing(optimizer: Optimizer, args: object, kwargs: object) -> None:
    """A hook."""


def _beside_peers(effort: Effort) -> Iterator[Row]:
    what = f"step(), one float for all groups, {groups(PEER_GROUPS)}"
    for other in PEERS:
        try:
            step = other.stepper(optimizer(PEER_GROUPS))
        except ImportError as error:
            yield Row("step", what, other.name, missing=str(error))
            continue
        ours = calls(Scheduler(optimizer(PEER_GROUPS), other.spec).step)
        times = contest({"lrdsl": ours, other.name: calls(step)}, effort)
        yield compared("step", what, times, other.name, is_faster=True, goal=Goal(1))
