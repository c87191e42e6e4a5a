"""MXNet's and SpeechBrain's schedulers, any parameters, against their rules stepped by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lrdsl

Case = dict[str, Any]


Rule = Callable[[int], float]
"""The value of the n-th call, n counting from 1; a rule is asked for n = 1, 2, 3, … in order."""

rates = st.floats(1e-4, 10)
shares = st.floats(0.05, 1)
counts = st.integers(1, 60)
maybe = st.integers(0, 60)


def warmed(
    rule: Rule, base_lr: float, warmup_steps: int, warmup_begin_lr: float, warmup_mode: str
) -> Rule:
    """MXNet's warmup before a rule."""

    def value(n: int) -> float:
        if n >= warmup_steps:
            return rule(n)
        risen = n / warmup_steps if warmup_mode == "linear" else 0
        return warmup_begin_lr + (base_lr - warmup_begin_lr) * risen

    return value


def factor_rule(
    step: int, factor: float, stop_factor_lr: float, base_lr: float, **warmup: Any
) -> Rule:
    lr, changed = base_lr, 0

    def value(n: int) -> float:
        nonlocal lr, changed
        while n > changed + step:
            changed += step
            lr = max(lr * factor, stop_factor_lr)
        return lr

    return warmed(value, base_lr, **warmup)


def multi_factor_rule(step: list[int], factor: float, base_lr: float, **warmup: Any) -> Rule:
    waiting, lr = list(step), base_lr

    def value(n: int) -> float:
        nonlocal lr
        while waiting and n > waiting[0]:
            waiting.pop(0)
            lr *= factor
        return lr

    return warmed(value, base_lr, **warmup)


def annealed_rule(
    weight: Callable[[float], float],
    max_update: int,
    base_lr: float,
    final_lr: float,
    **warmup: Any,
) -> Rule:
    begin = warmup["warmup_steps"]

    def value(n: int) -> float:
        gone = (min(n, max_update) - begin) / (max_update - begin)
        return final_lr + (base_lr - final_lr) * weight(gone)

    return warmed(value, base_lr, **warmup)


def poly_rule(pwr: float, **others: Any) -> Rule:
    return annealed_rule(lambda p: (1 - p) ** pwr, **others)


def cosine_rule(**others: Any) -> Rule:
    return annealed_rule(lambda p: (1 + math.cos(math.pi * p)) / 2, **others)


def linear_warmup_rule(
    initial_value: float, num_warmup_steps: int, num_training_steps: int
) -> Rule:
    def value(n: int) -> float:
        k, up = n - 1, num_warmup_steps
        if k < up:
            return initial_value * k / max(1, up)
        left = (num_training_steps - k) / max(1, num_training_steps - up)
        return initial_value * max(0.0, left)

    return value


def step_rule(initial_value: float, decay_factor: float, decay_drop: float) -> Rule:
    return lambda n: initial_value * decay_factor ** math.floor(n / decay_drop)


def noam_rule(lr_initial: float, n_warmup_steps: int, model_size: int | None) -> Rule:
    scale = n_warmup_steps**0.5 if model_size is None else model_size**-0.5
    return lambda n: lr_initial * scale * min(n**-0.5, n * n_warmup_steps**-1.5)


def noam_interval_rule(anneal_steps: list[int], anneal_rates: list[float], **noam: Any) -> Rule:
    rule = noam_rule(**noam)

    def value(n: int) -> float:
        passed = [rate for at, rate in zip(anneal_steps, anneal_rates, strict=True) if n > at]
        return rule(n) * math.prod(passed)

    return value


def cyclic_rule(base_lr: float, max_lr: float, step_size: int, mode: str, gamma: float) -> Rule:
    def value(n: int) -> float:
        cycle = 1 + n // (2 * step_size)
        height = max(0.0, 1 - abs(n / step_size - 2 * cycle + 1))
        scale = {"triangular": 1.0, "triangular2": 0.5 ** (cycle - 1), "exp_range": gamma**n}
        return base_lr + (max_lr - base_lr) * height * scale[mode]

    return value


def interval_rule(steps: list[int], lrs: list[float]) -> Rule:
    waiting, lr = list(zip(steps, lrs, strict=True)), 1.0

    def value(n: int) -> float:
        nonlocal lr
        if waiting and n >= waiting[0][0]:
            lr = waiting.pop(0)[1]
        return lr

    return value


def warm_cool_decay_rule(
    lr: float, warmup: int, cooldown: int, total_steps: int, decay_factor: float, decay_every: int
) -> Rule:
    power, begin = math.log(decay_factor) / decay_every, total_steps - cooldown

    def value(n: int) -> float:
        if n < warmup:
            return lr * n / warmup
        if n <= begin:
            return lr * math.exp(power * (n - warmup))
        if n > total_steps:
            return 0.0  # where the original goes below
        return lr * math.exp(power * begin) * (1 - (n - begin) / cooldown)

    return value


def warm_and_exp_decay_rule(
    lr: float, n_warmup_steps: int, total_steps: int, decay_factor: float
) -> Rule:
    def value(n: int) -> float:
        k, up = n - 1, n_warmup_steps
        if k < up:
            return lr * k / up
        return min(lr, lr * decay_factor ** ((k - up) / (total_steps - up)))

    return value


def linear_noam_rule(lr_initial: float, n_warmup_steps: int, n_keep_steps: int) -> Rule:
    def value(n: int) -> float:
        if n <= n_warmup_steps:
            return lr_initial * n / n_warmup_steps
        if n <= n_warmup_steps + n_keep_steps:
            return lr_initial
        return lr_initial * n_warmup_steps / (n - n_keep_steps)

    return value


def tri_stage_rule(
    lr: float,
    warmup_steps: int,
    hold_steps: int,
    decay_steps: int,
    total_steps: int,
    init_lr_scale: float,
    final_lr_scale: float,
) -> Rule:
    hold = warmup_steps + hold_steps

    def value(n: int) -> float:
        if n < warmup_steps:
            return lr * (init_lr_scale + (1 - init_lr_scale) * n / warmup_steps)
        gone = max(min(n, total_steps) - hold, 0)  # the original goes on after total_steps
        return lr * final_lr_scale ** (gone / decay_steps)

    return value


def fields(**given: st.SearchStrategy[Any]) -> st.SearchStrategy[Case]:
    return st.fixed_dictionaries(given)


def increasing(most: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(1, 150), min_size=1, max_size=most, unique=True).map(sorted)


WARMUP = {
    "warmup_steps": maybe,
    "warmup_begin_lr": st.floats(0, 0.9),
    "warmup_mode": st.sampled_from(["linear", "constant"]),
}
"""The parameters of MXNet's warmup."""


def after(name: str, *before: str) -> Callable[[Case], Case]:
    """Make a length out of what is drawn by adding others, so that it lies after them."""
    return lambda drawn: {**drawn, name: drawn[name] + sum([drawn[each] for each in before])}


def paired(names: str, count: str) -> Callable[[Case], Case]:
    """Cut a list to the length of another."""
    return lambda drawn: {**drawn, names: drawn[names][: len(drawn[count])]}


DIFFERENTIAL: dict[str, tuple[Callable[..., Rule], st.SearchStrategy[Case]]] = {
    "mxnet.FactorScheduler": (
        factor_rule,
        fields(step=counts, factor=shares, stop_factor_lr=rates, base_lr=rates, **WARMUP),
    ),
    "mxnet.MultiFactorScheduler": (
        multi_factor_rule,
        fields(step=increasing(4), factor=shares, base_lr=rates, **WARMUP),
    ),
    "mxnet.PolyScheduler": (
        poly_rule,
        fields(
            max_update=st.integers(2, 60),
            base_lr=rates,
            pwr=st.floats(0.5, 3),
            final_lr=rates,
            **WARMUP,
        ).map(after("max_update", "warmup_steps")),
    ),
    "mxnet.CosineScheduler": (
        cosine_rule,
        fields(max_update=st.integers(2, 60), base_lr=rates, final_lr=rates, **WARMUP).map(
            after("max_update", "warmup_steps")
        ),
    ),
    "speechbrain.LinearWarmupScheduler": (
        linear_warmup_rule,
        fields(initial_value=rates, num_warmup_steps=maybe, num_training_steps=counts),
    ),
    "speechbrain.StepScheduler": (
        step_rule,
        fields(initial_value=rates, decay_factor=shares, decay_drop=st.floats(0.5, 50)),
    ),
    "speechbrain.NoamScheduler": (
        noam_rule,
        fields(lr_initial=rates, n_warmup_steps=counts, model_size=st.none() | counts),
    ),
    "speechbrain.NoamIntervalScheduler": (
        noam_interval_rule,
        fields(
            lr_initial=rates,
            n_warmup_steps=counts,
            anneal_steps=increasing(4),
            anneal_rates=st.lists(shares, min_size=4, max_size=4),
            model_size=st.none() | counts,
        ).map(paired("anneal_rates", "anneal_steps")),
    ),
    "speechbrain.CyclicLRScheduler": (
        cyclic_rule,
        fields(
            base_lr=rates,
            max_lr=rates,
            step_size=counts,
            mode=st.sampled_from(["triangular", "triangular2", "exp_range"]),
            gamma=st.floats(0.9, 1),
        ),
    ),
    "speechbrain.InverseSquareRootScheduler": (
        lambda warmup_steps: lambda n: 1 / math.sqrt(max(warmup_steps, n)),
        fields(warmup_steps=maybe),
    ),
    "speechbrain.WarmCoolDecayLRSchedule": (
        warm_cool_decay_rule,
        fields(
            lr=rates,
            warmup=maybe,
            cooldown=maybe,
            total_steps=counts,
            decay_factor=shares,
            decay_every=counts,
        ).map(after("total_steps", "warmup", "cooldown")),
    ),
    "speechbrain.WarmAndExpDecayLRSchedule": (
        warm_and_exp_decay_rule,
        fields(
            lr=rates, n_warmup_steps=maybe, total_steps=counts, decay_factor=st.floats(0.05, 1.5)
        ).map(after("total_steps", "n_warmup_steps")),
    ),
    "speechbrain.LinearNoamScheduler": (
        linear_noam_rule,
        fields(lr_initial=rates, n_warmup_steps=counts, n_keep_steps=maybe),
    ),
    "speechbrain.TriStageLRSchedule": (
        tri_stage_rule,
        fields(
            lr=rates,
            warmup_steps=counts,
            hold_steps=maybe,
            decay_steps=counts,
            total_steps=st.just(0),
            init_lr_scale=shares,
            final_lr_scale=shares,
        ).map(after("total_steps", "warmup_steps", "hold_steps", "decay_steps")),
    ),
}


def written(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    return "none" if value is None else str(value)


def agree(text: str, rule: Rule) -> None:
    found = lrdsl.compile(text, base_lr=1).values(200)
    expected = [rule(n) for n in range(1, 201)]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12, err_msg=text)


@pytest.mark.parametrize("name", DIFFERENTIAL)
@settings(max_examples=25)
@given(st.data())
def test_any_parameters(name: str, data: st.DataObject) -> None:
    rule, strategy = DIFFERENTIAL[name]
    drawn = data.draw(strategy)
    agree(f"{name}({', '.join(f'{k}={written(v)}' for k, v in drawn.items())})", rule(**drawn))


@settings(max_examples=25)
@given(increasing(5), st.lists(rates, min_size=5, max_size=5))
def test_any_intervals(steps: list[int], lrs: list[float]) -> None:
    lrs = lrs[: len(steps)]
    entries = ", ".join([f"{at}:{lr}" for at, lr in zip(steps, lrs, strict=True)])
    agree(f"speechbrain.IntervalScheduler[{entries}]", interval_rule(steps, lrs))


@settings(max_examples=25)
@given(st.integers(1, 40), st.sampled_from(["cycle", "iterations"]), st.floats(0.9, 1))
def test_an_own_scale_function(size: int, mode: str, decay: float) -> None:
    plain = cyclic_rule(0.0, 1.0, size, "triangular", 1)

    def rule(n: int) -> float:
        x = n if mode == "iterations" else 1 + n // (2 * size)
        return 0.1 + 0.2 * plain(n) * decay**x / x

    scale = f"scale_fn={decay!r} ** t / max(t, 1), scale_mode={mode}"
    agree(f"speechbrain.CyclicLRScheduler(0.1, 0.3, {size}, {scale})", rule)
