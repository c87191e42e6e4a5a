"""What it costs to make a Scheduler, to load its state, and to step with a metric: calls, counted.

As in `test_cost.py`, no clock is looked at, and limits are a little above what is counted today.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.laws.test_cost import SPEC, optimizer
from tests.support.counting import calls, grows_in_step

pytest.importorskip("torch")

from lrdsl.torch import Scheduler

PLATEAU = "base | plateau(0.1, patience=10)"


def stepped(groups: int, spec: str, **options: bool) -> Any:
    """A Scheduler that has made a step."""
    scheduler = Scheduler(optimizer(groups), spec, **options)
    scheduler.step(1.0)
    return scheduler


@pytest.mark.parametrize("keeps", [False, True], ids=["record", "log"])
@pytest.mark.parametrize("groups", [1, 64])
def test_calls_of_a_step_with_a_metric(groups: int, keeps: bool) -> None:
    """However many groups there are, and however many metrics have come: three look for ranks."""
    scheduler = stepped(groups, PLATEAU, keep_metrics=keeps)
    for count in (10, 2000):
        for i in range(count):
            scheduler.step(1 / (i + 1))
        scheduler.step(0.0)  # may be the first one that is watched
        assert calls(lambda: scheduler.step(0.0)) <= 14 + keeps


def test_calls_of_a_step_with_a_metric_at_a_limit() -> None:
    """Each metric calls for a change, and the rate is as low as it may be."""
    scheduler = stepped(1, "base | plateau(0.5, patience=0, min_lr=base)")
    for _ in range(10):
        scheduler.step(1.0)
    assert calls(lambda: scheduler.step(1.0)) <= 30


def test_calls_of_making_a_scheduler_and_loading_its_state() -> None:
    """Of a spec that is known."""
    state = Scheduler(optimizer(1), SPEC).state_dict()
    driven = optimizer(1)
    assert calls(lambda: Scheduler(driven, SPEC)) <= 600
    scheduler = Scheduler(optimizer(1), SPEC)
    assert calls(lambda: scheduler.load_state_dict(state)) <= 400


def test_making_a_scheduler_grows_with_the_bases() -> None:
    def count(groups: int) -> int:
        driven = optimizer(groups, is_uneven=True)
        return calls(lambda: Scheduler(driven, SPEC))

    assert grows_in_step(count, 16)
    assert count(128) <= 2800 + 128 * 110
