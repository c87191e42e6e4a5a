"""Beginning in the middle: a Scheduler at update 10^6, with no checkpoint of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from torch.optim import Optimizer

from benchmarks.peers import LENGTH, WARMUP, optimizer, sequential
from benchmarks.rows import Goal, Row, compared
from benchmarks.timing import Contender, Effort, contest
from lrdsl.torch import Scheduler

MILLION = 10**6
_numbers = itertools.count(1)


def rows(effort: Effort) -> Iterator[Row]:
    """Building and resuming, of a text that is known and of a new one."""
    updates = MILLION // effort.size
    forward = "torch SequentialLR, stepped to there"
    contenders = {
        "lrdsl": _built(lambda: f"warmup({WARMUP}) >> cosine(1, 0, {LENGTH})", updates),
        "new": _built(
            lambda: f"warmup({WARMUP}) >> cosine(1, 0, {LENGTH + next(_numbers)})", updates
        ),
        forward: Contender(lambda made: _fast_forward(made, updates), _optimizers),
    }
    times = contest(contenders, effort.but(rounds=5))
    what = "building a Scheduler at update 10^6"
    goal = Goal(300e-6, is_cost=True)
    yield compared("resume", what, times, forward, is_faster=True, goal=goal)
    yield compared("resume", f"{what}, of a new text", times, forward, ours="new", is_faster=True)


def _built(text: Callable[[], str], updates: int) -> Contender:
    def prepare(n: int) -> list[tuple[Optimizer, str]]:
        return [(optimizer(), text()) for _ in range(n)]

    def run(prepared: list[tuple[Optimizer, str]]) -> None:
        for made, spec in prepared:
            Scheduler(made, spec, start_step=updates)

    return Contender(run, prepare)


def _optimizers(n: int) -> list[Optimizer]:
    return [optimizer() for _ in range(n)]


def _fast_forward(made: list[Optimizer], updates: int) -> None:
    for each in made:
        step = sequential(each).step
        for _ in itertools.repeat(None, updates):
            step()
