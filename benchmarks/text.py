"""From text to schedule: specs that were never seen, long ones, and the same once more."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterator
from functools import partial

import lrdsl
from benchmarks.rows import Goal, Row, compared
from benchmarks.timing import Contender, Effort, contest

_numbers = itertools.count(1_000_000)
"""Each spec has another number in it, so that none of them is known already."""

_LINTED = 10_000


def rows(effort: Effort) -> Iterator[Row]:
    """Compiling and linting, beside Python's own parser on the same texts."""
    for size, goal in ((60, 400e-6), (2000, 8e-3)):
        known = of_size(size)
        times = contest(
            {
                "lrdsl": over(lrdsl.compile, partial(of_size, size)),
                "ast.parse": over(ast.parse, partial(of_size, size)),
                "again": over(lrdsl.compile, partial(str, known)),
            },
            effort,
        )
        what = f"parse + compile, {size:,} characters"
        limit = Goal(goal, is_cost=True)
        yield compared("text", what, times, "ast.parse", goal=limit)
        again = Goal(20e-6, is_cost=True)
        yield compared(
            "text", f"{what}, the second time", times, "ast.parse", ours="again", goal=again
        )
    yield _linted(effort)


def of_size(size: int) -> str:
    """A new spec of exactly so many characters, 60 or more.

    >>> len(of_size(60)), len(of_size(2000))
    (60, 2000)
    """
    first = f"warmup(linear, {next(_numbers)}) >> cosine(1, 1e-3, 800)"
    parts, room = [first], size - len(first)
    for i in itertools.count():
        part = f" >> linear(0.{i % 7 + 1}, 0.{i % 5 + 1}, {200 + i % 700})"
        if room < len(part):
            break
        parts.append(part)
        room -= len(part)
    return "".join(parts) + " " * room


def over(read: Callable[[str], object], text: Callable[[], str]) -> Contender:
    """Something that reads texts, which are made beforehand."""

    def run(texts: list[str]) -> None:
        for each in texts:
            read(each)

    return Contender(run, lambda n: [text() for _ in range(n)])


def _linted(effort: Effort) -> Row:
    sample = max(10, _LINTED // effort.sample // effort.size)
    contenders = {
        "lrdsl": _all(lrdsl.lint, sample),
        "compiling them": _all(lrdsl.compile, sample),
    }
    times = contest(contenders, effort.but(rounds=3))
    what = f"10,000 specs linted, taken from {sample:,} different ones"
    goal = Goal(10, is_cost=True)
    return compared("text", what, times, "compiling them", count=_LINTED, goal=goal)


def _all(read: Callable[[str], object], sample: int) -> Contender:
    """Each of a sample of different specs, read once."""

    def run(texts: list[str]) -> None:
        for text in texts:
            read(text)

    return Contender(run, lambda n: [of_size(60) for _ in range(n * sample)], units=sample)
