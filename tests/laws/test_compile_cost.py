"""Compiling takes as long for a long run as for a short one, and little more for many entries."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import lrdsl
from lrdsl.compiler.context import Context
from lrdsl.language.modifiers.cumulative import BLOCK
from lrdsl.schedule.compile import compile_in
from tests.support.counting import calls

SPECS = [
    "0.999 ** (t / total) | cumulative()",
    "linear(1, 0.999) | cumulative()",
    "(linear(1, 0.999) | cumulative()) | cumulative()",
    "((linear(1, 0.999) | cumulative()) | cumulative()) | cumulative()",
    "0.1 * (cosine(1, 0.999) | cumulative()) + linear(1, 0)",
    "warmup(5%) >> (cosine(1, 0.999) | cumulative())",
    "hold(50%) >> (cosine(1, 0.999) | cumulative() | every(7))",
    "(linear(1, 0.999, 50%) | cumulative()) + (hold(10) >> step(1, 0.5, 10%))",
    "hold() | interval[10%: linear(1, 0.999) | cumulative()]",
    "linear(1, 0.999, 5000) | cumulative() | skip(10)",
    "linear(1, 0.999, 5000) | cumulative() | stretch(3)",
    "def decayed(x) = x | cumulative()\ndecayed(linear(1, 0.999))",
    "cosine(1, 0) | repeat(10)",
    "warmup(5%) >> cosine()",
    "step(1, 0.5, 1%) | clip(0.01, 1)",
]


def cost(text: str, total: int) -> int:
    """Python calls that compiling takes."""
    *definitions, spec = text.split("\n")
    given = {"base_lr": 1.0, "definitions": definitions}
    lrdsl.compile(spec, total_steps=total - 1, **given)  # all that is imported is
    return calls(lambda: lrdsl.compile(spec, total_steps=total, **given))


@pytest.mark.parametrize("text", SPECS)
def test_compiling_for_a_long_run_takes_as_much_as_for_a_short_one(text: str) -> None:
    short, *longer = [cost(text, total) for total in (10**4, 10**6, 10**9, 10**12)]
    assert max(longer) <= 1.05 * short + 50


LEANING = [
    "(linear(1, 0.999, {n}) | cumulative() | take({n})) >> linear(prev, 0)",
    "(constant(0.999, {n}) | cumulative() | take({n})) >> exponential(_, 1e-9)",
    "(linear(1, 0.999, {n}) | cumulative()) | interval[{n}: linear(prev, 0, 5)]",
    "warmup(5) >> (linear(1, 0.999, {n}) | cumulative() | skip({n}))",
    "(linear(1, 0.999, {n}) | cumulative() | take({n})) >> (linear(_, 0, 10) | repeat(3))",
]
"""Schedules that lean on the product of n values."""


@pytest.mark.parametrize("text", LEANING)
def test_what_leans_on_a_running_product_takes_no_longer_in_a_long_run(text: str) -> None:
    def compile(n: int) -> None:
        lrdsl.compile(text.format(n=n), total_steps=2 * n, base_lr=1.0)

    def refused(n: int) -> None:
        with pytest.raises(lrdsl.SpecError, match=r"LR504.*leans on .*one by one(.|\n)*write that"):
            compile(n)

    compile(100)
    short = calls(lambda: compile(10**3))
    assert calls(lambda: compile(10**6)) <= short + 1500  # a block of 65,536 values takes a few
    refused(10**6 + 1)
    assert calls(lambda: refused(10**12)) <= 2 * short + 500


@pytest.mark.parametrize(
    "text",
    [
        "linear(1, 0.999) | cumulative()",
        "torch.OneCycleLR(1e-300, pct_start=1e-4, three_phase=true)",
        "torch.OneCycleLR(0.1, pct_start=1e-5, three_phase=true)",
        "linear(1, 0.5, 1e8) * cosine(1, 0.999, 3e7) | cumulative()",
        "linear(1, 0.5, 1e8) * cosine(1, 0.999, 3e7)",
    ],
)
def test_lint_evaluates_no_more_of_a_long_run(text: str) -> None:
    evaluated = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal evaluated
        if event == "return" and frame.f_code.co_name == "values" and argument is not None:
            evaluated += len(argument)

    sys.setprofile(count)
    try:
        lrdsl.lint(text, total_steps=10**12, base_lr=0.5)
    finally:
        sys.setprofile(None)
    assert evaluated < 2 * 10**7


def test_a_schedule_that_refers_to_a_running_product() -> None:
    def count(total: int) -> int:
        context = Context.of(total_steps=total)
        lr = compile_in("linear(1, 0.999) | cumulative()", context)
        return calls(lambda: compile_in("0.1 * lr", context, {"lr": lr}))

    count(100)
    assert count(10**8) <= 1.05 * count(10**5) + 50


# Running products


def product(spec: str, t: int) -> float:
    """The product, as it is defined."""
    found = 1.0
    for value in lrdsl.compile(spec)(range(1, t + 1)).tolist():
        found *= value
    return found


@pytest.mark.parametrize("t", [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5])
def test_products_are_the_same_in_whatever_order_they_are_asked_for(t: int) -> None:
    spec = "linear(1, 0.999, 20000)"
    schedule = lrdsl.compile(f"{spec} | cumulative()")
    asked_late = lrdsl.compile(f"{spec} | take(20000) | cumulative()")
    asked_late(3 * BLOCK + 7)
    assert schedule(t) == asked_late(t) == product(spec, t)


def test_threads_find_the_same_product() -> None:
    spec = "linear(1, 0.999, 200000 + {}) | cumulative() | take(100000)"
    for n in range(5):
        schedule, alone = [lrdsl.compile(spec.format(n) + end) for end in ("", " | clip(-9, 9)")]
        updates = [np.arange(n, 100_000, 997 + n) for n in range(8)]
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(schedule, updates))
        assert all([(a == alone(t)).all() for a, t in zip(found, updates, strict=True)])


FORKS = """
import os, signal, sys, threading, time
import lrdsl

def fresh(n):
    return lrdsl.compile(f"linear(1, 0.999, 9e6 + {n}) | cumulative()")

shared, ended = fresh(0), threading.Event()

def busy(n):
    while not ended.is_set():
        fresh(n)(400_000)
        shared(300_000 + n)
        n += 7

for n in range(3):
    threading.Thread(target=busy, args=[n], daemon=True).start()
for i in range(20):
    child = os.fork()
    if child == 0:
        assert shared(1000) > 0 and fresh(1000 + i)(5) > 0
        os._exit(0)
    limit = time.monotonic() + 60
    while (found := os.waitpid(child, os.WNOHANG))[0] == 0:
        if time.monotonic() > limit:
            os.kill(child, signal.SIGKILL)
            sys.exit(f"child {i} hangs")
        time.sleep(0.002)
    if found[1]:
        sys.exit(f"child {i} fails: {found[1]}")
ended.set()
os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_child_that_is_forked_meanwhile_goes_on() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKS], capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stderr[-2000:]


# Intervals

OVERLAPPING = {
    "factors": "{0}..{1}:*.999",
    "values": "{0}..{1}:.5",
    "schedules": "{0}..{1}:t",
    "changing factors": "{0}..{1}:*(1 - t / 1e9)",
    "without end": "{0}:*.999 + {1} * 0",
    "replaced": "{0}:t + {1}",
}


@pytest.mark.parametrize("form", OVERLAPPING.values(), ids=OVERLAPPING)
@pytest.mark.parametrize("width", [5, 100_000], ids=["a few", "all"])
def test_entries_that_overlap_take_little_more_than_others(form: str, width: int) -> None:
    def count(entries: int) -> int:
        text = ", ".join([form.format(9 * i, 9 * i + width) for i in range(entries)])
        spec = f"linear(1, 0, 90000) | interval[{text}]"
        return calls(lambda: lrdsl.compile(spec)(80_000))

    count(3)
    few, many = count(80), count(400)
    assert many <= 1.2 * 5 * few


def test_many_overlapping_entries_by_their_definition() -> None:
    rng = np.random.default_rng(0)
    starts = np.unique(rng.integers(0, 500, 60)).tolist()
    entries = [(at, at + int(rng.integers(0, 200)), rng.choice(["*0.5", "*t", "0.25", "t"]))
               for at in starts]  # fmt: skip
    text = ", ".join([f"{at}..{stop}:{what}" for at, stop, what in entries if at < stop])
    found = lrdsl.compile(f"linear(1, 0, 1000) | interval[{text}]")(range(700))
    for t in range(700):
        value = 1 - t / 1000
        for at, stop, what in entries:
            if at <= t < stop:
                own = t - at if "t" in what else float(what.strip("*"))
                value = value * own if "*" in what else own
        assert found[t] == pytest.approx(value, rel=1e-12)
