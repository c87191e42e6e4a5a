"""Every boundary is the exact start plus the exact offset, rounded half up, however far away."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from tests.support.counting import calls

FAR = 10**12

exact = st.fractions(0, 1000, max_denominator=997)
periods = st.fractions(1, 500, max_denominator=997) | st.integers(1, 50).map(Fraction)
times = st.integers(0, FAR) | st.integers(0, 3000)


def half_up(x: Fraction) -> int:
    return math.floor(x + Fraction(1, 2))


def text(x: Fraction) -> str:
    return f"{x.numerator} * 1ba / {x.denominator}"


def rounds_before(t: int, start: Fraction, size: Fraction) -> int:
    """The last k for which start + k·size, rounded half up, is at t or before."""
    return math.ceil((t + Fraction(1, 2) - start) / size) - 1


def after(start: Fraction, spec: str) -> tuple[lrdsl.Schedule, int]:
    """A spec that begins after so many updates, and the update at which it does."""
    spec = f"constant(7, {text(start)}) >> ({spec})" if start else spec
    return lrdsl.compile(spec), half_up(start)


@given(exact, periods, times)
def test_of_every(start: Fraction, size: Fraction, t: int) -> None:
    schedule, zero = after(start, f"t | every({text(size)})")
    k = rounds_before(zero + t, start, size)
    assert schedule(zero + t) == half_up(start + k * size) - zero


@given(exact, periods, times)
def test_of_step_and_of_a_staircase(start: Fraction, size: Fraction, t: int) -> None:
    gamma = 1 - 1e-9
    k = rounds_before(half_up(start) + t, start, size)
    for spec in ("step(1, {}, {})", "exponential_decay(1, {}, every={}, staircase=true)"):
        schedule, zero = after(start, spec.format(repr(gamma), text(size)))
        assert schedule(zero + t) == pytest.approx(np.float64(gamma) ** k, rel=1e-15)


@given(exact, st.lists(st.fractions(0, FAR, max_denominator=997), min_size=1, max_size=5), times)
def test_of_milestones(start: Fraction, at: list[Fraction], t: int) -> None:
    at = sorted(at)
    schedule, zero = after(start, f"multistep(1, 2, at=[{', '.join(map(text, at))}])")
    assert schedule(zero + t) == 2.0 ** sum(half_up(start + x) <= zero + t for x in at)


@given(exact, periods, times)
def test_of_rounds(start: Fraction, size: Fraction, t: int) -> None:
    schedule, zero = after(start, f"t | take({text(size)}) | repeat()")
    k = rounds_before(zero + t, start, size)
    assert schedule(zero + t) == min(zero + t - half_up(start + k * size), size)


@given(exact, periods, periods, st.integers(2, 40), times)
def test_of_parts_and_rounds_of_rounds(
    start: Fraction, first: Fraction, second: Fraction, inner: int, t: int
) -> None:
    """A part that begins `first` into each round, and rounds in it."""
    body = f"constant(-1, {text(first)}) >> (t | take({text(second)}) | repeat({inner}))"
    schedule, zero = after(start, f"({body}) | repeat()")
    k = rounds_before(zero + t, start, first + inner * second)
    begin = start + k * (first + inner * second) + first
    j = min(rounds_before(zero + t, begin, second), inner - 1)
    expected = -1 if j < 0 else min(zero + t - half_up(begin + j * second), second)
    assert schedule(zero + t) == expected


@given(exact, periods, st.sampled_from(["2", "1.5", "1.01"]), st.integers(0, 60))
def test_of_stretched_rounds(start: Fraction, size: Fraction, ratio: str, k: int) -> None:
    schedule, _ = after(start, f"linear(1, 0, {text(size)}) | repeat(stretch={ratio})")
    s = Fraction(ratio)
    begin = half_up(start + size * (s**k - 1) / (s - 1))
    if begin < FAR:
        assert schedule(begin) == 1.0
        assert k == 0 or begin in schedule.cycle_ends(max(begin - 2, 0), begin)


@given(exact, st.fractions(1, 100, max_denominator=97), st.fractions(1, 100, max_denominator=97))
def test_of_entries(start: Fraction, a: Fraction, b: Fraction) -> None:
    first, last = min(a, b), max(a, b) + 1
    schedule, zero = after(start, f"0 | interval[{text(first)}..{text(last)}:1]")
    found = schedule(np.arange(zero, zero + 220)) == 1
    inside = range(half_up(start + first) - zero, half_up(start + last) - zero)
    assert np.flatnonzero(found).tolist() == list(inside)


def test_arithmetic_goes_beyond_64_bits() -> None:
    size = Fraction(10**30 + 1, 10**28)  # 100.00…01
    schedule = lrdsl.compile(f"t | take({text(size)}) | repeat()")
    times = [5, 10**12, 10**12 + 1, 2**53 - 1]
    expected = [t - half_up(rounds_before(t, Fraction(0), size) * size) for t in times]
    assert [schedule(t) for t in times] == expected
    assert schedule(times).tolist() == expected


ROUNDS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "linear(1, 0, 1ep) | repeat(3)",
        {"steps_per_epoch": 10.5},
        {"boundaries": (11, 21, 32), "values": {0: 1, 11: 1, 20: 0.1, 21: 1, 32: 0, 999: 0}},
    ),
    (
        "cosine(base, 0, 1) | repeat(7) | stretch(1600/7)",
        {"base_lr": 1},
        {"boundaries": (229, 458, 686, 915, 1143, 1372, 1600), "values": {1600: 0}},
    ),
    (
        "hold(5/2) >> (linear(1, 0, 5/2) | repeat(2))",
        {"base_lr": 7},
        {"boundaries": (3, 5, 8), "values": {2: 7, 3: 1, 4: 0.5, 5: 1, 8: 0}},
    ),
    (
        "hold(5/2) >> step(1, 0.5, 5/2)",
        {"base_lr": 7},
        {"values": {3: 1, 4: 1, 5: 0.5, 7: 0.5, 8: 0.25, 9: 0.25, 10: 0.125}},
    ),
    (
        "hold(5/2) >> multistep(1, 0.5, at=[5/2, 5])",
        {"base_lr": 7},
        {"values": {3: 1, 4: 1, 5: 0.5, 7: 0.5, 8: 0.25}},
    ),
    (
        "hold(5/2) >> (t | every(5/2))",
        {"base_lr": 7},
        {"values": {3: 0, 4: 0, 5: 2, 7: 2, 8: 5}},
    ),
    (
        "exponential_decay(1, 0.5, every=10/3, staircase=true)",
        {},
        {"values": {2: 1, 3: 0.5, 6: 0.5, 7: 0.25, 10: 0.125}},
    ),
    (
        "(constant(2, 1/3) >> constant(3, 2/3)) | repeat(3, stretch=3)",
        {},
        {"boundaries": (1, 2, 4, 7, 13), "values": {0: 3, 1: 2, 2: 3, 4: 2, 6: 2, 7: 3}},
    ),
    (
        "(linear(1, 0, 4) >> cosine(1, 0, until=10)) | repeat(2)",
        {},
        {"boundaries": (4, 10, 14, 20), "values": {4: 1, 7: 0.5, 10: 1, 14: 1, 17: 0.5}},
    ),
    (
        "(constant(1, 5/2) >> linear(_, 0)) | repeat(3)",
        {"total_steps": 22},
        {"boundaries": (3, 7, 10, 15, 17, 22), "values": {3: 1, 7: 1, 17: 1, 22: 0}},
    ),
    (
        "(step(1, 0.5, 10) | take(20)) | repeat(2, stretch=2)",
        {},
        {"boundaries": (20, 60), "values": {9: 1, 10: 0.5, 20: 1, 39: 1, 40: 0.5, 60: 0.25}},
    ),
    (
        "(t | take(4)) | repeat(2, stretch=2)",
        {},
        {"boundaries": (4, 12), "values": {3: 3, 4: 0, 5: 0.5, 11: 3.5, 12: 4}},
    ),
    (
        "(points[0:0, 5:1, 10:0] | repeat(2, stretch=1.5))",
        {},
        {"boundaries": (10, 25), "values": {5: 1, 10: 0, 18: 1, 25: 0}},
    ),
]


@pytest.mark.parametrize(
    ("spec", "run", "expected"), [pytest.param(*case, id=case[0]) for case in ROUNDS]
)
def test_by_hand(spec: str, run: dict[str, Any], expected: dict[str, Any]) -> None:
    schedule = lrdsl.compile(spec, **run)
    values = expected["values"]
    assert {t: schedule(t) for t in values} == pytest.approx(values, abs=1e-15)
    assert schedule.boundaries == expected.get("boundaries", schedule.boundaries)


@pytest.mark.parametrize(
    "spec",
    [
        "cosine(1, 0, {ep}) | repeat()",
        "hold({ep}/3) >> ((warmup({ep}/7) >> cosine(1, 0, {ep})) | repeat(stretch=2))",
        "hold({ep}/3) >> (step(1, 0.5, {ep}) | every(2 * {ep}))",
        "linear(1, 0, {ep}) | repeat(3) | repeat(5) | repeat()",
    ],
)
def test_the_cost_of_compiling_does_not_depend_on_the_run(spec: str) -> None:
    def of(epoch: float) -> int:
        run = {"steps_per_epoch": epoch, "total_steps": int(epoch * 1000), "base_lr": 1}
        return calls(lambda: lrdsl.compile(spec.format(ep="1ep"), **run), everywhere=True)

    of(1.5)
    near, far = of(33.3), of(33_300_000.3)
    assert far <= 1.25 * near + 50


def test_rounds_that_are_not_alike_are_nested_only_so_deep() -> None:
    spec = "linear(1, 0, 10/3)" + " | repeat(2)" * 6
    assert lrdsl.compile(spec)(5) == 0.5
    with pytest.raises(lrdsl.SpecError, match=r"LR109.*more than 6 levels"):
        lrdsl.compile(f"{spec} | repeat(2)")
    assert lrdsl.compile("linear(1, 0, 10)" + " | repeat(2)" * 30)(5) == 0.5
