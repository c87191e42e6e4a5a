"""Which number a spec drives: rules about learning rates are quiet for all others."""

from __future__ import annotations

import pytest

from lrdsl.linter import lint
from lrdsl.linter.config import Project
from lrdsl.linter.driven_number import drives_rate
from lrdsl.linter.lint_source import lint_source
from lrdsl.linter.origin import SpecOrigin
from lrdsl.linter.read_source import read_text

RATES = [
    "", "spec", "lr", "optimizer.lr", "learning_rate", "model.learningRate", "lr0", "lrf",
    "base_lr", "peak_lr", "lrs[0]", "lr_schedule", "train.lr_scheduler.spec", "schedule",
    "scheduler.spec", "schedules[2]", "optim.schedule.warmup_cosine", "optim.lr.head",
    "lr.decay.spec", "lr_schedules.phase_one", "encoder.max_learning_rate", "maxlr",
]  # fmt: skip
OTHERS = [
    "stddev_schedule", "epsilon", "eps_schedule.spec", "ema", "ema_decay", "beta", "clip_range",
    "weight_decay", "optimizer.weight_decay", "optim.wd.schedule", "momentum", "temperature.spec",
    "teacher_temp", "mask_ratio", "kl_weight", "entropy_coef", "batch_size", "drop_path_rate",
    "label_smoothing", "guidance_scale", "curriculum.difficulty", "exploration.rate",
    "agent.explorationFraction", "resolution", "lr_config.ema_decay", "betas[0]", "samplingRate",
]  # fmt: skip


@pytest.mark.parametrize("key", RATES)
def test_a_key_of_a_rate(key: str) -> None:
    assert drives_rate(SpecOrigin(key=key))


@pytest.mark.parametrize("key", OTHERS)
def test_a_key_of_another_number(key: str) -> None:
    assert not drives_rate(SpecOrigin(key=key))


@pytest.mark.parametrize(
    ("drives", "expected"),
    [("lr", True), ("weight_decay", False), ("betas[0]", False), ("momentum", False)],
)
def test_a_program_says_it(drives: str, expected: bool) -> None:
    assert drives_rate(SpecOrigin(key="lr.x", drives=drives)) is expected


SHORT = "linear(1.0, 0.1, 1000)"
"""Ends long before the run, which is a mistake for a rate alone."""


@pytest.mark.parametrize("key", [key for key in OTHERS if key])
@pytest.mark.parametrize(
    "spec",
    [
        SHORT,
        "linear(0, 1, 60%) >> constant(1)",
        "linear(1, 0, 1000) >> linear(0, 0.5)",
        "linear(1, 0, 1000) >> constant(0)",
        "linear(0.5, -0.5)",
        "linear(0, 10)",
    ],
)
def test_rules_about_rates_are_quiet_for_other_numbers(key: str, spec: str) -> None:
    assert lint(spec, total_steps=100_000, origin=SpecOrigin(key=key)) == []


def found(name: str, text: str) -> list[str]:
    return [x.diagnostic.name for x in lint_source(read_text(name, text), Project())]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("a.yaml", "total_steps: 100000\n{}: {}\n", id="yaml"),
        pytest.param("a.yaml", "total_steps: 100000\n{}:\n  spec: {}\n", id="below"),
        pytest.param(
            "a.py", "import lrdsl\n{} = lrdsl.compile('{}', total_steps=100000)\n", id="variable"
        ),
        pytest.param(
            "a.py",
            "import lrdsl\nAgent({}=lrdsl.compile('{}', total_steps=100000))\n",
            id="argument",
        ),
        pytest.param(
            "a.py",
            "import lrdsl\nx = {{'{}': lrdsl.compile('{}', total_steps=100000)}}\n",
            id="dict",
        ),
        pytest.param(
            "a.py",
            "from lrdsl.torch import Scheduler\nScheduler(o, {{'{}': '{}'}}, total_steps=100000)\n",
            id="program",
        ),
    ],
)
def test_the_place_tells(name: str, text: str) -> None:
    assert found(name, text.format("epsilon", SHORT)) == []
    assert found(name, text.format("lr", SHORT)) == ["shorter-than-run"]


def test_what_a_scheduler_is_called_says_nothing() -> None:
    code = "import lrdsl.torch as t\nbeta = t.Scheduler(opt, 'linear(1, 0, 9)', total_steps=99)"
    assert found("a.py", code) == ["shorter-than-run"]
