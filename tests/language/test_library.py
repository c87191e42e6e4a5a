"""The definitions that come with lrdsl: what holds for all of them, and the composite shapes."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lrdsl
from lrdsl.compiler.check_definitions import check_definitions
from lrdsl.language.language import Language
from lrdsl.language.library import DEFINED, shipped
from lrdsl.language.reserved import complaint_if_taken

RUN: dict[str, Any] = {
    "total_steps": 1000,
    "base_lr": 1.0,
    "steps_per_epoch": 50,
    "samples_per_step": 8,
}
FILES = sorted(Path(lrdsl.__file__).parent.joinpath("language", "library").glob("*.lr"))
FEW = settings(max_examples=25)


# --- All definitions ------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_files_pass_the_checks_of_definitions(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    names = list(check_definitions(text, Language(), file.name))
    assert names == [name for name in shipped() if shipped()[name].file == file]
    assert names == DEFINED.findall(text), "and no other file has the name"
    for name in names:
        taken = complaint_if_taken(name, Language())
        assert taken == f"the name `{name}` is taken: it is a definition that comes with lrdsl"


@pytest.mark.parametrize("name", shipped())
def test_every_definition_says_what_it_is_with_an_example(name: str) -> None:
    definition = Language().definitions[name]
    assert definition is not None
    assert definition.doc.split("\n\n")[0].endswith(".")
    (example,) = re.findall(r"^Example: `(.+)`$", definition.doc, re.MULTILINE)
    assert re.search(rf"(^|[|(] ?){re.escape(name)}[(\[]", example)
    values = lrdsl.compile(example, **RUN).values(1000)
    assert np.isfinite(values).all()


def test_a_parameter_may_have_the_name_of_a_function() -> None:
    definitions = "def capped(max, n) = linear(0, max, n) * min(1, max(max, 0.5))"
    assert lrdsl.compile("capped(0.1, 10)", definitions=definitions)(10) == pytest.approx(0.05)


# --- The composite shapes -------------------------------------------------------------------------

VALUES: dict[str, Mapping[int, float]] = {
    "natural_exp_decay(2, 0.1)": {0: 2, 10: 2 / math.e, 100: 2 * math.exp(-10)},
    "natural_exp_decay(rate=0.1)": {0: 1, 10: 1 / math.e},
    "constant(3, 5) >> natural_exp_decay(_, 0.1)": {5: 3, 15: 3 / math.e},
    "warmup(10) >> natural_exp_decay(2, 0.1)": {5: 1, 10: 2},
    "inverse_time(2, 0.5)": {0: 2, 1: 2 / 1.5, 2: 1},
    "inverse_time(2, 0.5, every=1ep)": {0: 2, 50: 2 / 1.5, 75: 2 / 1.75, 100: 1},
    "constant(3, 5) >> inverse_time(rate=1)": {4: 3, 5: 3, 6: 1.5},
    "noam(4, 100)": {0: 0.5e-3, 49: 0.025, 99: 0.05, 399: 0.025},
    "noam(4, 2ep, factor=2)": {0: 1e-3, 49: 0.05, 99: 0.1, 399: 0.05},
    "cyclic(0.1, 0.3, 10)": {0: 0.1, 5: 0.2, 10: 0.3, 15: 0.2, 20: 0.1, 30: 0.3},
    "cyclic(0.1, 0.3, 10, 5)": {10: 0.3, 12: 0.22, 15: 0.1, 25: 0.3, 30: 0.1},
    "cyclic(0.1, 0.3, 1ep)": {25: 0.2, 50: 0.3, 100: 0.1},
    "cyclic(0.1, 0.3, 10, mode=triangular2)": {10: 0.3, 30: 0.2, 50: 0.15, 60: 0.1},
    "cyclic(0.1, 0.3, 10, mode=exp_range, gamma=0.9)": {
        5: 0.1 + 0.1 * 0.9**5,
        10: 0.1 + 0.2 * 0.9**10,
        30: 0.1 + 0.2 * 0.9**30,
    },
    "cyclic(0.95, 0.85, 10)": {0: 0.95, 10: 0.85, 20: 0.95},
    "constant(1, 5) >> cyclic(prev, 0, 10)": {5: 1, 15: 0, 25: 1},
    "onecycle(1)": {0: 0.04, 150: 0.52, 300: 1, 650: (1 + 4e-6) / 2, 1000: 4e-6, 2000: 4e-6},
    "onecycle(1, 500)": {0: 0.04, 150: 1, 325: (1 + 4e-6) / 2, 500: 4e-6},
    "onecycle(1, 10ep, 2ep, div=10, final_div=100, mode=linear)": {
        0: 0.1,
        50: 0.55,
        100: 1,
        300: 0.5005,
        500: 0.001,
    },
    "constant(1, 200) >> onecycle(1)": {200: 0.04, 440: 1, 1000: 4e-6},
    "onecycle(1, 100) >> hold(10)": {30: 1, 65: (1 + 4e-6) / 2, 100: 4e-6},
    "onecycle(1, 100, mode=linear, three_phase=true)": {
        0: 0.04,
        15: 0.52,
        30: 1,
        45: 0.52,
        60: 0.04,
        80: (0.04 + 4e-6) / 2,
        100: 4e-6,
    },
    "restarts(1, 0.2, 10)": {0: 1, 5: 0.6, 10: 1, 15: 0.6},
    "restarts(1, 0.2, 10, mult=2)": {10: 1, 20: 0.6, 30: 1, 50: 0.6, 70: 1},
    "restarts(1, 0.2, 10, shrink=0.5)": {0: 1, 10: 0.6, 15: 0.4, 20: 0.4},
    "restarts(period=1ep)": {0: 1, 25: 0.5, 50: 1},
    "constant(3, 5) >> restarts(period=10)": {5: 3, 10: 1.5, 15: 3},
    "sgdr(1, 0.2, 10, mult=2, shrink=0.5)": {0: 1, 10: 0.6, 20: 0.4, 30: 0.4},
    "wsd(1, 10, 80, 10, end=0.5)": {0: 0, 5: 0.5, 10: 1, 89: 1, 95: 0.75, 100: 0.5},
}


@pytest.mark.parametrize(("text", "values"), VALUES.items(), ids=VALUES)
def test_composite_shapes(text: str, values: Mapping[int, float]) -> None:
    found = lrdsl.compile(text, **RUN)(list(values))
    np.testing.assert_allclose(found, list(values.values()), rtol=1e-12, atol=1e-15)


MISTAKES = {
    "onecycle(1, 100, 200)": "starts at update 200, but would end at 100",
    "onecycle(1, 100, 60, three_phase=true)": "starts at update 120, but would end at 100",
    "onecycle(1, three_phase=yes)": "is `true` or `false`",
    "cyclic(0.1, 0.3)": "needs `up`",
    "cyclic(0.1, 0.3, 10, mode=triangle)": "did you mean `triangular`",
    "restarts(1, 0)": "needs `period`",
    "noam(512, 0)": "`warmup` of `noam` leads to a division by zero",
}


@pytest.mark.parametrize(("text", "complaint"), MISTAKES.items(), ids=MISTAKES)
def test_mistakes(text: str, complaint: str) -> None:
    with pytest.raises(lrdsl.SpecError, match=complaint):
        lrdsl.compile(text, **RUN)


def test_a_cycle_of_the_rest_of_the_run_needs_the_run() -> None:
    with pytest.raises(lrdsl.SpecError, match="needs total_steps"):
        lrdsl.compile("onecycle(1)")


def test_segments_show() -> None:
    schedule = lrdsl.compile("onecycle(1, 100, three_phase=true)")
    assert [(s.start, s.stop) for s in schedule.segments] == [(0, 30), (30, 60), (60, 100)]


# --- Warm restarts at any distance ----------------------------------------------------------------


@FEW
@given(
    st.floats(0.01, 10),
    st.floats(0, 0.01),
    st.integers(1, 40),
    st.integers(1, 3),
    st.integers(1, 300),
)
def test_restarts_are_torch_s_stepping(
    base: float, end: float, period: int, mult: int, count: int
) -> None:
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(
        optimizer, T_0=period, T_mult=mult, eta_min=end
    )
    expected = []
    for _ in range(count):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    text = f"restarts({base!r}, {end!r}, {period}, mult={mult})"
    found = lrdsl.compile(text).values(count)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-15)


def restarted(t: int, period: int, mult: int) -> float:
    """The cosine from 1 to 0 at update t, the round found in whole numbers."""
    while t >= period:
        t, period = t - period, period * mult
        if mult == 1:
            t %= period
    return (1 + math.cos(math.pi * t / period)) / 2


FAR = [1209, 1210, 1211, 10**6, 999_999_999, 10**9]


@pytest.mark.parametrize("t", FAR)
@pytest.mark.parametrize(("period", "mult"), [(10, 3), (10, 1), (7, 2), (1, 10)])
def test_restarts_far_out(period: int, mult: int, t: int) -> None:
    schedule = lrdsl.compile(f"restarts(1, 0, {period}, mult={mult})")
    assert schedule(t) == pytest.approx(restarted(t, period, mult), rel=1e-9, abs=1e-12)


@FEW
@given(st.integers(1, 50), st.integers(1, 4), st.integers(0, 12), st.integers(-1, 1))
def test_rounds_begin_where_whole_numbers_say(
    period: int, mult: int, rounds: int, off: int
) -> None:
    boundary = sum([period * mult**k for k in range(rounds)])
    t = max(boundary + off, 0)
    schedule = lrdsl.compile(f"restarts(1, 0, {period}, mult={mult})")
    assert schedule(t) == pytest.approx(restarted(t, period, mult), rel=1e-9, abs=1e-12)


# --- Cycles ---------------------------------------------------------------------------------------


@FEW
@given(
    st.floats(1e-3, 1),
    st.floats(1e-3, 1),
    st.integers(1, 30),
    st.integers(1, 30),
    st.sampled_from(["triangular", "triangular2", "exp_range"]),
    st.floats(0.9, 1),
)
def test_cycles_are_torch_s(
    low: float, height: float, up: int, down: int, mode: str, gamma: float
) -> None:
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=low)
    scheduler = torch.optim.lr_scheduler.CyclicLR(
        optimizer, low, low + height, up, down, mode, gamma, cycle_momentum=False
    )
    expected = []
    for _ in range(200):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    text = f"cyclic({low!r}, {low + height!r}, {up}, {down}, {mode}, {gamma!r})"
    # torch finds the place in the cycle by a division, and is off by a rounding error there.
    np.testing.assert_allclose(lrdsl.compile(text).values(200), expected, rtol=1e-9, atol=1e-12)


# --- The run of the tutorial on cyclical rates ----------------------------------------------------

HALF, WHOLE = 17_000 * 6, 79 * 17_000
TUTORIAL = "cyclic(1e-4, 4e-4, 6ep, mode=triangular2)"


def test_the_tutorial_s_run() -> None:
    schedule = lrdsl.compile(TUTORIAL, steps_per_epoch=17_000, total_steps=WHOLE)
    values = schedule.values(WHOLE)
    assert values.shape == (1_343_000,)
    points = {
        0: 1e-4,
        HALF // 2: 2.5e-4,
        HALF: 4e-4,
        HALF * 3 // 2: 2.5e-4,
        2 * HALF: 1e-4,
        3 * HALF: 2.5e-4,
        4 * HALF: 1e-4,
        5 * HALF: 1.75e-4,
        13 * HALF: 1e-4 + 3e-4 / 64,
        WHOLE - 1: 1e-4 + 3e-4 / 64 * (14 * HALF - WHOLE + 1) / HALF,
    }
    assert 13 * HALF < WHOLE < 14 * HALF
    np.testing.assert_allclose(values[list(points)], list(points.values()), rtol=1e-12)
    assert (values.min(), values.max()) == (1e-4, 4e-4)
    plain = lrdsl.compile("cyclic(1e-4, 4e-4, 17000*6, mode=triangular2)")
    np.testing.assert_array_equal(plain.values(WHOLE), values)
