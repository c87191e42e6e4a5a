"""Evaluating a schedule: many updates at once, one value, far ahead, and the memory it takes."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np

import lrdsl
from benchmarks.peers import LENGTH, PEERS, WARMUP, optimizer
from benchmarks.rows import Goal, Row, compared
from benchmarks.timing import Contender, Effort, Spread, calls, contest
from lrdsl import Schedule

MILLION = 10**6
WARMUP_COSINE = f"warmup({WARMUP}) >> cosine(1, 1e-3, {MILLION - WARMUP})"


def rows(effort: Effort) -> Iterator[Row]:
    """Values by the million, out of order, and one by one; memory."""
    n = MILLION // effort.size
    yield from _by_the_million(effort, n)
    yield from _out_of_order(effort, n)
    yield from _over_loops(effort, n)
    yield from _one_value(effort)
    yield _memory(100 * MILLION // effort.size)


def segments(count: int, length: int = MILLION) -> str:
    """A chain of so many segments, each half a cosine, of `length` updates in all."""
    each = length // count
    parts = [f"cosine({1 / (i + 1):.6g}, {1 / (i + 2):.6g}, {each})" for i in range(count)]
    return " >> ".join(parts)


def floor(n: int) -> Contender:
    """The cosine of n numbers, which is what a schedule of cosines must seem to cost."""
    angles = np.linspace(0, np.pi, n)
    return calls(lambda: np.cos(angles), units=n)


def valued(schedule: Schedule, n: int) -> Contender:
    """All values of the first n updates."""
    return calls(lambda: schedule.values(n), units=n)


def _by_the_million(effort: Effort, n: int) -> Iterator[Row]:
    product = f"({WARMUP_COSINE}) * cosine(1, 0.5, {MILLION})"
    cases = (
        ("warmup + cosine", WARMUP_COSINE, 0.4),
        ("8 segments", segments(8, n), 1.3),
        ("a product of two", product, 2.5),
    )
    for name, spec, goal in cases:
        contenders = {"lrdsl": valued(lrdsl.compile(spec), n), "np.cos": floor(n)}
        times = contest(contenders, effort)
        what = f"10^6 updates of {name}"
        yield compared("evaluate", what, times, "np.cos", count=MILLION, goal=Goal(goal))


def _out_of_order(effort: Effort, n: int) -> Iterator[Row]:
    schedule = lrdsl.compile(segments(8, n))
    steps = np.random.default_rng(0).permutation(n)
    contenders = {"lrdsl": calls(lambda: schedule(steps), units=n), "np.cos": floor(n)}
    times = contest(contenders, effort)
    what = "10^6 updates in no order, 8 segments"
    yield compared("evaluate", what, times, "np.cos", count=MILLION, goal=Goal(6))


def _over_loops(effort: Effort, n: int) -> Iterator[Row]:
    """What people do now to know a schedule: they step through it."""
    what = "10^6 updates of warmup + cosine"
    wanted = ("torch SequentialLR", "transformers get_cosine_schedule_with_warmup")
    for peer in PEERS:
        if peer.name not in wanted:
            continue
        over = f"stepping {peer.name}"
        try:
            step = peer.stepper(optimizer())
        except ImportError as error:
            yield Row("evaluate", what, over, missing=str(error))
            continue
        schedule = lrdsl.compile(peer.spec, base_lr=0.1)
        times = contest({"lrdsl": valued(schedule, n), over: calls(step)}, effort)
        goal = Goal(200) if peer.name == wanted[0] else None
        yield compared("evaluate", what, times, over, count=MILLION, is_faster=True, goal=goal)
    yield from _optax(effort, n)


def _optax(effort: Effort, n: int) -> Iterator[Row]:
    what, over = "10^6 updates of warmup + cosine", "optax, vmapped and jitted, float32"
    try:
        import jax
        import jax.numpy as jnp
        import optax
    except ImportError as error:
        yield Row("evaluate", what, over, missing=str(error))
        return
    theirs = optax.warmup_cosine_decay_schedule(0.0, 1.0, WARMUP, MILLION, 1e-3)
    whole: Any = jax.jit(jax.vmap(theirs))
    counts = jnp.arange(n)
    contenders = {
        "lrdsl": valued(lrdsl.compile(WARMUP_COSINE), n),
        over: calls(lambda: whole(counts).block_until_ready(), units=n),
    }
    times = contest(contenders, effort)
    yield compared("evaluate", what, times, over, count=MILLION, is_faster=True)


def _one_value(effort: Effort) -> Iterator[Row]:
    two, thousand = lrdsl.compile(segments(2)), lrdsl.compile(segments(1000))
    far = lrdsl.compile(f"warmup({WARMUP}) >> cosine(1, 0, {2 * MILLION**2})")
    contenders = {
        "lrdsl": calls(lambda: thousand(777_777)),
        "2 segments": calls(lambda: two(777_777)),
        "far": calls(lambda: far(MILLION**2)),
        "near": calls(lambda: far(WARMUP + 1)),
    }
    times = contest(contenders, effort)
    what = "one value of 1,000 segments"
    yield compared("evaluate", what, times, "2 segments", goal=Goal(1.5))
    yield compared("evaluate", "one value at update 10^12", times, "near", ours="far")


def _memory(n: int) -> Row:
    """What is allocated beyond the output while n values are made."""
    schedule = lrdsl.compile(f"warmup({WARMUP}) >> cosine(1, 0, {LENGTH})")
    schedule.values(10)
    beyond = float(allocated_beyond(schedule, n))
    output = 8.0 * n
    return Row(
        "evaluate",
        f"memory beyond the output, {n:.0e} updates".replace("e+0", "e"),
        "the output",
        costs=Spread.of([beyond]),
        beside=Spread.of([output]),
        ratio=Spread.of([beyond / output]),
        unit="B",
        goal=Goal(0.05),
    )


def allocated_beyond(schedule: Schedule, n: int) -> int:
    """The most bytes that `schedule.values(n)` holds at once, without those that it returns."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        values = schedule.values(n)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return peak - before - int(values.nbytes)
