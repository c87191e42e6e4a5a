"""A Scheduler and its parameter groups: their bases, scales and tensors."""

import numpy as np
import pytest

import lrdsl

torch = pytest.importorskip("torch")

from torch.optim import SGD, AdamW  # noqa: E402

from lrdsl.torch import Scheduler  # noqa: E402
from tests.support.scheduler_runs import HEADLINE, lrs, run, sgd, snapshot, weight  # noqa: E402

# Groups.


def test_each_group_has_its_own_base():
    scheduler = Scheduler(sgd(1.0, 0.1, 1.0, 1e-4), "warmup(10) >> cosine(base, 0, 90)")
    for t in range(120):
        expected = [s(t) for s in scheduler.schedules]
        assert lrs(scheduler.optimizer) == scheduler.get_last_lr() == expected
        scheduler.optimizer.step()
        scheduler.step()
    assert scheduler.base_lrs == [1.0, 0.1, 1.0, 1e-4]
    assert scheduler.schedules[0] is scheduler.schedules[2]


def test_groups_share_a_schedule_without_base():
    first, second = Scheduler(sgd(1.0, 0.1), HEADLINE).schedules
    assert first is second


def test_base_is_the_initial_lr():
    optimizer = sgd(0.01)
    optimizer.param_groups[0]["initial_lr"] = 0.5
    assert lrs(Scheduler(optimizer, "base").optimizer) == [0.5]


def test_a_second_scheduler_starts_from_the_same_base():
    optimizer = sgd(0.1)
    run(Scheduler(optimizer, "linear(base, 0, 100)"), 50)
    assert run(Scheduler(optimizer, "base"), 1) == [0.1]


@pytest.mark.parametrize("scale", [0.5, 2, 0, torch.tensor(0.25), np.float32(4)])
def test_lr_scale(scale):
    optimizer = sgd(1.0, 1.0)
    optimizer.param_groups[1]["lr_scale"] = scale
    scheduler = Scheduler(optimizer, "linear(base, 0, 10)")
    scheduler.step(5)
    assert lrs(optimizer) == [0.5, 0.5 * float(scale)]


def test_lr_scale_may_change_on_the_way():
    scheduler = Scheduler(sgd(1.0), "linear(base, 0, 10)")
    scheduler.optimizer.param_groups[0]["lr_scale"] = 0.1
    scheduler.step(5)
    assert lrs(scheduler.optimizer) == [0.05]


@pytest.mark.parametrize("clock", ["calls", "updates"])
def test_an_lr_scale_that_changes_counts_from_the_very_next_update(clock):
    scheduler = Scheduler(sgd(1.0), "linear(base, 0, 10)", clock=clock)
    seen = []
    scheduler.optimizer.register_step_pre_hook(
        lambda optimizer, *_: seen.append(optimizer.param_groups[0]["lr"])
    )
    for scale in (1, 1, 1, 0.5, 0.5, torch.tensor(0.25), 2):
        scheduler.optimizer.param_groups[0]["lr_scale"] = scale
        scheduler.optimizer.step()
        if clock == "calls":
            scheduler.step()
    assert seen == pytest.approx([1, 0.9, 0.8, 0.35, 0.3, 0.125, 0.8])


def test_an_lr_scale_that_becomes_several_numbers_is_refused():
    optimizer = sgd(1.0, lr_scale=1.0)
    scheduler = Scheduler(optimizer, "linear(base, 0, 10)")
    for _ in range(3):
        optimizer.step()
        scheduler.step()
    optimizer.param_groups[0]["lr_scale"] = torch.ones(2)
    with pytest.raises(lrdsl.SpecError, match=r"`lr_scale` of parameter group 0"):
        scheduler.step()
    assert (scheduler.last_epoch, lrs(optimizer)) == (3, [0.7])


@pytest.mark.parametrize("kind", [float, torch.tensor])
def test_added_groups_join(kind):
    scheduler = Scheduler(sgd(1.0), "linear(base, 0, 10)")
    scheduler.step(4)
    scheduler.optimizer.add_param_group({"params": [weight()], "lr": kind(0.25)})
    scheduler.step(5)
    assert lrs(scheduler.optimizer) == scheduler.get_last_lr() == [0.5, 0.125]
    assert scheduler.base_lrs == [1.0, 0.25]


@pytest.mark.parametrize("kind", [float, torch.tensor])
def test_groups_added_without_an_lr_start_from_the_default(kind):
    scheduler = Scheduler(SGD([weight()], lr=kind(0.5)), "linear(base, 0, 10)")
    scheduler.step(6)
    scheduler.optimizer.add_param_group({"params": [weight()]})
    scheduler.step(scheduler.last_epoch)
    assert lrs(scheduler.optimizer) == pytest.approx([0.2, 0.2])
    scheduler.step(8)
    assert lrs(scheduler.optimizer) == pytest.approx([0.1, 0.1])


def test_a_bad_added_group_is_named_and_nothing_is_set():
    scheduler = Scheduler(sgd(1.0), "1 / base")
    scheduler.optimizer.add_param_group({"params": [weight()], "lr": 0.0})
    before = snapshot(scheduler.optimizer)
    with pytest.raises(lrdsl.SpecError, match="LR50"):
        scheduler.step(3)
    assert snapshot(scheduler.optimizer) == before
    assert scheduler.last_epoch == 0


def test_replaced_groups():
    scheduler = Scheduler(sgd(1.0), "linear(base, 0, 10)")
    scheduler.optimizer.param_groups[0] = dict(scheduler.optimizer.param_groups[0])
    scheduler.step(5)
    assert lrs(scheduler.optimizer) == [0.5]


# Tensor learning rates.


def test_a_tensor_is_filled_in_place():
    lr = torch.tensor(0.5)
    scheduler = Scheduler(AdamW([weight()], lr=lr), "linear(base, 0, 10)")
    assert scheduler.optimizer.param_groups[0]["lr"] is lr
    scheduler.step(5)
    assert lr.item() == 0.25
    assert scheduler.optimizer.param_groups[0]["lr"] is lr
    assert scheduler.optimizer.param_groups[0]["initial_lr"].item() == 0.5
    assert scheduler.get_last_lr() == [0.25]


def test_a_shared_tensor_becomes_one_each():
    optimizer = AdamW(
        [{"params": [weight()], "lr_scale": scale} for scale in (1, 0.5, 0.25)],
        lr=torch.tensor(0.5),
    )
    shared = optimizer.param_groups[0]["lr"]
    assert optimizer.param_groups[1]["lr"] is shared
    scheduler = Scheduler(optimizer, "linear(base, 0, 10)")
    scheduler.step(5)
    assert lrs(optimizer) == [0.25, 0.125, 0.0625]
    assert all(isinstance(group["lr"], torch.Tensor) for group in optimizer.param_groups)
    assert optimizer.defaults["lr"].item() == 0.5


def test_an_initial_lr_that_is_the_lr_itself():
    optimizer = AdamW([weight()], lr=torch.tensor(0.5))
    optimizer.param_groups[0]["initial_lr"] = optimizer.param_groups[0]["lr"]
    Scheduler(optimizer, "linear(base, 0, 10)").step(5)
    assert optimizer.param_groups[0]["initial_lr"].item() == 0.5


@pytest.mark.parametrize("shape", [(), (1,)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_tensors_of_any_float_kind(shape, dtype):
    lr = torch.full(shape, 0.5, dtype=dtype)
    optimizer = AdamW([weight()], lr=0.1)
    optimizer.param_groups[0]["lr"] = lr
    scheduler = Scheduler(optimizer, "linear(base, 0, 10)")
    scheduler.step(9)
    assert (lr.shape, lr.dtype) == (shape, dtype)
    assert lr.item() == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        pytest.param(torch.tensor(0.5), 0.3, id="a Tensor becomes a float"),
        pytest.param(0.5, torch.tensor(0.3), id="a float becomes a Tensor"),
    ],
)
def test_a_rate_that_somebody_puts_there_does_not_last(first, then):
    scheduler = Scheduler(AdamW([weight()], lr=first), "linear(1, 0, 10)")
    scheduler.optimizer.step()
    for update in range(1, 9):
        scheduler.optimizer.param_groups[0]["lr"] = then
        scheduler.step()
        assert lrs(scheduler.optimizer) == pytest.approx([1 - update / 10])


def test_floats_and_tensors_side_by_side():
    tensor = torch.tensor(0.5, dtype=torch.float64)
    optimizer = sgd(0.5, 0.5, 0.5)
    optimizer.param_groups[1]["lr"] = tensor
    scheduler = Scheduler(optimizer, "linear(base, 0, 10)")
    for update in range(1, 9):
        optimizer.step()
        scheduler.step()
        assert optimizer.param_groups[1]["lr"] is tensor
        assert lrs(optimizer) == pytest.approx([0.5 - 0.05 * update] * 3)


@pytest.mark.parametrize("rates", [(0.5,), (0.5, 0.5), (0.5, 0.25)])
@pytest.mark.parametrize("clock", ["calls", "updates"])
def test_the_next_step_fills_a_tensor_put_in_place_of_a_float(clock, rates):
    optimizer = sgd(*rates)
    scheduler = Scheduler(optimizer, "linear(base, 0, 10)", clock=clock)

    def advance():
        optimizer.step()
        if clock == "calls":
            scheduler.step()

    advance()
    for update in range(2, 8):
        tensors = [torch.tensor(9.0, dtype=torch.float64) for _ in rates]
        for group, tensor in zip(optimizer.param_groups, tensors, strict=True):
            group["lr"] = tensor if update % 2 else 9.0
        advance()
        for group, tensor, rate in zip(optimizer.param_groups, tensors, rates, strict=True):
            assert float(group["lr"]) == pytest.approx(rate * (1 - update / 10))
            assert group["lr"] is tensor if update % 2 else type(group["lr"]) is float
