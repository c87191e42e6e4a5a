"""A Scheduler of a run whose batch grows: training, preview, resume and plots agree."""

from __future__ import annotations

import pytest
import torch

import lrdsl
from lrdsl.diagnostics import SpecError
from lrdsl.torch import Scheduler, attach

PROGRAM = {
    "batch_size": "8 | interval[100sp: 16, 300sp: 32]",
    "lr": "linear(1, 0, 1000) | clock(sp)",
}


def optimizer():
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1)


def driven(scheduler, own, updates):
    """The rate and the batch of each update."""
    found = []
    for _ in range(updates):
        found.append((own.param_groups[0]["lr"], scheduler.batch_size))
        own.step()
        scheduler.step()
    return found


@pytest.mark.parametrize("make", [Scheduler, attach], ids=["calls", "updates"])
def test_a_loop_is_told_how_much_data_to_take(make):
    own = optimizer()
    scheduler = make(own, PROGRAM)
    rates = scheduler.preview(40)["lr"][0].tolist()
    consumed = 0
    for rate, batch in driven(scheduler, own, 40):
        assert batch == (8 if consumed < 100 else 16 if consumed < 300 else 32)
        assert rate == rates.pop(0) == pytest.approx(1 - consumed / 1000, abs=1e-12)
        assert scheduler.schedules[0].consumed(40 - len(rates) - 1).samples == consumed
        consumed += batch
    assert scheduler.values["batch_size"] == scheduler.batch_size == 32


@pytest.mark.parametrize("at", [1, 13, 20])
def test_a_resumed_run_goes_on_where_it_was(at):
    whole = optimizer()
    expected = driven(Scheduler(whole, PROGRAM), whole, 40)
    first, second = optimizer(), optimizer()
    scheduler = Scheduler(first, PROGRAM)
    begun = driven(scheduler, first, at)
    again = Scheduler(second, PROGRAM)
    second.load_state_dict(first.state_dict())
    again.load_state_dict(scheduler.state_dict())
    assert begun + driven(again, second, 40 - at) == expected


def test_another_batch_is_told_at_a_resume():
    state = Scheduler(optimizer(), PROGRAM).state_dict()
    other = Scheduler(optimizer(), PROGRAM | {"batch_size": 16}, on_change="error")
    with pytest.raises(SpecError, match="samples_per_step"):
        other.load_state_dict(state)


def test_a_new_plan_says_its_batches():
    own = optimizer()
    scheduler = Scheduler(own, "linear(1, 0, 1000sp)", samples_per_step=PROGRAM["batch_size"])
    driven(scheduler, own, 20)
    with pytest.raises(SpecError, match=r"(?s)counts from the beginning.*samples_per_step"):
        scheduler.replan("linear(_, 0, 640sp)")
    scheduler.replan("linear(_, 0, 640sp)", samples_per_step=32)
    assert scheduler.schedules[0].length == 40
    assert scheduler.batch_size == 32


def test_a_run_of_so_many_tokens():
    scheduler = Scheduler(
        optimizer(), "cosine(1, 0)", samples_per_step=8, tokens_per_sample=128, total_tokens=1e6
    )
    schedule = scheduler.schedules[0]
    assert schedule.length == schedule.context.total_steps == 977
    assert schedule.values().tolist() == lrdsl.compile("cosine(1, 0, 977)").values().tolist()
