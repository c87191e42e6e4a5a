"""Shapes and functions written in Python drive an optimizer."""

from __future__ import annotations

import pytest
import torch

import lrdsl
import lrdsl.build
from lrdsl import SpecError
from lrdsl.torch import Scheduler
from tests.support.custom_shapes import halving, saw


def optimizer() -> torch.optim.Optimizer:
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": lr} for lr in (0.1, 0.2)]
    return torch.optim.SGD(groups)


def rates(of: torch.optim.Optimizer) -> list[float]:
    return [float(group["lr"]) for group in of.param_groups]


def test_a_scheduler_takes_a_function() -> None:
    driven = optimizer()
    scheduler = Scheduler(driven, halving)
    seen = []
    for _ in range(201):
        seen.append(rates(driven))
        driven.step()
        scheduler.step()
    assert seen == [[halving(t)] * 2 for t in range(201)]


def test_a_schedulers_state_names_the_function(recwarn: pytest.WarningsRecorder) -> None:
    driven = optimizer()
    scheduler = Scheduler(driven, halving, total_steps=500)
    scheduler.step(150)
    state = scheduler.state_dict()
    assert state["spec"] == f"{halving.__module__}.halving"
    again = Scheduler(optimizer(), halving, total_steps=500)
    again.load_state_dict(state)
    assert again.get_last_lr() == [0.5, 0.5]
    assert not recwarn.list
    other = Scheduler(optimizer(), lambda t: 1.0, total_steps=500)
    with pytest.warns(UserWarning, match="halving' instead of .*lambda"):
        other.load_state_dict(state)


def test_a_scheduler_takes_a_function_to_the_end_of_its_table() -> None:
    """Values are evaluated ahead; what lies past the run need not be there."""
    table = [0.1 * i for i in range(1300)]
    driven = optimizer()
    scheduler = Scheduler(driven, lambda t: table[t], total_steps=1299)
    scheduler.step(1100)
    assert rates(driven) == [table[1100]] * 2
    scheduler.step(5000)
    assert rates(driven) == [table[1299]] * 2


def test_a_program_takes_functions() -> None:
    driven = optimizer()
    scheduler = Scheduler(
        driven, {"lr": {0: halving, "*": 0.5}, "weight_decay": "hold(50) >> 0.1 * lr"}
    )
    scheduler.step(250)
    assert rates(driven) == [0.25, 0.5]
    assert [group["weight_decay"] for group in driven.param_groups] == pytest.approx([0.025, 0.05])
    assert f"{halving.__module__}.halving" in str(scheduler.state_dict())
    again = Scheduler(
        optimizer(), {"lr": {0: halving, "*": 0.5}, "weight_decay": "hold(50) >> 0.1 * lr"}
    )
    again.load_state_dict(scheduler.state_dict())
    assert again.get_last_lr() == [0.25, 0.5]


def test_a_function_at_fault_changes_nothing() -> None:
    driven = optimizer()
    with pytest.raises(SpecError, match="LR606"):
        Scheduler(driven, lambda t: "1")
    assert rates(driven) == [0.1, 0.2]
    assert "initial_lr" not in driven.param_groups[0]


def test_own_shapes_drive_an_optimizer() -> None:
    lrdsl.shape(saw)
    driven = optimizer()
    Scheduler(driven, "saw(base, 2*base, 10)").step(5)
    assert rates(driven) == pytest.approx([0.15, 0.3])
