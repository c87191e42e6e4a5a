"""The bounds of a schedule are its lowest and highest values, to the last bit."""

import numpy as np
import pytest

import lrdsl

SPECS = [
    "exponential(0.1, 0.09999999999, 1e6)",
    "exponential(0.1, 0.0999999999999, 1e5)",
    "exponential(1, 1.0000000001, 1e5)",
    "exponential(-1, -0.9999999999, 1e5)",
    "exponential(1, 1e-9, 1e4)",
    "exponential_decay(0.1, 0.9999999999999)",
    "exponential_decay(0.1, 0.999, every=1000, staircase=true)",
    "cosine(1, 0.9999999999, 1e5)",
    "cosine(1, 0, 1e5, closed=true)",
    "linear(0.3, 0.29999999999999, 1e5)",
    "polynomial(1, 0, 1e5, 0.1)",
    "tanh(1, 0, 1e5)",
    "rex(1, 0, 1e5)",
    "ramp(sqrt, 1, 0.99999999, 1e5)",
    "warmup(cosine, 1e5, end=1e-300)",
    "inverse_sqrt(1, 10)",
    "step(1, half_life=1e8)",
    "step(1, 0.999999999999, 100)",
    "multistep(1, 0.9999999999999999, at=[10, 1e4, 2e4])",
    "time_based(1, 1e-12)",
    "points[0:0, 1e4:1, 1e5:1e-3]",
    "hold(1e5)",
    "warmup(1000) >> exponential(0.1, 0.0999999999, 1e5)",
    "3 * exponential(0.1, 0.0999999999, 1e5) - 0.1",
    "exponential(0.1, 0.0999999999, 1e5) | clip(0.09999999995, 1)",
    "exponential(0.1, 0.0999999999, 1e4) | repeat(3)",
    "exponential(0.1, 0.0999999999, 1e5) | interval[10%: *0.5]",
]


@pytest.mark.parametrize("spec", SPECS)
def test_bounds_are_exact(spec):
    schedule = lrdsl.compile(spec, base_lr=0.1, total_steps=10**5)
    end = int(min(schedule.length, 10**5))
    values = schedule.values(end + 1)
    rng = np.random.default_rng(0)
    spans = [(0, end + 1), (0, 1), (end, end + 1), *np.sort(rng.integers(0, end, (30, 2))).tolist()]
    for start, stop in spans:
        if start < stop:
            part = values[start:stop]
            assert schedule.bounds(start, stop) == (part.min(), part.max()), (start, stop)


def test_past_the_end_there_is_one_value():
    schedule = lrdsl.compile("exponential(0.1, 0.09999999999, 1000)")
    last = float(schedule(1000))
    assert schedule.bounds(2000, 10**15) == (last, last)
    assert schedule.bounds(1000, 1001) == (last, last)


@pytest.mark.parametrize(
    "spec", ["cosine(1, 0, 1e15)", "exponential(1, 0.1, 9e15)", "linear(1, 0, 1e12)"]
)
def test_long_schedules_are_not_looked_at_one_by_one(spec):
    assert lrdsl.compile(spec).bounds() == pytest.approx(
        (0.1 if "exp" in spec else 0, 1), abs=1e-15
    )
