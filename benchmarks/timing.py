"""Measuring several things side by side.

All contenders take turns in one process, so that whatever else the machine does falls upon all of
them alike: a ratio of two times of one round is worth much more than either time.
"""

from __future__ import annotations

import gc
import itertools
import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

MOST_RUNS = 10**6
"""No contender runs more often than this in a round."""


@dataclass(frozen=True)
class Effort:
    """How much is measured: `rounds`, and about how long a contender runs in each, in seconds.

    `size` is what rows that need a long time divide their work by, `sample` what those do that can
    take a part for the whole.
    """

    rounds: int = 15
    seconds: float = 0.03
    size: int = 1
    sample: int = 10

    def but(self, rounds: int, seconds: float = math.inf) -> Effort:
        """The same with fewer rounds, or shorter ones, for what takes long."""
        rounds, seconds = min(rounds, self.rounds), min(seconds, self.seconds)
        return replace(self, rounds=rounds, seconds=seconds)


QUICK = Effort(rounds=3, seconds=0.0005, size=100)
USUAL = Effort()
FULL = Effort(rounds=31, seconds=0.1, sample=1)


@dataclass(frozen=True)
class Contender:
    """Something to measure: `run(n)` does it n times, or `run(prepare(n))`.

    What is prepared is not measured. Times are those of one of `units`.
    """

    run: Callable[[Any], object]
    prepare: Callable[[int], Any] | None = None
    units: float = 1

    def seconds(self, n: int) -> float:
        """How long one unit took when it was done n times."""
        prepared = n if self.prepare is None else self.prepare(n)
        began = time.perf_counter()
        self.run(prepared)
        return (time.perf_counter() - began) / n / self.units


def calls(function: Callable[[], object], units: float = 1) -> Contender:
    """A contender that is one call of a function."""

    def run(n: int) -> None:
        for _ in itertools.repeat(None, n):
            function()

    return Contender(run, units=units)


class Spread(NamedTuple):
    """The middle of some measurements, and the quartiles around it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        """The median and the quartiles; those of a single value are itself.

        >>> Spread.of([4.0, 1.0, 2.0, 3.0, 5.0])
        Spread(median=3.0, low=2.0, high=4.0)
        """
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high)


Times = dict[str, list[float]]
"""What each contender took in each round, in seconds for a unit."""


def contest(contenders: Mapping[str, Contender], effort: Effort) -> Times:
    """The times of some contenders that take turns, in each round in another order."""
    runs = {name: _enough(contender, effort) for name, contender in contenders.items()}
    times: Times = {name: [] for name in contenders}
    names = list(contenders)
    with _no_collection():
        for i in range(effort.rounds):
            for name in names[i % len(names) :] + names[: i % len(names)]:
                times[name].append(contenders[name].seconds(runs[name]))
    return times


def _enough(contender: Contender, effort: Effort) -> int:
    """How often it must run to take about as long as it should; this warms it up, too."""
    n = 1
    while True:
        # The shorter of two: what is done once in many times may fall upon one of them.
        took = min(contender.seconds(n), contender.seconds(n)) * n * contender.units
        if took >= effort.seconds or n >= MOST_RUNS:
            return n
        n = min(MOST_RUNS, max(2 * n, min(10 * n, int(n * effort.seconds / max(took, 1e-9)))))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Garbage is collected before, not meanwhile."""
    gc.collect()
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
