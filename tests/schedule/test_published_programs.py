"""Programs of published training runs, compiled without an optimizer, against what those set."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import lrdsl

PUBLISHED = json.loads(
    Path(__file__).with_name("published_programs.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", PUBLISHED, ids=[each["id"] for each in PUBLISHED])
def test_a_published_program_has_its_numbers(case):
    program = lrdsl.compile_program(case["program"], **case["context"])
    assert set(program) == set(case["reference"])
    for name, reference in case["reference"].items():
        updates, values = [int(x) for x in reference], [*reference.values()]
        largest = max(map(abs, values))
        np.testing.assert_allclose(
            program(updates)[name],
            values,
            rtol=case["rtol"],
            atol=case["atol_of_peak"] * largest,
            err_msg=name,
        )
        assert program(updates[1])[name] == program(updates)[name][1]


def test_ppo_and_dqn_as_stable_baselines3_sets_them():
    """The schedules there are functions of the progress that remains, from 1 down to 0."""
    total = 1000

    def exploration(remaining):
        done = 1 - remaining
        return 0.05 if done > 0.1 else 1 + done * (0.05 - 1) / 0.1

    program = lrdsl.compile_program(
        {
            "learning_rate": "linear(2.5e-4, 0)",
            "clip_range": "linear(0.1, 0)",
            "exploration": "linear(1, 0.05, 10%)",
        },
        total_steps=total,
    )
    for update in range(total):
        remaining = 1 - update / total
        expected = [2.5e-4 * remaining, 0.1 * remaining, exploration(remaining)]
        assert [*program(update).values()] == pytest.approx(expected, rel=1e-12, abs=1e-15)


YOLO = {
    "definitions": "def decay() = linear(base, 0.01 * base) | every(1ep)",
    "lr": {
        "bias": "mix(0.1, decay(), min(1, t / warm))",
        "*": "mix(0, decay(), min(1, t / warm))",
    },
    "momentum": "linear(0.8, 0.937, 3ep) >> hold()",
}


def test_detection_with_a_warmup_of_biases_and_momentum_as_yolo_sets_it():
    """The rate is set once an epoch; for three epochs it is interpolated at each update."""
    epochs, batches, first = 10, 57, 0.01
    warm = 3 * batches
    total = epochs * batches
    program = lrdsl.compile_program(
        YOLO, total_steps=total, steps_per_epoch=batches, base_lr=first, warm=warm
    )
    assert list(program) == ["lr[bias]", "lr[*]", "momentum"]
    for update in range(total):
        epoch = update // batches
        rate = first * ((1 - epoch / epochs) * (1 - 0.01) + 0.01)
        rates = {
            "lr[bias]": np.interp(update, [0, warm], [0.1, rate]),
            "lr[*]": np.interp(update, [0, warm], [0.0, rate]),
            "momentum": np.interp(update, [0, warm], [0.8, 0.937]),
        }
        assert program(update) == pytest.approx(rates, rel=1e-12)
