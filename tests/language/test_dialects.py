"""MXNet's and SpeechBrain's schedulers under their own names, against the originals' numbers."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

import lrdsl
from tests.support.paths import ROOT

Case = dict[str, Any]

# --- Numbers that the originals gave --------------------------------------------------------------

GOLDEN: list[Case] = json.loads(
    (ROOT / "tests" / "golden" / "systems.json").read_text(encoding="utf-8")
)
TIMED = [case for case in GOLDEN if "metrics" not in case]
METRIC = [case for case in GOLDEN if "metrics" in case]


def ids(cases: list[Case]) -> list[str]:
    return [f"{case['system']}.{case['name']}-{i}" for i, case in enumerate(cases)]


def test_the_golden_file_covers_every_class() -> None:
    assert (len(TIMED), len(METRIC)) == (57, 6)
    assert len({case["name"] for case in GOLDEN}) == 19


@pytest.mark.parametrize("case", TIMED, ids=ids(TIMED))
def test_golden(case: Case) -> None:
    # SpeechBrain's LinearScheduler calculates in single precision.
    rel = 1e-6 if "float32" in case.get("note", "") else 1e-9
    found = lrdsl.compile(case["spec"], base_lr=case.get("base"))(case["updates"])
    np.testing.assert_allclose(found, case["values"], rtol=rel, atol=1e-12)


@pytest.mark.parametrize("case", METRIC, ids=ids(METRIC))
def test_golden_metrics(case: Case) -> None:
    schedule = lrdsl.compile(case["spec"], base_lr=case.get("base"))
    for update, (metric, after) in enumerate(
        zip(case["metrics"], case["after"], strict=True), start=1
    ):
        schedule = schedule.observe(update, metric)
        assert schedule(update) == pytest.approx(after, rel=1e-9, abs=1e-12)


# --- Numbers that the documentation of the originals prints ---------------------------------------


def from_the_first(*values: float) -> dict[int, float]:
    return dict(enumerate(values))


PRINTED: dict[str, tuple[str, dict[int, float]]] = {
    "mxnet-factor": (
        "mxnet.FactorScheduler(step=250, factor=0.5, base_lr=1)",
        {0: 1, 249: 1, 250: 0.5, 500: 0.25},
    ),
    "mxnet-multi-factor": (
        "mxnet.MultiFactorScheduler(step=[250, 750, 900], factor=0.5, base_lr=1)",
        {249: 1, 250: 0.5, 749: 0.5, 750: 0.25, 900: 0.125, 5000: 0.125},
    ),
    "mxnet-poly": (
        "mxnet.PolyScheduler(max_update=800, base_lr=1, final_lr=1e-3, pwr=2)",
        {399: 1e-3 + 0.999 / 4, 799: 1e-3, 800: 1e-3, 10**6: 1e-3},
    ),
    "mxnet-cosine": (
        "mxnet.CosineScheduler(max_update=800, base_lr=1, final_lr=1e-3)",
        {399: 0.5005, 799: 1e-3, 800: 1e-3},
    ),
    "mxnet-cosine-warmup": (
        "mxnet.CosineScheduler(800, base_lr=1, final_lr=1e-3, warmup_steps=100, warmup_begin_lr=0)",
        {0: 0.01, 49: 0.5, 98: 0.99, 99: 1, 449: 0.5005, 799: 1e-3, 800: 1e-3},
    ),
    "mxnet-constant-warmup": (
        "mxnet.FactorScheduler(250, 0.5, base_lr=1, warmup_steps=5, warmup_begin_lr=0.2,"
        " warmup_mode=constant)",
        {0: 0.2, 3: 0.2, 4: 1, 249: 1, 250: 0.5},
    ),
    "linear": ("speechbrain.LinearScheduler(1, 0, 4)", from_the_first(1, 2 / 3, 1 / 3, 0, 0)),
    "linear-warmup": (
        "speechbrain.LinearWarmupScheduler(1, 2, 4)",
        from_the_first(0, 0.5, 1, 0.5, 0, 0),
    ),
    "step": ("speechbrain.StepScheduler(initial_value=1)", from_the_first(1, 0.5, 0.5, 0.25)),
    "half-life": (
        "speechbrain.StepScheduler(1, half_life=2)",
        from_the_first(2**-0.5, 0.5, 2**-1.5, 0.25),
    ),
    "noam": ("speechbrain.NoamScheduler(1, 3)", from_the_first(1 / 3, 2 / 3, 1)),
    "noam-model-size": (
        "speechbrain.NoamScheduler(2, 4, model_size=16)",
        from_the_first(2 / 32, 4 / 32, 6 / 32, 1 / 4, 0.5 / 5**0.5),
    ),
    "noam-interval": (
        "speechbrain.NoamIntervalScheduler(1, 3, anneal_steps=[6, 9], anneal_rates=[0.5, 0.1])",
        from_the_first(
            0.3333333333333333,
            0.6666666666666666,
            0.9999999999999999,
            0.8660254037844386,
            0.7745966692414833,
            0.7071067811865475,
            0.3273268353539886,
            0.3061862178478973,
            0.28867513459481287,
            0.027386127875258306,
        ),
    ),
    "cyclic-cosine": (
        "speechbrain.CyclicCosineScheduler(3, 1)",
        from_the_first(0.9999999990130395, 0.9999999997532598, 1),
    ),
    "cyclic-cosine-of-the-optimizer": (
        "speechbrain.CyclicCosineScheduler(3)",
        from_the_first(0.9999999990130395, 0.9999999997532598, 1),
    ),
    "cyclic": ("speechbrain.CyclicLRScheduler(0.1, 0.3, 2)", from_the_first(0.2, 0.3, 0.2, 0.1)),
    "interval": (
        "speechbrain.IntervalScheduler[2:0.01, 5:0.005, 9:0.001]",
        from_the_first(1, 0.01, 0.01, 0.01, 0.005, 0.005, 0.005, 0.005, 0.001, 0.001),
    ),
    "inverse-square-root": (
        "speechbrain.InverseSquareRootScheduler(4)",
        from_the_first(0.5, 0.5, 0.5, 0.5, 5**-0.5),
    ),
    "warm-cool-decay": (
        "speechbrain.WarmCoolDecayLRSchedule(lr=1, warmup=2, total_steps=6, decay_factor=0.5,"
        " decay_every=1, cooldown=1)",
        from_the_first(0.5, 1, 0.5, 0.25, 0.125, 0),
    ),
    "warm-and-exp-decay": (
        "speechbrain.WarmAndExpDecayLRSchedule(lr=1, n_warmup_steps=2, decay_factor=0.01,"
        " total_steps=6)",
        from_the_first(0, 0.5, 1, 0.31622776601683794, 0.1),
    ),
    "linear-noam": (
        "speechbrain.LinearNoamScheduler(1, 2, 3)",
        from_the_first(0.5, 1, 1, 1, 1, 2 / 3, 2 / 4),
    ),
    "tri-stage": (
        "speechbrain.TriStageLRSchedule(lr=1, warmup_steps=2, hold_steps=2, decay_steps=2,"
        " total_steps=6, init_lr_scale=0.01, final_lr_scale=0.05)",
        from_the_first(0.505, 1, 1, 1, 0.05**0.5, 0.05),
    ),
    "lecture-step-based": (
        "step(0.8, 0.5, 10) | skip(1)",
        {n: 0.8 * 0.5 ** math.floor((1 + n) / 10) for n in (0, 8, 9, 10, 18, 19, 99)},
    ),
    "lecture-time-based": (
        "time_based(0.8, 0.1)",
        from_the_first(0.8, 0.8, 0.8 / 1.1, 0.8 / 1.1 / 1.2, 0.8 / 1.1 / 1.2 / 1.3),
    ),
    "lecture-exponential": (
        "natural_exp_decay(0.8, 0.1)",
        {n: 0.8 * math.exp(-0.1 * n) for n in (0, 1, 10, 100)},
    ),
}


@pytest.mark.parametrize(("text", "values"), PRINTED.values(), ids=PRINTED)
def test_printed_examples(text: str, values: dict[int, float]) -> None:
    found = lrdsl.compile(text, base_lr=1)(list(values))
    np.testing.assert_allclose(found, list(values.values()), rtol=1e-12, atol=1e-15)


def test_printed_newbob() -> None:
    schedule = lrdsl.compile("speechbrain.NewBobScheduler(initial_value=1.0)")
    values = []
    for update, metric in enumerate([10.0, 2.0, 2.5], start=1):
        schedule = schedule.observe(update, metric)
        values.append((schedule(update - 1), schedule(update)))
    assert values == [(1, 1), (1, 1), (1, 0.5)]


def test_printed_reduce_lr_on_plateau() -> None:
    text = "base | speechbrain.ReduceLROnPlateau(0.25, 0.5, 2, 1)"
    schedule = lrdsl.compile(text, base_lr=1)
    values = []
    for update, metric in enumerate([10.0, 11.0, 13.0, 14.0], start=1):
        schedule = schedule.observe(update, metric)
        values.append(schedule(update))
    assert values == [1, 1, 1, 0.5]


# --- The optimizer's own learning rate ------------------------------------------------------------

CONDITIONAL = ["FactorScheduler(250)", "MultiFactorScheduler([250])"]
CONDITIONAL += ["PolyScheduler(10**9)", "CosineScheduler(10**9)"]


@pytest.mark.parametrize("call", CONDITIONAL)
def test_base_lr_is_that_of_the_run_or_the_original_default(call: str) -> None:
    text = f"mxnet.{call}"
    assert lrdsl.compile(text)(0) == pytest.approx(0.01)
    assert lrdsl.compile(text, base_lr=0.3)(0) == pytest.approx(0.3)
    assert lrdsl.compile(text.replace(")", ", base_lr=1)"), base_lr=0.3)(0) == pytest.approx(1)


def test_an_optimizer_brings_its_learning_rates() -> None:
    torch = pytest.importorskip("torch")
    from lrdsl.torch import Scheduler

    weights = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    groups = [{"params": weights[0]}, {"params": weights[1], "lr": 0.4}]
    optimizer = torch.optim.SGD(groups, lr=0.1)
    scheduler = Scheduler(optimizer, "mxnet.FactorScheduler(step=2, factor=0.5)")
    seen = []
    for _ in range(4):
        seen.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    assert seen == [[0.1, 0.4], [0.1, 0.4], [0.05, 0.2], [0.05, 0.2]]


# --- What the originals do not have ---------------------------------------------------------------

DURATIONS = {
    "mxnet.FactorScheduler(1ep, 0.5, base_lr=1, warmup_steps=20%)": (
        "mxnet.FactorScheduler(50, 0.5, base_lr=1, warmup_steps=200)"
    ),
    "mxnet.CosineScheduler(total, warmup_steps=2ep)": (
        "mxnet.CosineScheduler(1000, warmup_steps=100)"
    ),
    "mxnet.MultiFactorScheduler([1ep, 50%], 0.1)": "mxnet.MultiFactorScheduler([50, 500], 0.1)",
    "speechbrain.NoamScheduler(1, 1ep)": "speechbrain.NoamScheduler(1, 50)",
    "speechbrain.CyclicLRScheduler(0.1, 0.3, 1ep, triangular2)": (
        "speechbrain.CyclicLRScheduler(0.1, 0.3, 50, triangular2)"
    ),
    "speechbrain.CyclicLRScheduler(0.1, 0.3, 1ep, scale_fn=1/t)": (
        "speechbrain.CyclicLRScheduler(0.1, 0.3, 50, scale_fn=1/t)"
    ),
    "speechbrain.WarmCoolDecayLRSchedule(1, 10%, 2ep, total, 0.5, 1ep)": (
        "speechbrain.WarmCoolDecayLRSchedule(1, 100, 100, 1000, 0.5, 50)"
    ),
    "speechbrain.TriStageLRSchedule(1, 1ep, 50%, 1ep, total)": (
        "speechbrain.TriStageLRSchedule(1, 50, 500, 50, 1000)"
    ),
    "speechbrain.IntervalScheduler[1ep:0.1, 50%:*0.5]": (
        "speechbrain.IntervalScheduler[50:0.1, 500:*0.5]"
    ),
}
"""Lengths with units, and the same in updates, 1000 in all and 50 an epoch."""


@pytest.mark.parametrize(("text", "plain"), DURATIONS.items(), ids=DURATIONS)
def test_lengths_have_units(text: str, plain: str) -> None:
    run = {"total_steps": 1000, "steps_per_epoch": 50, "base_lr": 1.0}
    np.testing.assert_array_equal(
        lrdsl.compile(text, **run).values(1000), lrdsl.compile(plain, **run).values(1000)
    )


MISTAKES = {
    "mxnet.FactorScheduler(factor=0.5)": "needs `step`",
    "mxnet.FactorScheduler(250, gamma=0.5)": "no parameter `gamma`",
    "mxnet.CosineScheduler(800, warmup_mode=lin)": "did you mean `linear`",
    "mxnet.CosineScheduler(100, warmup_steps=100)": "division by zero",
    "mxnet.CosinScheduler(800)": "did you mean `mxnet.CosineScheduler`",
    "speechbrain.CyclicLRScheduler(mode=triangle)": "did you mean `triangular`",
    "speechbrain.IntervalScheduler(2)": "takes square brackets",
    "speechbrain.NoamIntervalScheduler(1, 3, [6, 9], [0.5])": "factors as `anneal_steps` of",
}


@pytest.mark.parametrize(("text", "complaint"), MISTAKES.items(), ids=MISTAKES)
def test_mistakes(text: str, complaint: str) -> None:
    with pytest.raises(lrdsl.SpecError, match=complaint):
        lrdsl.compile(text, total_steps=1000, base_lr=1)
