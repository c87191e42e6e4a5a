"""Cycle ends: the updates at which the rounds of a repetition are over."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl import SpecError
from tests.laws.test_properties import compiled
from tests.support import strategies

SAW = "linear(1, 0.5, 10) | repeat()"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("cosine(1, 0, 10)", [], id="no repetition"),
        pytest.param("0.5", [], id="a number"),
        pytest.param("cosine(1, 0, 10) | repeat(3)", [10, 20, 30], id="the last round too"),
        pytest.param(SAW, [*range(10, 101, 10)], id="endless"),
        pytest.param("linear(1, 0, 10) | repeat(stretch=2)", [10, 30, 70], id="stretch"),
        pytest.param("linear(1, 0, 10) | repeat(3, stretch=0.5)", [10, 15, 18], id="shorter"),
        pytest.param(f"warmup(5) >> ({SAW})", [*range(15, 100, 10)], id="chain"),
        pytest.param(
            f"({SAW} | take(20)) >> hold(4) >> (linear(1, 0, 3) | repeat(2))",
            [10, 20, 27, 30],
            id="chains of repetitions",
        ),
        pytest.param("linear(1, 0, 5) | repeat(2) | repeat(3)", [10, 20, 30], id="nested"),
        pytest.param(f"(hold(3) >> ({SAW} | take(20))) | repeat(2)", [23, 46], id="inside a round"),
        pytest.param(
            "hold(10.4 + 0) >> (linear(1, 0, 5.2 + 0) | repeat(4)) >> hold(3)",
            [16, 21, 26, 31],
            id="the last round ends where the chain goes on",
        ),
        pytest.param(f"{SAW} | take(25)", [10, 20], id="take"),
        pytest.param(f"{SAW} | take(30)", [10, 20, 30], id="take whole rounds"),
        pytest.param(f"{SAW} | skip(15) | take(30)", [5, 15, 25], id="skip"),
        pytest.param(f"{SAW} | stretch(2.5) | take(60)", [25, 50], id="slower"),
        pytest.param(f"{SAW} | stretch(0.25) | take(11)", [3, 5, 8, 10], id="faster"),
        pytest.param(f"{SAW} | stretch(0.05) | take(4)", [1, 2, 3, 4], id="two in an update"),
        pytest.param(f"{SAW} | every(4) | take(40)", [12, 20, 32, 40], id="when it is refreshed"),
        pytest.param(f"{SAW} | clip(0.6, _) | take(20)", [10, 20], id="clip"),
        pytest.param(f"{SAW} | cumulative() | take(25)", [10, 20], id="cumulative"),
        pytest.param(f"-2 * ({SAW} | take(20)) + t / 9 | take(50)", [10, 20], id="arithmetic"),
        pytest.param(
            f"({SAW} | take(30)) * (linear(1, 0, 15) | repeat(3)) | take(45)",
            [10, 15, 20, 30, 45],
            id="two rhythms",
        ),
        pytest.param(
            f"{SAW} | interval[25..33:1, 50:constant(1, 6) | repeat()] | take(70)",
            [10, 20, 40, 50, 56, 62, 68],
            id="interval",
        ),
        pytest.param(
            f"{SAW} | interval[5:*(constant(1, 8) | repeat(2))] | take(30)",
            [10, 13, 20, 21, 30],
            id="a factor's rounds",
        ),
    ],
)
def test_by_hand(text: str, expected: list[int]) -> None:
    found = lrdsl.compile(text, base_lr=1).cycle_ends(0, 100)
    assert list(found) == expected
    assert all([type(end) is int for end in found])


@given(st.integers(150, 4000), st.integers(0, 10**9), st.integers(0, 300))
def test_where_a_sawtooth_jumps(period: int, start: int, count: int) -> None:
    """The rounds of a falling line end where it rises again."""
    schedule = lrdsl.compile("linear(1, 0, 1ep) | repeat()", steps_per_epoch=period / 100)
    values = schedule(np.arange(start, start + count + 1))
    jumps = start + 1 + np.flatnonzero(values[1:] >= values[:-1])
    assert list(schedule.cycle_ends(start, start + count)) == jumps.tolist()


@given(strategies.specs, st.lists(st.integers(0, 3000), min_size=2, max_size=6))
def test_windows_add_up(text: str, cuts: list[int]) -> None:
    schedule = compiled(text)
    cuts = sorted(cuts)
    whole = schedule.cycle_ends(cuts[0], cuts[-1])
    assert list(whole) == sorted(set(whole))
    assert all([cuts[0] < end <= cuts[-1] for end in whole])
    parts = [schedule.cycle_ends(a, b) for a, b in itertools.pairwise(cuts)]
    assert whole == sum(parts, ())


def test_far_out_nothing_is_counted_up() -> None:
    schedule = lrdsl.compile("cosine(1, 0, 10) | repeat(stretch=3)")
    assert schedule.cycle_ends(1209, 1210) == (1210,)
    end = 5 * (3**18 - 1)
    assert schedule.cycle_ends(10**9, 2 * 10**9) == (end,)
    far = lrdsl.compile(SAW).cycle_ends(2**52, 2**52 + 25)
    assert far == tuple(2**52 + i for i in range(25 + 1) if (2**52 + i) % 10 == 0)


def test_up_to_where(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lrdsl.compile(SAW, total_steps=25).cycle_ends() == (10, 20)
    assert lrdsl.compile(SAW, total_steps=30).cycle_ends() == (10, 20, 30)
    assert lrdsl.compile(f"{SAW} | take(25)", total_steps=99).cycle_ends(10) == (20,)
    assert lrdsl.compile(SAW).cycle_ends(7, 7) == lrdsl.compile(SAW).cycle_ends(9, 7) == ()
    assert lrdsl.compile("linear(1, 0, 50)").cycle_ends() == ()
    assert math.isinf(lrdsl.compile(SAW).length)
    with pytest.raises(SpecError, match=r"LR601.*never ends"):
        lrdsl.compile(SAW).cycle_ends()
    with pytest.raises(SpecError, match=r"LR601.*`start`"):
        lrdsl.compile(SAW).cycle_ends(0.5)  # type: ignore[arg-type]
    with pytest.raises(SpecError, match=r"LR601.*0 or more"):
        lrdsl.compile(SAW).cycle_ends(0, -1)
    monkeypatch.setattr("lrdsl.schedule.schedule.MAX_CYCLES", 1000)
    with pytest.raises(SpecError, match=r"LR601.*more than 1,000 cycles(.|\n)*nearer `stop`"):
        lrdsl.compile("linear(1, 0, 1) | repeat(1e12)").cycle_ends()
