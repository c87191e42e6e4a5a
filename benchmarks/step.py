"""`Scheduler.step()` beside a function that does the least it could do, and beside others."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import torch

from benchmarks.peers import PEERS, SEQUENTIAL, optimizer, sequential
from benchmarks.rows import Goal, Row, compared
from benchmarks.timing import Contender, Effort, calls, contest
from lrdsl.torch import Scheduler, attach

FLOAT_GOALS = {1: (6, 7), 8: (2.5, 10), 64: (1.5, 15), 512: (1.3, 17)}
"""By groups: the most over the bare function, and at least how many times faster than torch."""
TENSOR_GOALS = {1: 2.5, 64: 1.3}
PEER_GROUPS = 8
BARE = "a bare function"
"""It takes the next number from a list, and sets it in each group: the least that a step can do."""


def rows(effort: Effort) -> Iterator[Row]:
    """A step by number of groups, float and Tensor, and beside each of the peers."""
    for count, (over_loop, faster) in FLOAT_GOALS.items():
        what = f"step(), float lr, {groups(count)}"
        times = contest({**stepped(count), "torch SequentialLR": peer(count)}, effort)
        yield compared("step", what, times, BARE, goal=Goal(over_loop))
        goal = Goal(faster)
        yield compared("step", what, times, "torch SequentialLR", is_faster=True, goal=goal)
    for count, over_loop in TENSOR_GOALS.items():
        what = f"step(), Tensor lr, {groups(count)}"
        tensors = {**filled(count), "torch SequentialLR": peer(count, is_tensor=True)}
        times = contest(tensors, effort)
        yield compared("step", what, times, BARE, goal=Goal(over_loop))
        yield compared("step", what, times, "torch SequentialLR", is_faster=True)
    yield from _attached(effort)
    yield from _beside_peers(effort)


def groups(count: int) -> str:
    """Parameter groups, in words."""
    return "1 group" if count == 1 else f"{count} groups"


def ours(count: int, spec: str = SEQUENTIAL, *, is_tensor: bool = False) -> Contender:
    """A Scheduler's `step`."""
    return calls(Scheduler(optimizer(count, is_tensor=is_tensor), spec).step)


def peer(count: int, *, is_tensor: bool = False) -> Contender:
    """The `step` of torch's warmup and cosine."""
    return calls(sequential(optimizer(count, is_tensor=is_tensor)).step)


def stepped(count: int) -> dict[str, Contender]:
    """A Scheduler, and a function that takes the next float and sets it in each group."""
    bare = optimizer(count).param_groups
    following = itertools.cycle([0.1, 0.2]).__next__

    def step() -> None:
        x = following()
        for group in bare:
            group["lr"] = x

    return {"lrdsl": ours(count), BARE: calls(step)}


def filled(count: int) -> dict[str, Contender]:
    """The same where each group has a Tensor, which is filled."""
    bare = optimizer(count, is_tensor=True).param_groups
    following = itertools.cycle([0.1, 0.2]).__next__

    def step() -> None:
        x = following()
        for group in bare:
            group["lr"].fill_(x)

    return {"lrdsl": ours(count, is_tensor=True), BARE: calls(step)}


def _attached(effort: Effort) -> Iterator[Row]:
    """By the clock of updates the optimizer's own step drives: what is added to that."""
    plain, driven = optimizer(), optimizer()
    attach(driven, SEQUENTIAL)
    for made in (plain, driven):
        made.param_groups[0]["params"][0].grad = torch.zeros(1)
    contenders = {"lrdsl": calls(driven.step), "the optimizer's step alone": calls(plain.step)}
    times = contest(contenders, effort)
    what = "SGD's step() of one parameter, attached, 1 group"
    yield compared("step", what, times, "the optimizer's step alone")


def _beside_peers(effort: Effort) -> Iterator[Row]:
    what = f"step(), float lr, {groups(PEER_GROUPS)}"
    for other in PEERS:
        try:
            step = other.stepper(optimizer(PEER_GROUPS))
        except ImportError as error:
            yield Row("step", what, other.name, missing=str(error))
            continue
        contenders = {"lrdsl": ours(PEER_GROUPS, other.spec), other.name: calls(step)}
        times = contest(contenders, effort)
        yield compared("step", what, times, other.name, is_faster=True)
