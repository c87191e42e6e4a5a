"""A call of a definition that is a program, given to a Scheduler, drives all that it names."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
import torch

import lrdsl
from lrdsl.torch import Scheduler

DROP = """
def drop(peak, decay=0.5) = {
    lr: linear(peak, 0, 10),
    weight_decay: decay if decay > 0 else none
}
"""


def optimizer(cls: Any = torch.optim.SGD, **kwargs: Any) -> torch.optim.Optimizer:
    return cls([torch.nn.Parameter(torch.zeros(1))], lr=0.1, **kwargs)


def momentum(group: dict[str, Any]) -> float:
    return float(group["betas"][0] if "betas" in group else group["momentum"])


@pytest.mark.parametrize("cls", [torch.optim.SGD, torch.optim.Adam, torch.optim.RMSprop])
@pytest.mark.parametrize(
    ("name", "spec", "arguments"),
    [
        pytest.param(
            "CyclicLR",
            "torch.CyclicLR(0.1, 0.3, step_size_up=7, mode='triangular2')",
            {"base_lr": 0.1, "max_lr": 0.3, "step_size_up": 7, "mode": "triangular2"},
            id="CyclicLR",
        ),
        pytest.param(
            "OneCycleLR",
            "torch.OneCycleLR(0.3, total_steps=60)",
            {"max_lr": 0.3, "total_steps": 60},
            id="OneCycleLR",
        ),
    ],
)
def test_momentum_is_driven_as_torch_does(
    cls: Any, name: str, spec: str, arguments: dict[str, Any]
) -> None:
    ours, theirs = optimizer(cls), optimizer(cls)
    scheduler = Scheduler(ours, spec)
    reference = getattr(torch.optim.lr_scheduler, name)(theirs, **arguments)
    for _ in range(59):
        (mine,), (other,) = ours.param_groups, theirs.param_groups
        assert mine["lr"] == pytest.approx(other["lr"], rel=1e-9)
        assert momentum(mine) == pytest.approx(momentum(other), rel=1e-9)
        ours.step()
        theirs.step()
        scheduler.step()
        reference.step()


def test_the_state_is_that_of_a_program() -> None:
    first = Scheduler(optimizer(), "torch.CyclicLR(0.1, 0.3, step_size_up=7)")
    for _ in range(5):
        first.optimizer.step()
        first.step()
    second = Scheduler(optimizer(), "torch.CyclicLR(0.1, 0.3, step_size_up=7)")
    second.load_state_dict(first.state_dict())
    assert second.optimizer.param_groups[0]["momentum"] == pytest.approx(
        first.optimizer.param_groups[0]["momentum"]
    )
    assert set(json.loads(first.state_dict()["spec"])) == {"lr", "momentum"}


@pytest.mark.parametrize(
    ("spec", "keys"),
    [
        pytest.param("torch.CyclicLR(0.1, 0.3, cycle_momentum=false)", {"lr"}, id="left out"),
        pytest.param({"lr": "torch.CyclicLR(0.1, 0.3)"}, {"lr"}, id="lr alone was asked for"),
        pytest.param("hold(5) >> torch.CyclicLR(0.1, 0.3)", {"lr"}, id="a part of a chain"),
        pytest.param({"spec": "torch.CyclicLR(0.1, 0.3)"}, {"lr", "momentum"}, id="in a config"),
    ],
)
def test_what_else_is_driven(spec: Any, keys: set[str]) -> None:
    state = Scheduler(optimizer(), spec).state_dict()["spec"]
    assert (set(json.loads(state)) if state.startswith("{") else {"lr"}) == keys


@pytest.mark.parametrize(
    ("spec", "options"),
    [
        pytest.param("drop(2)", {"definitions": DROP}, id="as an argument"),
        pytest.param({"spec": "drop(2)", "definitions": DROP}, {}, id="beside the spec"),
    ],
)
def test_own_definitions_may_be_programs(spec: Any, options: dict[str, Any]) -> None:
    scheduler = Scheduler(optimizer(), spec, **options)
    scheduler.step(epoch=5)
    (group,) = scheduler.optimizer.param_groups
    assert (group["lr"], group["weight_decay"]) == (1.0, 0.5)


def test_a_field_that_comes_to_none_is_not_driven() -> None:
    scheduler = Scheduler(optimizer(weight_decay=0.01), "drop(2, 0)", definitions=DROP)
    assert scheduler.optimizer.param_groups[0]["weight_decay"] == 0.01


def test_an_optimizer_without_momentum_is_refused_untouched() -> None:
    untouched = optimizer(torch.optim.Adagrad)
    with pytest.raises(lrdsl.SpecError, match="no `momentum`"):
        Scheduler(untouched, "torch.OneCycleLR(0.3, total_steps=60)")
    assert untouched.param_groups[0]["lr"] == 0.1
    assert "initial_lr" not in untouched.param_groups[0]


def test_the_state_holds_the_definitions_that_are_used(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "mine.lr"
    file.write_text("def unused(a) = a\ndef fall(n) = linear(base, 0, n)")
    scheduler = Scheduler(optimizer(), "fall(10)", definitions=file)
    saved = scheduler.state_dict()
    assert json.loads(saved["context"])["definitions"] == "def fall(n) = linear(base, 0, n)"
    file.write_text("def fall(n) = cosine(base, 0, n)")
    changed = Scheduler(optimizer(), "fall(10)", definitions=file)
    with pytest.warns(UserWarning, match="def fall"):
        changed.load_state_dict(saved)
