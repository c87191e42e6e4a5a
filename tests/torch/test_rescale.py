"""Resumes with another size of a batch or an epoch, by what has been consumed."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lrdsl.diagnostics import SpecError
from lrdsl.torch import Scheduler

GROWING = "8 | interval[100sp: 16]"


def scheduler(spec, **options):
    return Scheduler(torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1), spec, **options)


def resumed(spec, before, after, updates, **options):
    """The two schedulers, the second of which goes on where the first one was."""
    first = scheduler(spec, **before)
    first.step(updates)
    second = scheduler(spec, on_change="rescale", **after, **options)
    second.load_state_dict(first.state_dict())
    return first, second


EPOCHS = "warmup(2ep) >> cosine(_, 0, 8ep)"
SAMPLES = "warmup(1.6ksp) >> cosine(_, 0, 6.4ksp)"


@pytest.mark.parametrize(
    ("spec", "before", "after", "updates", "expected"),
    [
        pytest.param(EPOCHS, {"steps_per_epoch": 50}, {"steps_per_epoch": 25}, 300, 150, id="ep"),
        pytest.param(SAMPLES, {"samples_per_step": 16}, {"samples_per_step": 64}, 200, 50, id="sp"),
        pytest.param(
            "linear(1, 0, 8ktok)", {"tokens_per_step": 20}, {"tokens_per_step": 10}, 7, 14, id="tok"
        ),
        pytest.param(
            "linear(1, 0, 960) | clock(sp)",
            {"samples_per_step": 8},
            {"samples_per_step": GROWING},
            29,
            21,
            id="a batch that grows",
        ),
        pytest.param(
            "linear(1, 0, 960) | clock(sp)",
            {"samples_per_step": GROWING},
            {"samples_per_step": 8},
            21,
            29,
            id="one that grew",
        ),
        pytest.param(
            "linear(1, 0, 80%)",
            {"samples_per_step": 8, "total_samples": 800},
            {"samples_per_step": 4, "total_samples": 800},
            30,
            60,
            id="a share of the run",
        ),
    ],
)
def test_the_rate_does_not_leap(spec, before, after, updates, expected):
    with pytest.warns(UserWarning, match=f"are after {expected} of this"):
        first, second = resumed(spec, before, after, updates)
    assert second.last_epoch == expected
    assert second.get_last_lr() == pytest.approx(first.get_last_lr(), rel=0.03)


@given(st.integers(1, 64), st.integers(1, 64), st.integers(1, 200))
def test_as_much_has_been_consumed(old, new, updates):
    first = scheduler("linear(1, 0, 20ksp)", samples_per_step=old)
    first.step(updates)
    second = scheduler("linear(1, 0, 20ksp)", samples_per_step=new, on_change="rescale")
    if old == new:
        second.load_state_dict(first.state_dict())
    else:
        with pytest.warns(UserWarning, match="samples were consumed"):
            second.load_state_dict(first.state_dict())
    assert abs(second.last_epoch * new - old * updates) <= new / 2
    assert abs(second.get_last_lr()[0] - first.get_last_lr()[0]) <= max(old, new) / 20_000


def test_nothing_is_told_where_nothing_differs(recwarn):
    first, second = resumed(SAMPLES, {"samples_per_step": 16}, {"samples_per_step": 16}, 9)
    assert second.get_last_lr() == first.get_last_lr()
    assert not recwarn.list


def test_a_length_in_updates_leaps_and_is_told():
    with pytest.warns(UserWarning, match=r"lr at update 50: 0\.8 → 0\.95"):
        resumed("linear(1, 0, 1000)", {"samples_per_step": 16}, {"samples_per_step": 64}, 200)


@pytest.mark.parametrize(
    ("spec", "after", "words"),
    [
        pytest.param("linear(1, 0, 90)", {"steps_per_epoch": 7}, "unknown how much", id="unknown"),
        pytest.param(
            "linear(1, 0, 90) | plateau()", {"samples_per_step": 64}, "metrics", id="metrics"
        ),
    ],
)
def test_what_cannot_be_rescaled(spec, after, words):
    first = scheduler(spec, samples_per_step=16)
    for _ in range(3):
        first.step(0.5) if "plateau" in spec else first.step()
    second = scheduler(spec, on_change="rescale", **after)
    before = second.state_dict()
    with pytest.raises(SpecError, match=words):
        second.load_state_dict(first.state_dict())
    assert second.state_dict() == before


def test_plans_of_the_run_are_not_rescaled():
    first = scheduler("linear(1, 0, 90)", samples_per_step=16)
    first.step(3)
    first.replan("hold(5) >> linear(_, 0, 9)")
    second = scheduler("linear(1, 0, 90)", samples_per_step=8, on_change="rescale")
    with pytest.raises(SpecError, match="a run with plans"):
        second.load_state_dict(first.state_dict())
