"""Beginning: building Schedulers, in the middle of a run too, with a checkpoint or other plans."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from benchmarks.peers import LENGTH, SEQUENTIAL, WARMUP, optimizer, sequential
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
    goal = Goal(1000)
    yield compared("resume", what, times, forward, is_faster=True, goal=goal)
    yield compared("resume", f"{what}, of a new text", times, forward, ours="new", is_faster=True)
    yield _loaded(effort)
    yield _many_groups(effort)
    yield _replanned(effort)


def _loaded(effort: Effort) -> Row:
    """A run that goes on from a checkpoint: both make the scheduler, and load its state."""
    ours, theirs = Scheduler(optimizer(), SEQUENTIAL), sequential(optimizer())
    own_state, their_state = ours.state_dict(), theirs.state_dict()

    def resume_ours(made: list[Optimizer]) -> None:
        for each in made:
            Scheduler(each, SEQUENTIAL).load_state_dict(own_state)

    def resume_theirs(made: list[Optimizer]) -> None:
        for each in made:
            sequential(each).load_state_dict(their_state)

    over = "torch SequentialLR"
    contenders = {
        "lrdsl": Contender(resume_ours, _optimizers),
        over: Contender(resume_theirs, _optimizers),
    }
    times = contest(contenders, effort.but(rounds=9))
    what = "a new Scheduler, and load_state_dict, 1 group"
    return compared("resume", what, times, over, goal=Goal(3))


def _many_groups(effort: Effort) -> Row:
    """Layer-wise decay: each group has a base of its own, and so a schedule of its own."""
    count = 512
    bases = itertools.count(1)

    def prepare(n: int) -> list[Optimizer]:
        made = [optimizer(count) for _ in range(n)]
        for each in made:
            base = 0.1 + next(bases) * 1e-6  # no run finds the schedules of another one
            for i, group in enumerate(each.param_groups):
                group["lr"] = base * 0.999**i
        return made

    def build_ours(made: list[Optimizer]) -> None:
        for each in made:
            Scheduler(each, "warmup(1000) >> cosine(base, 0, 100000)")

    def build_theirs(made: list[Optimizer]) -> None:
        for each in made:
            LambdaLR(each, lambda t: min(t / 1000, 1.0))

    over = "torch LambdaLR"
    contenders = {"lrdsl": Contender(build_ours, prepare), over: Contender(build_theirs, prepare)}
    times = contest(contenders, effort.but(rounds=5))
    what = f"a new Scheduler, {count} groups with own bases"
    return compared("resume", what, times, over, goal=Goal(30))


def _replanned(effort: Effort) -> Row:
    """A run that is steered by hand again and again."""
    later = 100

    def prepare(former: int) -> Callable[[int], list[Scheduler]]:
        def make(n: int) -> list[Scheduler]:
            made = [Scheduler(optimizer(), "constant(base)") for _ in range(n)]
            for scheduler in made:
                for i in range(former):
                    scheduler.step()
                    scheduler.replan(f"hold({3 + i}) >> linear(_, prev * 0.99, 5)")
                scheduler.step()
            return made

        return make

    def replan(made: list[Scheduler]) -> None:
        for scheduler in made:
            scheduler.replan(f"hold(2) >> linear(_, prev * 0.99, {1000 + next(_numbers)})")

    over = "the first"
    contenders = {
        "lrdsl": Contender(replan, prepare(later - 1)),
        over: Contender(replan, prepare(0)),
    }
    times = contest(contenders, effort.but(rounds=5))
    return compared("resume", f"replan number {later}", times, over, goal=Goal(1.5))


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
