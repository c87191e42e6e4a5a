"""The reference on shapes: numbers of each, calculated by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

import lrdsl
from lrdsl.language.curves import CURVES
from tests.support.reference import RUN, check

EXACT = [
    name for name in sorted(CURVES) if CURVES[name].hits_endpoints and not CURVES[name].is_flat
]
"""The curves that are at their start and at their end exactly."""

# --- §5 shapes, by hand ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("constant(0.3, 10)", {0: 0.3, 99: 0.3}, id="constant"),
        pytest.param("linear(1, 3, 4)", {0: 1, 1: 1.5, 4: 3, 5: 3}, id="linear"),
        pytest.param("linear(0, 1, 3)", {0: 0, 3: 1, 4: 1}, id="linear up"),
        pytest.param(
            "cosine(1, 0.5, 6)", {0: 1, 2: 0.875, 3: 0.75, 4: 0.625, 6: 0.5, 7: 0.5}, id="cosine"
        ),
        pytest.param(
            "polynomial(1, 0, 4)", {0: 1, 1: 0.5625, 2: 0.25, 4: 0, 5: 0}, id="polynomial"
        ),
        pytest.param("poly(1, 0.5, 4, power=3)", {2: 0.5625, 4: 0.5}, id="poly, power 3"),
        pytest.param("poly(1, 0, 4, 1)", {1: 0.75}, id="power by position"),
        pytest.param("polynomial(0, 1, 4)", {0: 0, 2: 0.75, 4: 1}, id="polynomial up"),
        pytest.param(
            "exponential(1, 0.0625, 4)", {0: 1, 1: 0.5, 2: 0.25, 4: 0.0625}, id="exponential"
        ),
        pytest.param(
            "exponential(-1, -4, 2)", {0: -1, 1: -2, 2: -4, 3: -4}, id="exponential below 0"
        ),
        pytest.param(
            "exponential(1e-200, 1e200, 4)", {1: 1e-100, 2: 1}, id="exponential over a huge range"
        ),
        pytest.param("ramp(sqrt, 1, 0, 4)", {0: 1, 1: 0.5, 4: 0}, id="sqrt"),
        pytest.param(
            "ramp(polynomial, 1, 0, 4, power=1)", {1: 0.75}, id="ramp with a curve's parameter"
        ),
        pytest.param("cooldown(polynomial, 4, 0, power=1)", {1: 0.075}, id="cooldown with one"),
        pytest.param("warmup(poly, 4, 0, 1, power=2)", {2: 0.75}, id="warmup with one"),
        pytest.param("exponential_decay(1, 0.25, every=2)", {0: 1, 1: 0.5, 4: 1 / 16}, id="decay"),
        pytest.param(
            "exponential_decay(1, 0.25, every=2, staircase=true)",
            {1: 1, 2: 0.25, 3: 0.25},
            id="staircase",
        ),
        pytest.param("step(1, 0.5, 30)", {0: 1, 29: 1, 30: 0.5, 59: 0.5, 60: 0.25}, id="step"),
        pytest.param("step(1, 0.5, 2ep)", {99: 1, 100: 0.5}, id="step in epochs"),
        pytest.param("step(gamma=0.5, every=30)", {0: 0.1, 30: 0.05}, id="step from base"),
        pytest.param(
            "step(1, 0.5, 2.5 * 1)", {2: 1, 3: 0.5, 4: 0.5, 5: 0.25, 8: 0.125}, id="step 2.5"
        ),
        pytest.param(
            "multistep(1, 0.1, at=[30, 80])",
            {29: 1, 30: 0.1, 79: 0.1, 80: 0.01, 999: 0.01},
            id="multistep",
        ),
        pytest.param(
            "multistep(1, 0.1, [1ep, 50%])", {49: 1, 50: 0.1, 500: 0.01}, id="at in units"
        ),
        pytest.param("multistep(1, 0.1, [0, 5])", {0: 0.1, 5: 0.01}, id="at 0"),
        pytest.param(
            "multistep(1, [0.5, base], [5, 9])", {4: 1, 5: 0.5, 9: 0.05}, id="a list of factors"
        ),
        pytest.param("step(1, half_life=2ep)", {0: 1, 100: 0.5, 200: 0.25}, id="half_life"),
        pytest.param("rex(1, 0, 4)", {0: 1, 2: 2 / 3, 4: 0}, id="rex"),
        pytest.param("rex(1, 0, 4, beta=0.9)", {0: 1, 2: 0.5 / 0.55, 4: 0}, id="rex of axolotl"),
        pytest.param("rex(1, 0, 4, beta=0)", {1: 0.75, 2: 0.5}, id="rex without bend"),
        pytest.param("spread(9, [3, 2, 1])", {0: 3, 2: 3, 3: 2, 6: 1, 9: 1}, id="spread"),
        pytest.param("spread(10, [4, 3, 2, 1])", {2: 4, 3: 3, 9: 1, 99: 1}, id="spread, uneven"),
        pytest.param("spread(_, [1, base / 2])", {499: 1, 500: 0.05}, id="spread over the run"),
        pytest.param("hold(5) >> spread(2, [1, 2])", {4: 0.1, 5: 1, 6: 2}, id="spread in a chain"),
        pytest.param("quadratic(0, 1, 4)", {0: 0, 1: 1 / 16, 2: 0.25, 4: 1}, id="quadratic"),
        pytest.param("quadratic(1, 0, 4)", {1: 15 / 16, 4: 0}, id="quadratic down"),
        pytest.param("sqrt_up(1, 0, 4)", {0: 1, 3: 0.5, 4: 0}, id="sqrt_up"),
        pytest.param("sqrt_up(0.2, 1, 4)", {0: 0.2, 3: 0.6, 4: 1}, id="sqrt_up upwards"),
        pytest.param("halving(1, 0, 2)", {0: 1, 1: math.sqrt(2) - 1, 2: 0}, id="halving"),
        pytest.param("warmup(log, 3, 0, 2)", {0: 0, 1: 1, 3: 2}, id="log"),
        pytest.param("ramp(log, 1, 0, 8, closed=true)", {1: 2 / 3, 7: 0}, id="log, closed"),
        pytest.param("cosine(1, 0, 4, exponent=2)", {0: 1, 2: 0.25, 4: 0}, id="cosine, exponent"),
        pytest.param(
            "cosine(3, 1, 4, k_decay=2)", {0: 3, 2: 2 + math.sqrt(0.5), 4: 1}, id="k_decay"
        ),
        pytest.param("warmup(cosine, 4, exponent=0.5)", {2: 0.1 - 0.1 * math.sqrt(0.5)}, id="mode"),
        pytest.param("tanh(1, 0, 10, lb=-1, ub=1)", {5: 0.5, 90: 0.11920292202211755}, id="tanh"),
        pytest.param("time_based(1, 0.5)", {1: 1, 2: 2 / 3, 3: 1 / 3, 4: 2 / 15}, id="time_based"),
        pytest.param(
            "inverse_sqrt(1, warmup=4)", {0: 1, 3: 1, 15: 0.5, 63: 0.25}, id="inverse_sqrt"
        ),
        pytest.param("inverse_sqrt(2)", {0: 2, 3: 1, 15: 0.5}, id="inverse_sqrt without warmup"),
        pytest.param(
            "points[0:0, 100:1, 800:1e-3]",
            {0: 0, 50: 0.5, 100: 1, 450: 0.5005, 800: 1e-3, 900: 1e-3},
            id="points",
        ),
        pytest.param("points[10:2, 20:4]", {0: 2, 10: 2, 15: 3, 20: 4, 30: 4}, id="held outside"),
        pytest.param("points[1ep:1, 50%:2]", {0: 1, 50: 1, 275: 1.5, 500: 2}, id="points in units"),
        pytest.param("points[5:3]", {0: 3, 9: 3}, id="one point"),
        pytest.param("points[0:base, 10:2 * base]", {5: 0.15}, id="values in points"),
    ],
)
def test_shapes_by_hand(text: str, expected: dict[int, float]) -> None:
    check(text, expected, **RUN)


@pytest.mark.parametrize("mode", EXACT)
@pytest.mark.parametrize(
    ("start", "end"),
    [(1.0, 1e-3), (1e-3, 1.0), (0.1, 0.3), (1e-300, 1e300), (5e-324, 1e-323), (3, 3)],
)
@pytest.mark.parametrize("steps", [1, 2, 3, 7, 1000, 10**9, 10**12])
def test_every_curve_meets_its_ends_exactly(
    mode: str, start: float, end: float, steps: int
) -> None:
    schedule = lrdsl.compile(f"ramp({mode}, a, b, {steps})", a=start, b=end)
    assert schedule(0) == start
    assert schedule(steps) == end
    assert schedule(10**13) == end
    assert min(start, end) <= schedule(steps // 2) <= max(start, end)


@pytest.mark.parametrize("steps", [10, 10**3, 10**6, 10**9, 10**12])
@pytest.mark.parametrize(
    ("mode", "first"),
    [
        pytest.param("linear", lambda p: p, id="linear"),
        pytest.param("sqrt", math.sqrt, id="sqrt"),
    ],
)
def test_the_first_update_of_a_long_warmup_is_accurate(mode: str, first: Any, steps: int) -> None:
    """Close to a start of 0 nothing may be lost by subtracting from the far end."""
    schedule = lrdsl.compile(f"ramp({mode}, 0, 1, {steps})")
    assert schedule(1) == pytest.approx(first(1 / steps), rel=1e-9, abs=0)


# --- the mode, which may be left out in front -----------------------------------------------------


@pytest.mark.parametrize(
    ("text", "halfway"),
    [
        pytest.param("warmup(100, 0, 4)", 2, id="left out"),
        pytest.param("warmup(_, 100, 0, 4)", 2, id="default"),
        pytest.param("warmup(sqrt, 25, 0, 4) | stretch(4)", 4 * 0.5**0.5, id="first"),
        pytest.param("warmup(100, 0, 4, mode=cosine)", 2, id="by name, at the end"),
        pytest.param("warmup(linear_steps, 0, 4)", 2, id="a variable that begins like a curve"),
        pytest.param("warmup(polynomial, 100, 0, 4, 3)", 3.5, id="the curve's own parameter"),
    ],
)
def test_mode_may_be_left_out_in_front(text: str, halfway: float) -> None:
    assert lrdsl.compile(text, linear_steps=100)(50) == pytest.approx(halfway, rel=1e-15)


@pytest.mark.parametrize(
    "text", ["spread(3, [1, 2, 3, 4, 5])", "spread(6, [1, 2, 3, 4, 5])", "spread(1, [1, 2])"]
)
def test_each_value_of_a_spread_needs_an_update(text: str) -> None:
    with pytest.raises(lrdsl.SpecError, match=r"LR210.*no update is left for the last"):
        lrdsl.compile(text)
