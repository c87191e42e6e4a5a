"""Watching a Scheduler: what each update was made with, told once."""

import copy
import gc
import pickle
import warnings

import numpy as np
import pytest

import lrdsl

torch = pytest.importorskip("torch")

from torch.optim import AdamW  # noqa: E402
from torch.optim.lr_scheduler import SequentialLR  # noqa: E402

from lrdsl import SpecError  # noqa: E402
from lrdsl.torch import (  # noqa: E402
    Scheduler,
    log_to_csv,
    log_to_text,
    update_learning_rate,
)
from tests.support.watched_runs import CLOCKS, go, sgd, watched, weight  # noqa: E402

# The callback.


@pytest.mark.parametrize("clock", CLOCKS)
def test_each_update_is_told_once(clock):
    scheduler = Scheduler(sgd(), "warmup(5) >> cosine(base, 0, 20)", clock=clock)
    told = watched(scheduler)
    found = go(scheduler, 30)
    assert told == [*enumerate(found)]
    assert len(set(found)) > 20


@pytest.mark.parametrize("clock", CLOCKS)
def test_nothing_is_told_before_an_update_is_made(clock):
    scheduler = Scheduler(sgd(), "linear(1, 0, 4)", clock=clock)
    told = watched(scheduler)
    scheduler.preview(3)
    assert told == []
    scheduler.optimizer.step()
    assert told == ([] if clock == "calls" else [(0, 1.0)])


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("order", ["loaded first", "watched first"])
def test_a_resume_tells_no_update_again(clock, order):
    before = Scheduler(sgd(), "linear(1, 0, 100)", clock=clock)
    told = watched(before)
    go(before, 7)
    after = Scheduler(sgd(), "linear(1, 0, 100)", clock=clock)
    if order == "loaded first":
        after.load_state_dict(before.state_dict())
    more = watched(after)
    if order == "watched first":
        after.load_state_dict(before.state_dict())
    assert more == []
    go(after, 5)
    assert [update for update, _ in told + more] == [*range(12)]
    assert [value for _, value in told + more] == pytest.approx(1 - np.arange(12) / 100)


def test_a_run_that_began_elsewhere_is_told_from_there():
    scheduler = Scheduler(sgd(), "linear(1, 0, 100)", start_step=40)
    told = watched(scheduler)
    go(scheduler, 2)
    assert told == [(40, 0.6), (41, pytest.approx(0.59))]


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda scheduler: scheduler.observe(9.0), id="observe"),
        pytest.param(lambda scheduler: scheduler.replan("0.25", jump=True), id="replan"),
    ],
)
def test_what_changes_before_an_update_is_what_is_told_of_it(clock, change):
    scheduler = Scheduler(sgd(), "base | plateau(0.25, patience=0)", clock=clock)
    scheduler.observe(1.0)
    told = watched(scheduler)
    found = go(scheduler, 3)
    change(scheduler)
    found += go(scheduler, 2)
    assert found == [1, 1, 1, 0.25, 0.25]
    assert told == [*enumerate(found)]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda scheduler: scheduler.observe(9.0), id="observe"),
        pytest.param(lambda scheduler: scheduler.replan("0.25", jump=True), id="replan"),
    ],
)
def test_what_changes_between_the_update_and_the_step_was_not_in_it(change):
    scheduler = Scheduler(sgd(), "base | plateau(0.25, patience=0)")
    scheduler.observe(1.0)
    told = watched(scheduler)
    go(scheduler, 2)
    scheduler.optimizer.step()
    change(scheduler)
    scheduler.step()
    go(scheduler)
    assert told == [(0, 1.0), (1, 1.0), (2, 1.0), (3, 0.25)]


def test_a_metric_of_the_step_counts_from_the_next_update():
    scheduler = Scheduler(sgd(), "base | plateau(0.5, patience=0)")
    told = watched(scheduler)
    found = []
    for loss in (3.0, 4.0, 2.0, 5.0):
        found.append(scheduler.optimizer.param_groups[0]["lr"])
        scheduler.optimizer.step()
        scheduler.step(loss)
    assert found == [1, 1, 0.5, 0.5]
    assert told == [*enumerate(found)]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda scheduler: scheduler.step("no number"), id="metric"),
        pytest.param(lambda scheduler: scheduler.step(epoch=-3), id="epoch"),
    ],
)
def test_a_step_that_fails_tells_nothing(wrong):
    scheduler = Scheduler(sgd(), "base | plateau(0.5, patience=0)")
    told = watched(scheduler)
    scheduler.optimizer.step()
    with pytest.raises(SpecError, match=r"no number|whole number"):
        wrong(scheduler)
    assert told == []
    scheduler.step(1.0)
    assert told == [(0, 1.0)]


def test_steps_to_an_update():
    scheduler = Scheduler(sgd(), "linear(1, 0, 100)")
    told = watched(scheduler)
    scheduler.optimizer.step()
    for to in (30, 30, 10, 11):
        scheduler.step(to)
    assert told == [(0, 1.0), (10, 0.9)]


def test_updates_without_a_step_are_one():
    """As in a schedule by epochs: what is told is the last thing that was trained with."""
    scheduler = Scheduler(sgd(), "base | plateau(0.5, patience=0)")
    told = watched(scheduler)
    scheduler.optimizer.step()
    scheduler.observe(1.0)
    scheduler.observe(2.0)
    for _ in range(3):
        scheduler.optimizer.step()
    scheduler.step()
    assert told == [(0, 0.5)]


def test_an_update_that_is_skipped_is_told_when_it_is_made():
    optimizer = sgd(fused=True)
    optimizer.param_groups[0]["params"][0].grad = torch.ones(1)
    scheduler = Scheduler(optimizer, "linear(1, 0, 10)", clock="updates")
    told = watched(scheduler)
    go(scheduler)
    optimizer.found_inf = torch.tensor(1.0)  # as a GradScaler says it to fused optimizers
    go(scheduler, 2)
    assert told == [(0, 1.0)]
    optimizer.found_inf = torch.tensor(0.0)
    go(scheduler)
    assert told == [(0, 1.0), (1, 0.9)]


@pytest.mark.parametrize("clock", CLOCKS)
def test_all_numbers_of_all_groups(clock):
    optimizer = AdamW([
        {"params": [weight()], "lr_scale": 0.5},
        {"params": [weight()], "lr": torch.tensor(0.1, dtype=torch.float64)},
    ], lr=1.0)  # fmt: skip
    program = {"lr": "linear(base, 0, 4)", "betas[0]": "linear(0.5, 0.9, 4)", "weight_decay": 0.01}
    scheduler = Scheduler(optimizer, program, clock=clock)
    told = []
    scheduler.on_update(lambda *args: told.append(args))
    go(scheduler, 2)
    assert told == [
        (0, {"lr": (0.5, 0.1), "betas[0]": (0.5, 0.5), "weight_decay": (0.01, 0.01)}),
        (1, {
            "lr": (0.375, pytest.approx(0.075)),
            "betas[0]": (pytest.approx(0.6), pytest.approx(0.6)),
            "weight_decay": (0.01, 0.01),
        }),
    ]  # fmt: skip
    assert {type(value) for _, values in told for of in values.values() for value in of} == {float}


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_new_group_is_told_from_its_first_update(clock):
    scheduler = Scheduler(sgd(), "linear(base, 0, 10)", clock=clock)
    told = []
    scheduler.on_update(lambda update, values: told.append(values["lr"]))
    go(scheduler, 2)
    scheduler.optimizer.add_param_group({"params": [weight()], "lr": 2.0})
    go(scheduler)
    scheduler.optimizer.step()
    scheduler.optimizer.add_param_group({"params": [weight()], "lr": 3.0})
    if clock == "calls":
        scheduler.step()  # that update was made without the group that has just come
    if clock == "updates":
        assert told[-1] == pytest.approx((0.7, 1.4))
    go(scheduler)
    assert [len(values) for values in told] == [1, 1, 2, 2, 3]
    assert told[2] == pytest.approx((0.8, 1.6))
    assert told[4] == pytest.approx((0.6, 1.2, 1.8))


def test_a_part_of_torchs_sequence_is_told_of_its_own_updates():
    optimizer = sgd()
    parts = [Scheduler(optimizer, "linear(1, 0.5, 5)"), Scheduler(optimizer, "linear(2, 0, 5)")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sequence = SequentialLR(optimizer, parts, [3])
    told = [watched(part) for part in parts]
    found = []
    for _ in range(6):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        sequence.step()
    assert [value for part in told for _, value in part] == [*found[:2], *found[3:]]
    assert [update for update, _ in told[1]] == [0, 1, 2]


def test_every_counts_from_the_start_of_the_run():
    before = Scheduler(sgd(), "linear(1, 0, 100)")
    told = watched(before, every=10)
    go(before, 25)
    after = Scheduler(sgd(), "linear(1, 0, 100)")
    after.load_state_dict(before.state_dict())
    told += watched(after, every=10)
    told_before, told_after = told, watched(after, every=10)
    go(after, 20)
    assert [update for update, _ in told_before + told_after] == [0, 10, 20, 30, 40]


def test_callbacks_come_and_go():
    scheduler = Scheduler(sgd(), "linear(1, 0, 10)")
    told = []
    first = scheduler.on_update(lambda update, values: told.append(("first", update)))

    def once(update, values):
        values.clear()  # each has its own
        told.append(("once", update))
        remove()

    remove = scheduler.on_update(once)
    scheduler.on_update(lambda update, values: told.append(("last", update, *values)))
    go(scheduler)
    first()
    first()
    go(scheduler)
    assert told == [("first", 0), ("once", 0), ("last", 0, "lr"), ("last", 1, "lr")]


def test_one_callback_may_be_given_twice():
    scheduler = Scheduler(sgd(), "linear(1, 0, 10)")
    told = []

    def callback(update, values):
        told.append(update)

    remove, _ = scheduler.on_update(callback), scheduler.on_update(callback)
    go(scheduler)
    remove()
    go(scheduler)
    assert told == [0, 0, 1]


def test_nothing_is_left_when_the_last_has_gone():
    scheduler = Scheduler(sgd(), "linear(1, 0, 10)")
    assert not scheduler._callbacks
    remove = [scheduler.on_update(print), scheduler.on_update(print, every=2)]
    remove[0]()
    assert scheduler._callbacks
    remove[1]()
    assert not scheduler._callbacks
    told = watched(scheduler)
    remove[0]()  # again: it ends nobody else's
    go(scheduler)
    assert told == [(0, 1.0)]


@pytest.mark.parametrize(
    "copied",
    [
        pytest.param(copy.deepcopy, id="deepcopy"),
        pytest.param(lambda scheduler: pickle.loads(pickle.dumps(scheduler)), id="pickle"),
    ],
)
@pytest.mark.parametrize("clock", CLOCKS)
def test_a_copy_tells_nobody(copied, clock, tmp_path):
    scheduler = Scheduler(sgd(), "linear(1, 0, 10)", clock=clock)
    told = watched(scheduler)
    log_to_csv(scheduler, tmp_path / "lr.csv")
    go(scheduler, 2)
    other = copied(scheduler)
    go(other, 3)
    assert len(told) == 2
    assert other.last_epoch == 5
    told_of_other = watched(other)
    go(other)
    go(scheduler)
    assert told_of_other == [(5, 0.5)]
    assert [update for update, _ in told] == [0, 1, 2]
    assert "watch" not in str(scheduler.state_dict())


def test_an_error_in_a_callback_leaves_the_step_made():
    scheduler = Scheduler(sgd(), "linear(1, 0, 10)")
    remove = scheduler.on_update(lambda update, values: 1 / 0)
    with pytest.raises(ZeroDivisionError, match="division"):
        go(scheduler)
    assert (scheduler.last_epoch, scheduler.optimizer.param_groups[0]["lr"]) == (1, 0.9)
    remove()
    assert go(scheduler, 2) == [0.9, 0.8]


def test_a_cycle_ends_after_its_last_update_is_told():
    scheduler = Scheduler(sgd(), "cosine(1, 0, 3) | repeat()")
    told = []
    scheduler.on_cycle_end(lambda scheduler: told.append("end"))
    scheduler.on_update(lambda update, values: told.append(update))
    go(scheduler, 4)
    assert told == [0, 1, 2, "end", 3]


def test_a_rate_set_by_hand_is_the_hand_s():
    """Told is what the Scheduler set, as `get_last_lr` says it."""
    scheduler = Scheduler(sgd(), "linear(1, 0, 10)")
    told = watched(scheduler)
    update_learning_rate(scheduler.optimizer, 5.0)
    last = scheduler.get_last_lr()
    go(scheduler)
    assert told == [(0, last[0])] == [(0, 1.0)]


def test_a_scheduler_that_is_watched_can_be_let_go():
    scheduler = Scheduler(sgd(), "linear(1, 0, 10)")
    optimizer = scheduler.optimizer
    told = watched(scheduler)
    log_to_text(scheduler, lambda line: None)
    del scheduler
    gc.collect()
    optimizer.step()
    assert told == []


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        pytest.param(
            (None,), {}, "`callback` must be a function of an update and values", id="none"
        ),
        pytest.param(
            (print,), {"every": 0}, "`every` must be a whole number of updates, 1", id="zero"
        ),
        pytest.param((print,), {"every": 2.5}, "`every` must be a whole number", id="fraction"),
        pytest.param((print,), {"every": True}, "`every` must be a whole number", id="bool"),
    ],
)
def test_what_cannot_watch(arguments, options, message):
    scheduler = Scheduler(sgd(), "linear(1, 0, 10)")
    with pytest.raises(SpecError, match=message):
        scheduler.on_update(*arguments, **options)
    assert not scheduler._callbacks


def test_names_of_the_package():
    assert {"log_to_csv", "log_to_tensorboard", "log_to_text"} <= set(lrdsl.torch.__all__)
