"""Against the real things: torch's schedulers stepping a real optimizer, and optax's functions."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lrdsl
from tests.support.peers import peer

FEW = settings(max_examples=15)

bases = st.floats(1e-5, 10)
counts = st.integers(1, 200)
factors = st.floats(0.05, 1)
gammas = st.floats(0.8, 1) | st.sampled_from([0.1, 0.5, 1.0])


def agree(text: str, expected: list[float] | np.ndarray[Any, Any], rel: float = 1e-9) -> None:
    """The schedule's values are the expected ones, to a relative error of `rel`."""
    found = lrdsl.compile(text).values(len(expected))
    # An annealed cosine ends within a rounding error of its end, which is absolute.
    np.testing.assert_allclose(found, expected, rtol=rel, atol=1e-16, err_msg=text)


# --- torch ----------------------------------------------------------------------------------------


def torch_values(make: Callable[[Any, Any], Any], base: float, count: int) -> list[float]:
    """What torch's scheduler makes the optimizer use, update by update."""
    torch = pytest.importorskip("torch")
    weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = torch.optim.SGD([weight], lr=base)
    scheduler = make(torch.optim.lr_scheduler, optimizer)
    values = []
    for _ in range(count):
        values.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return values


@FEW
@given(bases, gammas, st.integers(1, 100), st.integers(1, 300))
def test_step_lr(base: float, gamma: float, every: int, count: int) -> None:
    expected = torch_values(
        lambda lrs, opt: lrs.StepLR(opt, step_size=every, gamma=gamma), base, count
    )
    agree(f"step({base!r}, {gamma!r}, {every})", expected)


@FEW
@given(bases, gammas, st.lists(st.integers(1, 300), min_size=1, max_size=6), st.integers(1, 300))
def test_multistep_lr(base: float, gamma: float, at: list[int], count: int) -> None:
    at = sorted(at)
    expected = torch_values(
        lambda lrs, opt: lrs.MultiStepLR(opt, milestones=at, gamma=gamma), base, count
    )
    agree(f"multistep({base!r}, {gamma!r}, at={at})", expected)


@FEW
@given(bases, st.floats(0.9, 1.05), st.floats(-0.05, 0.05), st.integers(1, 500))
def test_multiplicative_lr(base: float, mean: float, swing: float, count: int) -> None:
    expected = torch_values(
        lambda lrs, opt: lrs.MultiplicativeLR(opt, lambda t: mean + swing * (t % 7)), base, count
    )
    factor = f"{mean!r} + {swing!r} * (t - 7 * floor(t / 7))"
    agree(f"{base!r} * ({factor} | cumulative())", expected)


@FEW
@given(bases, factors, factors, counts)
def test_linear_lr(base: float, start: float, end: float, steps: int) -> None:
    expected = torch_values(
        lambda lrs, opt: lrs.LinearLR(opt, start, end, total_iters=steps), base, steps + 50
    )
    agree(f"linear({base!r} * {start!r}, {base!r} * {end!r}, {steps})", expected)


@FEW
@given(bases, st.floats(0, 1e-5), counts)
def test_cosine_annealing_lr(base: float, end: float, steps: int) -> None:
    """Inside its range; beyond T_max torch's rises again, and ours holds."""
    expected = torch_values(
        lambda lrs, opt: lrs.CosineAnnealingLR(opt, T_max=steps, eta_min=end), base, steps + 1
    )
    found = lrdsl.compile(f"cosine({base!r}, {end!r}, {steps})").values(steps + 1)
    # torch multiplies from update to update, so its error grows and is relative to base.
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12 * base)


@FEW
@given(bases, st.floats(0.2, 4), counts)
def test_polynomial_lr(base: float, power: float, steps: int) -> None:
    expected = torch_values(
        lambda lrs, opt: lrs.PolynomialLR(opt, total_iters=steps, power=power), base, steps + 20
    )
    agree(f"polynomial({base!r}, 0, {steps}, power={power!r})", expected)


@FEW
@given(bases, st.floats(0.9, 1), st.integers(1, 300))
def test_exponential_lr(base: float, gamma: float, count: int) -> None:
    expected = torch_values(lambda lrs, opt: lrs.ExponentialLR(opt, gamma=gamma), base, count)
    agree(f"exponential_decay({base!r}, {gamma!r})", expected)


@FEW
@given(bases, factors, counts)
def test_constant_lr(base: float, factor: float, steps: int) -> None:
    expected = torch_values(
        lambda lrs, opt: lrs.ConstantLR(opt, factor=factor, total_iters=steps), base, steps + 20
    )
    agree(f"constant({base!r} * {factor!r}, {steps}) >> constant({base!r})", expected)


@FEW
@given(bases, st.integers(1, 40), st.sampled_from([1, 2, 3]))
def test_cosine_annealing_warm_restarts(base: float, first: int, mult: int) -> None:
    """Stepped one by one, where torch needs no logarithm to find the round."""
    expected = torch_values(
        lambda lrs, opt: lrs.CosineAnnealingWarmRestarts(opt, T_0=first, T_mult=mult), base, 300
    )
    agree(f"cosine({base!r}, 0, {first}) | repeat(stretch={mult})", expected)


@FEW
@given(bases, factors, counts, st.integers(1, 150))
def test_sequential_lr(base: float, start: float, warmup: int, decay: int) -> None:
    """Closed forms in a row: a linear warmup, then a polynomial."""

    def make(lrs: Any, opt: Any) -> Any:
        parts = [
            lrs.LinearLR(opt, start, 1.0, total_iters=warmup),
            lrs.PolynomialLR(opt, total_iters=decay, power=1.0),
        ]
        return lrs.SequentialLR(opt, parts, milestones=[warmup])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's SequentialLR calls its own deprecated step(epoch)
        expected = torch_values(make, base, warmup + decay + 5)
    agree(f"warmup({warmup}, start={base!r} * {start!r}) >> linear({base!r}, 0, {decay})", expected)


# --- optax ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def optax() -> Iterator[Any]:
    """optax, counting in float64."""
    optax = peer("optax")
    jax = peer("jax")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield optax
    jax.config.update("jax_enable_x64", before)


def optax_values(schedule: Any, count: int) -> np.ndarray[Any, Any]:
    """All values at once: the schedules are functions of the count."""
    return np.array([float(schedule(np.int64(t))) for t in range(count)])


OPTAX: list[Any] = [
    pytest.param(lambda o: o.constant_schedule(0.3), "constant(0.3)", 10, id="constant_schedule"),
    pytest.param(
        lambda o: o.linear_schedule(0.3, 0.01, 70),
        "linear(0.3, 0.01, 70)",
        90,
        id="linear_schedule",
    ),
    pytest.param(
        lambda o: o.polynomial_schedule(0.3, 0.01, 1.7, 70),
        "polynomial(0.3, 0.01, 70, power=1.7)",
        90,
        id="polynomial_schedule",
    ),
    pytest.param(
        lambda o: o.cosine_decay_schedule(0.3, 70, alpha=0.1),
        "cosine(0.3, 0.03, 70)",
        90,
        id="cosine_decay_schedule",
    ),
    pytest.param(
        lambda o: o.exponential_decay(0.3, 20, 0.7),
        "exponential_decay(0.3, 0.7, every=20)",
        90,
        id="exponential_decay",
    ),
    pytest.param(
        lambda o: o.exponential_decay(0.3, 20, 0.7, staircase=True),
        "exponential_decay(0.3, 0.7, every=20, staircase=true)",
        90,
        id="staircase",
    ),
    pytest.param(
        lambda o: o.exponential_decay(0.3, 20, 0.7, transition_begin=15, end_value=0.1),
        "constant(0.3, 15) >> exponential_decay(0.3, 0.7, every=20) | clip(0.1, _)",
        90,
        id="exponential_decay with a beginning and an end",
    ),
    pytest.param(
        lambda o: o.piecewise_constant_schedule(0.3, {20: 0.5, 45: 0.1}),
        "0.3 | interval[20:*0.5, 45:*0.1]",
        90,
        id="piecewise_constant_schedule",
    ),
    pytest.param(
        lambda o: o.piecewise_interpolate_schedule("linear", 0.3, {20: 0.5, 45: 0.1}),
        "points[0:0.3, 20:0.15, 45:0.015]",
        90,
        id="piecewise_interpolate_schedule",
    ),
    pytest.param(
        lambda o: o.warmup_cosine_decay_schedule(0.0, 0.3, 25, 90, end_value=0.01),
        "warmup(25) >> cosine(0.3, 0.01, 65)",
        120,
        id="warmup_cosine_decay_schedule",
    ),
    pytest.param(
        lambda o: o.warmup_exponential_decay_schedule(0.0, 0.3, 25, 20, 0.7),
        "warmup(25) >> exponential_decay(0.3, 0.7, every=20)",
        90,
        id="warmup_exponential_decay_schedule",
    ),
    pytest.param(
        lambda o: o.sgdr_schedule(
            [
                {"init_value": 0.0, "peak_value": 0.3, "warmup_steps": 5, "decay_steps": 30},
                {"init_value": 0.0, "peak_value": 0.1, "warmup_steps": 5, "decay_steps": 60},
            ]
        ),
        "warmup(5) >> cosine(0.3, 0, 25) >> warmup(5) >> cosine(0.1, 0, 55)",
        120,
        id="sgdr_schedule",
    ),
    pytest.param(
        lambda o: o.join_schedules(
            [
                o.linear_schedule(0.0, 1.0, 10),
                o.cosine_decay_schedule(1.0, 50),
                o.constant_schedule(0.25),
                o.exponential_decay(0.25, 5, 0.9),
            ],
            [10, 60, 80],
        ),
        "warmup(10) >> cosine(1, 0, 50) >> constant(0.25, 20)"
        " >> exponential_decay(_, 0.9, every=5)",
        130,
        id="join_schedules",
    ),
    pytest.param(
        lambda o: o.join_schedules(
            [o.linear_schedule(1.0, 0.0, 100), o.exponential_decay(1.0, 10, 0.5)], [30]
        ),
        "(linear(1, 0, 100) | take(30)) >> exponential_decay(1, 0.5, every=10)",
        90,
        id="join_schedules cuts short",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("make", "text", "count"), OPTAX)
def test_optax(optax: Any, make: Callable[[Any], Any], text: str, count: int) -> None:
    agree(text, optax_values(make(optax), count), rel=1e-7)


@pytest.mark.slow
@settings(max_examples=10)
@given(
    st.lists(
        st.tuples(st.sampled_from(["linear", "cosine"]), st.integers(1, 40), st.floats(0.01, 1)),
        min_size=2, max_size=5,
    )
)  # fmt: skip
def test_optax_join_schedules(optax: Any, parts: list[tuple[str, int, float]]) -> None:
    schedules, texts, boundaries, at, end = [], [], [], 0, 1.0
    for kind, steps, value in parts:
        if kind == "linear":
            schedules.append(optax.linear_schedule(end, value, steps))
            texts.append(f"linear(_, {value!r}, {steps})")
        else:
            schedules.append(optax.cosine_decay_schedule(end, steps, alpha=0.5))
            value = end * 0.5
            texts.append(f"cosine(_, prev * 0.5, {steps})")
        end, at = value, at + steps
        boundaries.append(at)
    joined = optax.join_schedules(schedules, boundaries[:-1])
    found = lrdsl.compile(" >> ".join(texts), base_lr=1.0).values(at + 10)
    np.testing.assert_allclose(found, optax_values(joined, at + 10), rtol=1e-7)
