"""Schedules that react to metrics: the cost of a metric, and of what is kept of many."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

from torch.optim.lr_scheduler import ReduceLROnPlateau

from benchmarks.peers import optimizer
from benchmarks.rows import Goal, Row, compared
from benchmarks.timing import Contender, Effort, Spread, calls, contest
from lrdsl.torch import Scheduler

COUNTS = (10, 10**4, 10**6)
"""The numbers of metrics after which one more is measured."""

PLATEAU = "constant(base) | plateau(0.1, patience=10)"
OF_EACH = {
    "plateau": "constant(base) | plateau(0.5, patience=0)",
    "newbob": "constant(base) | newbob(0.999, threshold=1e9)",
    "anchor": "constant(base) | anchor(0.999, patience=0, grace=0)",
}
"""One schedule with each modifier, of which most metrics change the factor."""

MOST_BYTES, MOST_SECONDS = 65_536, 0.020
TORCH = "torch ReduceLROnPlateau"


def rows(effort: Effort) -> Iterator[Row]:
    """A step with a metric, and the state after many."""
    for count in COUNTS:
        before = max(10, count // effort.size)
        ours, theirs = Scheduler(optimizer(), PLATEAU), ReduceLROnPlateau(optimizer())
        falling = itertools.count(1)
        for _ in range(before):
            ours.step(1.0 / next(falling))
        contenders = {
            "lrdsl": calls(lambda ours=ours, n=falling: ours.step(1.0 / next(n))),  # type: ignore[misc]
            TORCH: calls(lambda theirs=theirs, n=falling: theirs.step(1.0 / next(n))),  # type: ignore[misc]
        }
        what = f"step(metric), plateau, after {count:,} metrics"
        yield compared("metrics", what, contest(contenders, effort), TORCH, goal=Goal(2))
    for name, spec in OF_EACH.items():
        yield from _state(name, spec, effort)


def _state(name: str, spec: str, effort: Effort) -> Iterator[Row]:
    scheduler, count = Scheduler(optimizer(), spec), max(10, 5_000 // effort.size)
    for i in range(count):  # more than are remembered: what is kept has its full size by then
        scheduler.step(float(i))
    state = scheduler.state_dict()

    def load(made: list[Scheduler]) -> None:
        for each in made:
            each.load_state_dict(state)

    def prepare(n: int) -> list[Scheduler]:
        return [Scheduler(optimizer(), spec) for _ in range(n)]

    what = f"the state after {count:,} changes by `{name}`"
    size, most = Spread.of([float(len(json.dumps(state)))]), Spread.of([MOST_BYTES])
    yield _under(what, size, most, "64 KiB", "B")
    times = contest({"lrdsl": Contender(load, prepare)}, effort.but(rounds=5))
    most = Spread.of([MOST_SECONDS])
    yield _under(f"loading {what}", Spread.of(times["lrdsl"]), most, "20 ms", "s")


def _under(what: str, costs: Spread, most: Spread, over: str, unit: str) -> Row:
    """The row of something that has a limit of its own."""
    ratio = Spread(*[cost / most.median for cost in costs])
    return Row("metrics", what, over, costs, most, ratio, unit=unit, goal=Goal(1))
