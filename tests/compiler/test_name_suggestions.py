"""What an unknown name is told to be: each with what people who come from elsewhere type."""

from __future__ import annotations

import pytest

import lrdsl
from lrdsl import SpecError
from lrdsl.language.foreign_names import MODIFIERS, SCHEDULES, VALUES

RUN = {"total_steps": 1000, "steps_per_epoch": 100, "base_lr": 0.1}

NAMES = {
    # The exact last component comes first, whatever stands before it.
    "StepLR": "torch.StepLR",
    "lr_scheduler.StepLR": "torch.StepLR",
    "torch.optim.lr_scheduler.StepLR": "torch.StepLR",
    "optim.lr_scheduler.MultiStepLR": "torch.MultiStepLR",
    "OneCycleLR": "torch.OneCycleLR",
    "one_cycle_lr": "torch.OneCycleLR",
    "LinearLR": "torch.LinearLR",
    "ConstantLR": "torch.ConstantLR",
    "ExponentialLR": "torch.ExponentialLR",
    "PolynomialLR": "torch.PolynomialLR",
    "CosineAnnealingLR": "torch.CosineAnnealingLR",
    "CosineAnnealingWarmRestarts": "torch.CosineAnnealingWarmRestarts",
    "CyclicLR": "torch.CyclicLR",
    "SequentialLR": "torch.SequentialLR",
    "ChainedScheduler": "torch.ChainedScheduler",
    "torch.steplr": "torch.StepLR",
    "FactorScheduler": "mxnet.FactorScheduler",
    "mx.lr_scheduler.PolyScheduler": "mxnet.PolyScheduler",
    "NoamScheduler": "speechbrain.NoamScheduler",
    "my.cosine": "cosine",
    "schedules.linear": "linear",
    "one_cycle": "onecycle",
    "OneCycle": "onecycle",
    "Cosine": "cosine",
    "TimeBased": "time_based",
    "time_based_": "time_based",
    "inversesqrt": "inverse_sqrt",
    "ExponentialDecay": "exponential_decay",
    "multi_step": "multistep",
    # Nearly the last component.
    "StepLRR": "torch.StepLR",
    "torch.StpLR": "torch.StepLR",
    "torch.CosineAnealingLR": "torch.CosineAnnealingLR",
    "MultiStepLr": "torch.MultiStepLR",
    "torch.OneCyleLR": "torch.OneCycleLR",
    "ExponetialLR": "torch.ExponentialLR",
    # Then the core's names, those that begin with the word before all others.
    "cosin": "cosine",
    "cosien": "cosine",
    "const": "constant",
    "lin": "linear",
    "poly_": "poly",
    "polynom": "polynomial",
    "expo": "exponential",
    "exponential_deca": "exponential_decay",
    "warm": "warmup",
    "warmpu": "warmup",
    "wramup": "warmup",
    "cooldwn": "cooldown",
    "cool_down": "cooldown",
    "linaer": "linear",
    "liner": "linear",
    "restart": "restarts",
    "hodl": "hold",
    "stp": "step",
    "ramps": "ramp",
    "tahn": "tanh",
    "quadratc": "quadratic",
    "inverse": "inverse_time",
    # Functions, and only if they are very near.
    "sqr": "sqrt",
    "floo": "floor",
}
"""The name that is typed, and the one that is suggested to stand in its place."""


@pytest.mark.parametrize("typed", NAMES)
def test_near_name(typed: str) -> None:
    with pytest.raises(SpecError, match="LR201") as caught:
        lrdsl.compile(f"{typed}(1, 2)", **RUN)
    (found,) = caught.value.diagnostics
    assert (found.replacement, found.fix) == (NAMES[typed], f"did you mean `{NAMES[typed]}`?")


FOREIGN = {
    "get_cosine_schedule_with_warmup": "warmup(100) >> cosine()",
    "transformers.get_cosine_schedule_with_warmup": "warmup(100) >> cosine()",
    "cosine_with_warmup": "warmup(100) >> cosine()",
    "get_linear_schedule_with_warmup": "warmup(100) >> linear()",
    "get_constant_schedule_with_warmup": "warmup(100) >> constant()",
    "constant_with_warmup": "warmup(100) >> constant()",
    "get_polynomial_decay_schedule_with_warmup": "warmup(100) >> polynomial()",
    "cosine_with_restarts": "restarts(base, period=300)",
    "get_inverse_sqrt_schedule_with_warmup": "warmup(100) >> inverse_sqrt(base, warmup=100)",
    "inverse_square_root": "inverse_sqrt(base, warmup=100)",
    "warmup_stable_decay": "wsd(base, 100, 700, 200)",
    "linear_warmup": "warmup(100)",
    "WarmupDecayLR": "warmup(100) >> linear()",
    "WarmupCosineLR": "warmup(100) >> cosine()",
    "LinearWarmupCosineAnnealingLR": "warmup(100) >> cosine()",
    "tri_stage": "warmup(100) >> hold(600) >> exponential(_, 0.01 * base, 300)",
    "cosine_decay": "cosine()",
    "cosine_decay_schedule": "cosine()",
    "optax.cosine_decay_schedule": "cosine()",
    "warmup_cosine_decay_schedule": "warmup(100) >> cosine()",
    "keras.optimizers.schedules.CosineDecay": "cosine()",
    "CosineDecayRestarts": "restarts(base, period=300)",
    "PolynomialDecay": "polynomial()",
    "InverseTimeDecay": "inverse_time(base, 0.5)",
    "PiecewiseConstantDecay": "multistep(base, 0.1, [300, 600])",
    "piecewise_constant_schedule": "multistep(base, 0.1, [300, 600])",
    "cosine_onecycle_schedule": "onecycle(base)",
    "linear_decay": "linear()",
    "step_decay": "step(base, 0.1, 300)",
    "WarmupMultiStepLR": "warmup(100) >> multistep(base, 0.1, [300, 600])",
    "FlatCosine": "hold(500) >> cosine()",
    "triangular": "cyclic(0.1 * base, base, 200)",
    "trapezoidal": "wsd(base, 100, 700, 200)",
    "sigmoid": "tanh()",
    "torch.SWALR": "cosine(_, 0.05, 10) >> hold()",
    "LambdaScheduler": "base * 0.95 ** (t // 30)",
}
"""Names of other frameworks, and the spec that they are told of."""


@pytest.mark.parametrize("typed", FOREIGN)
def test_a_name_of_another_framework(typed: str) -> None:
    """Its arguments would mean something else: nothing is put in its place."""
    with pytest.raises(SpecError, match="LR201") as caught:
        lrdsl.compile(f"{typed}(1, 2)", **RUN)
    (found,) = caught.value.diagnostics
    fix = f"in lrdsl that is written like `{FOREIGN[typed]}`"
    assert (found.replacement, found.fix) == (None, fix)


@pytest.mark.parametrize(
    ("typed", "fix"),
    [
        ("reduce_on_plateau", "in lrdsl that is written like `plateau(0.5, 10)`"),
        ("ReduceLROnPlateau", "did you mean `torch.ReduceLROnPlateau`?"),
        ("clamp", "in lrdsl that is written like `clip(0, 1)`"),
        ("cycle", "in lrdsl that is written like `repeat()`"),
        ("loop", "in lrdsl that is written like `repeat()`"),
        ("truncate", "in lrdsl that is written like `take(500)`"),
        ("repaet", "did you mean `repeat`?"),
        ("rep", "did you mean `repeat`?"),
        ("strech", "did you mean `stretch`?"),
        ("cumul", "did you mean `cumulative`?"),
    ],
)
def test_modifiers(typed: str, fix: str) -> None:
    with pytest.raises(SpecError, match="LR201") as caught:
        lrdsl.compile(f"hold(5) | {typed}(1)", **RUN)
    assert caught.value.diagnostics[0].fix == fix


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("hold(10 * steps_per_epoch)", "write `epoch`"),
        ("hold(total_steps / 2)", "write `total`"),
        ("cosine(base_lr, 0)", "write `base`"),
        ("hold(num_training_steps)", "write `total`, or give it a value: num_training_steps=…"),
        ("cosine(learning_rate, 0)", "write `base`, or give it a value: learning_rate=…"),
        ("0.1 / (1 + global_step)", "write `t`, or give it a value: global_step=…"),
        ("cosine(peak, 0)", "give it a value: peak=…"),
        ("hold(totl)", "did you mean `total`?"),
    ],
)
def test_numbers(text: str, fix: str) -> None:
    with pytest.raises(SpecError, match="LR301") as caught:
        lrdsl.compile(text, **RUN)
    assert caught.value.diagnostics[0].fix == fix


@pytest.mark.parametrize("text", [*{**SCHEDULES}.values()])
def test_advised_schedules_compile(text: str) -> None:
    lrdsl.compile(text, **RUN)


@pytest.mark.parametrize("text", [*{**MODIFIERS}.values()])
def test_advised_modifiers_compile(text: str) -> None:
    lrdsl.compile(f"linear(1, 0, 500) | {text}", **RUN)


@pytest.mark.parametrize("word", [*{**VALUES}.values()])
def test_advised_numbers_compile(word: str) -> None:
    kind = (
        "linear(1, 0, {})"
        if word in ("total", "epoch", "rest")
        else "hold(5) >> ({} + 1 | take(5))"
    )
    lrdsl.compile(kind.format(word), **RUN)


@pytest.mark.parametrize(
    ("text", "code", "fix", "replacement"),
    [
        ("cosine(1,0,100) then hold(5)", "LR103", "`>>`", ">>"),
        ("cosine(1,0,100) lr", "LR103", "write modifiers after `|`", None),
        ("cosine(1,0,100) repeat(3)", "LR103", "write modifiers after `|`", None),
        ("hold(100 steps)", "LR107", "`100ba`", "100ba"),
        ("hold(5 epochs)", "LR107", "`5ep`", "5ep"),
        ("hold(10B tokens)", "LR107", "`10Btok`", "10Btok"),
        ("hold(2.5k samples)", "LR107", "`2.5ksp`", "2.5ksp"),
        ("warmup(5 percent)", "LR107", "`5%`", "5%"),
        ("hold(100steps)", "LR107", "`100ba`", "100ba"),
        ("warmup(100) -> cosine()", "LR102", "`>>`", ">>"),
        ("warmup(100) => cosine()", "LR102", "`>>`", ">>"),
        ("cosine() | interval[600-700:*0.5]", "LR404", "`600..700`", None),
        ("torch.StepLR(optimizer, step_size=30)", "LR209", "leave it out", None),
        ("torch.CosineAnnealingLR(opt, 100)", "LR209", "leave it out", None),
        ("torch.ChainedScheduler([])", "LR205", "`[a, b]`", None),
    ],
)
def test_habits_from_elsewhere(text: str, code: str, fix: str, replacement: str | None) -> None:
    with pytest.raises(SpecError, match=code) as caught:
        lrdsl.compile(text, **RUN)
    (found,) = caught.value.diagnostics
    assert found.fix is not None
    assert fix in found.fix
    assert found.replacement == replacement
