"""Times and values beyond the run, and parts of a whole: what is found there, and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from lrdsl.linter import lint

RUN: dict[str, Any] = {"total_steps": 1000, "base_lr": 1.0, "steps_per_epoch": 50}


def names(spec: str, **context: Any) -> set[str]:
    return {found.name for found in lint(spec, **{**RUN, **context})}


LATE = [
    # Every time, in whatever shape, modifier, list or dialect.
    ("step(1, 0.1, 5000)", "beyond-end"),
    ("step(1, 0.1, 40ep)", "beyond-end"),
    ("step(gamma=0.1, every=2k)", "beyond-end"),
    ("warmup(100) >> step(_, 0.1, 950)", "beyond-end"),
    ("multistep(1, 0.1, [300, 2000])", "beyond-end"),
    ("multistep(1, [0.5, 0.1], at=[10ep, 30ep])", "beyond-end"),
    ("torch.MultiStepLR([300, 2000])", "beyond-end"),
    ("torch.StepLR(5000)", "beyond-end"),
    ("torch.StepLR(30ep)", "beyond-end"),
    ("torch.ChainedScheduler([torch.StepLR(5000), torch.ConstantLR(0.1, 20)])", "beyond-end"),
    ("mxnet.MultiFactorScheduler([300, 2000], 0.1)", "beyond-end"),
    ("inverse_sqrt(1, 4000)", "beyond-end"),
    ("exponential_decay(1, 0.5, 2000, staircase=true)", "beyond-end"),
    ("step(1, 0.1, 300) | every(2000)", "beyond-end"),
    ("step(1, 0.1, 30) | stretch(1ep)", "beyond-end"),
    ("step(1, 0.1, 500) | stretch(3)", "beyond-end"),
    ("cosine(1, 0) * step(1, 0.5, 1500)", "beyond-end"),
    ("step(1, 0.1, 300) * linear(1, 0.1, 5000)", "beyond-end"),
    ("warmup(10000) * exponential_decay(1, 0.999)", "beyond-end"),
    ("1 | interval[300:*0.1, 2000:*0.1]", "interval-beyond-end"),
    ("1 | interval[2000..3000:0.1]", "interval-beyond-end"),
    ("0.5 * (1 | interval[2000:*0.1])", "interval-beyond-end"),
    ("1 | interval[300: step(0.1, 0.5, 800)]", "beyond-end"),
    ("cosine(1, 0, 2000)", "longer-than-run"),
    ("points[0:0.1, 100:1, 2000:0.1]", "longer-than-run"),
    ("spread(2000, [1, 0.1])", "longer-than-run"),
    ("step(1, 0.5, 300) | take(2000)", "longer-than-run"),
    ("cosine(1, 0, 300) | repeat(4)", "longer-than-run"),
    ("cosine(1, 0, until=2000)", "longer-than-run"),
    ("warmup(5ep) >> cosine(base, 0, 20ep)", "longer-than-run"),
    ("warmup(2) >> cosine(base, 0, 1000)", "longer-than-run"),
    ("torch.CosineAnnealingLR(800)", "rise-after-end"),
    ("torch.CosineAnnealingLR(100, eta_min=1e-3)", "rise-after-end"),
    ("warmup(100) >> torch.CosineAnnealingLR(400)", "rise-after-end"),
    ("torch.CosineAnnealingLR(950, eta_min=base / 2)", "rise-after-end"),
    ("torch.CosineAnnealingLR(10ep) | every(1ep)", "rise-after-end"),
    ("torch.SequentialLR([torch.LinearLR(0.1, 1, 50), torch.CosineAnnealingLR(500)], [50])",
     "rise-after-end"),
    ("torch.ChainedScheduler([torch.CosineAnnealingLR(500), torch.ConstantLR(0.5, 10)])",
     "rise-after-end"),
    ("hold() | interval[900: cosine(_, 0, 300)]", "beyond-end"),
    ("torch.SequentialLR([torch.ConstantLR(0.1), torch.ExponentialLR(0.9)], [2000])",
     "unseen-segment"),
    ("hold(2000) >> constant(0.1, 500)", "unseen-segment"),
    ("warmup(2000) >> cosine(base, 0, 9000)", "peak-not-reached"),
    ("noam(512, 4000)", "peak-not-reached"),
    ("torch.CyclicLR(0.3, 1, step_size_up=2000)", "peak-not-reached"),
    ("cosine(1, 0, 5000) | repeat()", "end-not-reached"),
    # Every decay that rises, every warmup that falls.
    ("step(0.1, 10, 300)", "growing-decay"),
    ("multistep(0.1, 10, [300])", "growing-decay"),
    ("exponential_decay(0.1, 1.01)", "growing-decay"),
    ("torch.ExponentialLR(1.1)", "growing-decay"),
    ("torch.StepLR(30, gamma=10)", "growing-decay"),
    ("torch.MultiplicativeLR(1.05)", "growing-decay"),
    ("torch.MultiStepLR([300, 600], gamma=10)", "growing-decay"),
    ("mxnet.MultiFactorScheduler([300, 600], 10)", "growing-decay"),
    ("warmup(100) >> exponential_decay(_, 1.01)", "growing-decay"),
    ("warmup(100, 1, 0.1) >> cosine(0.1, 0)", "reversed-ramp"),
    ("hold() >> cooldown(100, 10 * base)", "reversed-ramp"),
    ("restarts(0.1, 0, 100, shrink=2)", "growing-decay"),
    ("cosine(0.1, 0, 100) | repeat(scale=2)", "growing-decay"),
    ("mxnet.FactorScheduler(100, 2)", "growing-decay"),
    ("speechbrain.StepScheduler(0.1, decay_factor=10, decay_drop=300)", "growing-decay"),
    ("speechbrain.WarmAndExpDecayLRSchedule(0.1, 100, 1000, decay_factor=10)", "growing-decay"),
    ("step(0.1, 10, 300) | clip(1e-8, _)", "growing-decay"),
    ("mxnet.warmup(100, 1, 0.1)", "reversed-ramp"),
    ("torch.CyclicLR(0.3, 0.1, 250)", "reversed-ramp"),
    ("torch.OneCycleLR(0.1, 1000, div_factor=0.1)", "reversed-ramp"),
    ("onecycle(0.1, div=10, final_div=0.01)", "reversed-ramp"),
    ("mxnet.CosineScheduler(1000, 0.1, final_lr=1)", "reversed-ramp"),
    ("mxnet.PolyScheduler(1000, 0.1, warmup_steps=9, warmup_begin_lr=1)", "reversed-ramp"),
    ("speechbrain.TriStageLRSchedule(0.1, 100, 700, 200, 1000, init_lr_scale=2)", "reversed-ramp"),
    ("torch.CosineAnnealingLR(5000)", "end-not-reached"),
    ("warmup(100) >> restarts(period=9000)", "end-not-reached"),
    ("warmup(100) >> cyclic(base, 2 * base, 5000)", "peak-not-reached"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "rule"), LATE)
def test_it_is_found(spec: str, rule: str) -> None:
    assert rule in names(spec)


@pytest.mark.parametrize(("spec", "rule"), LATE)
def test_it_is_found_with_less_known(spec: str, rule: str) -> None:
    assert rule in names(spec, base_lr=None)


GOOD = [
    # The text itself says that it is longer.
    "cosine(base, 0, until=1.25*total)",
    "cosine(base, 0, 125%)",
    "cosine(base, 0, 1.25dur)",
    "warmup(5%) >> cosine(_, 0, until=125%)",
    "warmup(100) >> linear(_, 0, total + 200)",
    "step(1, 0.1, 150%)",
    "multistep(1, 0.1, [50%, 1.5*total])",
    # Frozen at first, restarts, a second warmup.
    "constant(0, 100) >> warmup(100) >> cosine(_, 0)",
    "constant(0, 100) >> cosine(base, 0)",
    "cosine(1, 0, 300) >> cosine(1, 0, 300) >> cosine(1, 0, 400)",
    "cosine(1, 0.1, 300) >> cosine(0.5, 0.05, 300) >> cosine(0.25, 0, 400)",
    "cosine(base, base/3, 500) >> cosine(base, base/3, 500)",
    "warmup(10) >> cosine(_, 0, 490) >> warmup(10, 0, 0.5) >> cosine(_, 0, 490)",
    "warmup(10) >> cosine(_, 0.1, 490) >> warmup(10, 0, 0.5) >> cosine(_, 0, 490)",
    # Kept within bounds, or turned round.
    "min(warmup(100), cosine(1, 0, 1000))",
    "min(0.5, step(0.1, 2, 300))",
    "exponential_decay(0.001, 1.02) | clip(_, 1)",
    "1 / exponential_decay(1, 1.01)",
    # One factor or summand does what the whole does not.
    "linear(1, 0.5, 100) * cosine(1, 0, 1000)",
    "cosine(1, 0, 1000) * (constant(1, 150) >> (linear(0.001, 1, 10) >> constant(1, 140)"
    " | repeat()))",
    "(constant(1, 300) >> linear(1, 0)) + 0.1 * (constant(0, 300) >> linear(0, 1))",
    "0.9 * cosine(1, 0) + 0.1 * linear(1, 0)",
    # A scale is no time that must come.
    "step(1, half_life=2000)",
    "exponential_decay(1, 0.5, every=2000)",
    "multistep(1, 0.1, [300, 2000]) | skip(1500)",
    "torch.LinearLR(1.0, 0.1, 1000)",
    "torch.CosineAnnealingLR(1000)",
    "torch.CosineAnnealingWarmRestarts(250)",
]


@pytest.mark.parametrize("base", [1.0, None])
@pytest.mark.parametrize("spec", GOOD)
def test_nothing_is_found(spec: str, base: float | None) -> None:
    assert names(spec, base_lr=base) <= {"zero-first-update"}


@pytest.mark.parametrize(
    ("spec", "context", "said"),
    [
        ("warmup(100, 0, base) >> cosine(base / 2, 0, 100)", {}, "from `base` to 0.5 × base"),
        ("linear(1, 0.5, 100) >> linear(0.2, 0, 100)", {}, "from 0.5 to 0.2"),
        ("cosine(base, base / 10, 100)", {"total_steps": 1000}, "stay at 0.1 × base"),
        ("cosine(base + 0.02, 0.01, 100)", {"total_steps": 1000}, "stay at 0.01"),
        ("warmup(2000) >> hold(9)", {"total_steps": 1000}, "rises to `base`, but no update gets"),
        ("hold(990) >> cooldown(15)", {"total_steps": 1000}, "at 0.4 × base instead of 0"),
        ("exponential_decay(base, 0.9)", {"total_steps": 9000}, "shrunk to 1e-13 × base"),
        ("warmup(9, 2 * base) >> hold()", {}, "falls, from 2 × base to `base`"),
        (
            "linear(base, base / 50, 90) >> linear(_, base, 9)", {},
            "after it has decayed to 0.02 × base",
        ),
    ],
)  # fmt: skip
def test_an_amount_without_a_base_is_no_number(
    spec: str, context: dict[str, Any], said: str
) -> None:
    (message,) = [x.message for x in lint(spec, **context) if said in x.message]
    assert said in message


AVERAGED = {
    "as torch's SWALR anneals": "cosine(base, 0, 100) >> cosine(_, 0.05, 10) >> hold()",
    "by a line": "cosine(base, 0, 100) >> linear(_, 0.05, 10) >> hold()",
    "for the rest": "cosine(base, 0, 100) >> linear(_, 0.05, 10) >> constant(0.05)",
    "for some time": "cosine(base, 0, 100) >> cosine(_, base / 2, 10) >> constant(base / 2, 50)",
    "after the dialect": "(torch.CosineAnnealingLR(100) | take(100)) >> "
                         "cosine(_, 0.05, 10) >> hold()",
    "in the dialect": "torch.SequentialLR([torch.CosineAnnealingLR(100), "
                      "cosine(0, 0.05, 10) >> hold()], [100])",
    "after ExponentialLR": "(torch.ExponentialLR(0.9) | take(99)) >> linear(_, 0.05, 9) >> hold()",
    "after a definition": "wsd(base, 10, 70, 20) >> linear(_, 0.05, 10) >> hold()",
    "in brackets": "cosine(base, 0, 100) >> (cosine(_, 0.05, 10) >> hold())",
    "before another phase": "warmup(10) >> cosine(base, 0, 90) >> linear(_, 0.05, 10) >> hold(40) "
                            ">> linear(_, 0, 40)",
}  # fmt: skip


@pytest.mark.parametrize("run", [{}, {"total_steps": 190}, {"base_lr": 0.1}], ids=str)
@pytest.mark.parametrize("text", AVERAGED.values(), ids=AVERAGED)
def test_a_rise_to_a_lower_rate_that_is_kept_is_meant(text: str, run: dict[str, Any]) -> None:
    found = lint(text, **run)
    assert "rise-after-end" not in [each.name for each in found]


RISING = {
    "to the end": "cosine(base, 0, 100) >> linear(_, base / 2, 90)",
    "to the top": "cosine(base, 0, 100) >> linear(_, base, 10) >> hold()",
    "to almost the top": "cosine(base, 0, 100) >> cosine(_, 0.95 * base, 10) >> hold()",
    "and up again": "cosine(base, 0, 100) >> linear(_, base / 2, 10) >> linear(_, base, 80)",
    "and down": "cosine(base, 0, 100) >> linear(_, base / 2, 10) >> linear(_, base / 4, 80)",
    "the hold is never seen": "cosine(base, 0, 100) >> linear(_, base / 2, 90) >> hold()",
    "a formula": "0.5 * (1 + cos(pi * t / 95))",
    "cycles that end high": "(torch.CosineAnnealingLR(100) | take(150)) >> hold()",
}


@pytest.mark.parametrize("text", RISING.values(), ids=RISING)
def test_other_rises_are_told(text: str) -> None:
    found = lint(text, total_steps=190, base_lr=0.1)
    assert "rise-after-end" in [each.name for each in found]
