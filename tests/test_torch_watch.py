"""Watching a Scheduler: what each update was made with, told once, in every kind of log."""

import copy
import csv
import gc
import logging
import os
import pickle
import random
import signal
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers import peer

import lrdsl

torch = pytest.importorskip("torch")

from ranks import needs_gloo, on_ranks  # noqa: E402
from torch.optim import SGD, AdamW  # noqa: E402
from torch.optim.lr_scheduler import SequentialLR  # noqa: E402
from warm import kill_each, needs_kill  # noqa: E402

from lrdsl import SpecError  # noqa: E402
from lrdsl.torch import (  # noqa: E402
    Scheduler,
    log_to_csv,
    log_to_tensorboard,
    log_to_text,
    update_learning_rate,
)

CLOCKS = ["calls", "updates"]


def weight():
    return torch.nn.Parameter(torch.ones(1))


def sgd(*lrs, **options):
    groups = [{"params": [weight()], "lr": lr} for lr in lrs or (1.0,)]
    return SGD(groups, lr=7.0, **options)


def go(scheduler, count=1):
    """Make updates; returns the lr that each found in the first group."""
    found = []
    for _ in range(count):
        found.append(float(scheduler.optimizer.param_groups[0]["lr"]))
        scheduler.optimizer.step()
        if scheduler.clock == "calls":
            scheduler.step()
    return found


def watched(scheduler, **options):
    """What is told of the updates from now on, of the first group's lr."""
    told = []
    scheduler.on_update(lambda update, values: told.append((update, values["lr"][0])), **options)
    return told


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
    assert scheduler._watch is None
    remove = [scheduler.on_update(print), scheduler.on_update(print, every=2)]
    remove[0]()
    assert scheduler._watch is not None
    remove[1]()
    assert scheduler._watch is None
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
        pytest.param((None,), {}, "`callback` is a function of an update and values", id="none"),
        pytest.param((print,), {"every": 0}, "`every` is a whole number of updates, 1", id="zero"),
        pytest.param((print,), {"every": 2.5}, "`every` is a whole number", id="fraction"),
        pytest.param((print,), {"every": True}, "`every` is a whole number", id="bool"),
    ],
)
def test_what_cannot_watch(arguments, options, message):
    scheduler = Scheduler(sgd(), "linear(1, 0, 10)")
    with pytest.raises(SpecError, match=message):
        scheduler.on_update(*arguments, **options)
    assert scheduler._watch is None


# TensorBoard.


def curves(folder):
    """What TensorBoard itself reads back, by curve."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    return {
        tag: [(event.step, event.value) for event in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }


@pytest.fixture
def writer_class():
    peer("tensorboard")
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter


@pytest.mark.parametrize("clock", CLOCKS)
def test_tensorboard(clock, writer_class, tmp_path):
    optimizer = SGD([
        {"params": [weight()], "lr": 0.1, "name": "body"}, {"params": [weight()], "name": "head"},
        {"params": [weight()]},
    ], lr=1.0, momentum=0.9)  # fmt: skip
    program = {"lr": "warmup(3) >> cosine(base, 0, 7)", "momentum": "linear(0.8, 0.9, 10)"}
    scheduler = Scheduler(optimizer, program, clock=clock)
    expected = scheduler.preview(10)
    with writer_class(str(tmp_path)) as writer:
        end = log_to_tensorboard(scheduler, writer, prefix="train/")
        go(scheduler, 10)
        end()
        go(scheduler, 2)
    assert curves(tmp_path) == {
        f"train/{key}/{label}": [*enumerate(expected[key][i].astype(np.float32).tolist())]
        for key in program
        for i, label in enumerate(["body", "head", "2"])
    }


def test_tensorboard_after_a_resume(writer_class, tmp_path):
    scheduler = Scheduler(sgd(), "linear(1, 0, 16)")
    with writer_class(str(tmp_path)) as writer:
        log_to_tensorboard(scheduler, writer)
        go(scheduler, 4)
        saved = scheduler.state_dict()
        go(scheduler, 3)
    resumed = Scheduler(sgd(), "linear(1, 0, 16)")
    resumed.load_state_dict(saved)
    with writer_class(str(tmp_path), purge_step=resumed.last_epoch) as writer:
        log_to_tensorboard(resumed, writer)
        go(resumed, 8)
    assert curves(tmp_path) == {"lr/0": [(i, 1 - i / 16) for i in range(12)]}


def test_tensorboard_is_thinned_out(writer_class, tmp_path):
    scheduler = Scheduler(sgd(), "linear(1, 0, 16)")
    with writer_class(str(tmp_path)) as writer:
        log_to_tensorboard(scheduler, writer, every=4)
        go(scheduler, 10)
    assert curves(tmp_path) == {"lr/0": [(0, 1.0), (4, 0.75), (8, 0.5)]}


class Writer:
    def add_scalar(self, tag, value, step):
        pass


@pytest.mark.parametrize(
    ("log", "arguments", "message"),
    [
        pytest.param(log_to_tensorboard, (None,), "a NoneType has not", id="no writer"),
        pytest.param(log_to_tensorboard, ("runs",), "a str has not.*\n.*Summary", id="folder"),
        pytest.param(log_to_tensorboard, (Writer,), "the class Writer has not", id="class"),
        pytest.param(log_to_text, ("run.log",), "not a str\n.*`print`", id="path for a function"),
        pytest.param(
            log_to_text, (logging.getLogger(),), "not a RootLogger\n.*`logger.info`", id="logger"
        ),
        pytest.param(log_to_csv, (3,), "`path` is the name of a file, not 3", id="no path"),
    ],
)
def test_what_cannot_be_logged_to(log, arguments, message):
    scheduler = Scheduler(sgd(), "linear(1, 0, 10)")
    with pytest.raises(SpecError, match=message):
        log(scheduler, *arguments)
    assert scheduler._watch is None


@pytest.mark.parametrize("log", [log_to_tensorboard, log_to_csv, log_to_text])
def test_only_a_scheduler_is_logged(log):
    theirs = torch.optim.lr_scheduler.ConstantLR(sgd())
    with pytest.raises(SpecError, match=f"`{log.__name__}` logs .*, not a ConstantLR"):
        log(theirs, print)


def test_a_prefix_is_text():
    scheduler = Scheduler(sgd(), "linear(1, 0, 10)")
    with pytest.raises(SpecError, match="`prefix` is text, not 3"):
        log_to_tensorboard(scheduler, Writer(), prefix=3)


# Text.


def test_a_logger(caplog):
    optimizer = SGD([{"params": [weight()], "name": "50%s"}], lr=1e-3, momentum=0.9)
    scheduler = Scheduler(optimizer, {"lr": "linear(base, 0, 300)", "momentum": "base"})
    with caplog.at_level(logging.INFO):
        end = log_to_text(scheduler, logging.getLogger("train").info, every=100)
        go(scheduler, 150)
        end()
        go(scheduler, 100)
    assert [record.getMessage() for record in caplog.records] == [
        "update 0: lr[50%s]=0.001 momentum[50%s]=0.9",
        "update 100: lr[50%s]=0.000666667 momentum[50%s]=0.9",
    ]


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        pytest.param([None, None], ["0", "1"], id="none"),
        pytest.param(["a", "b"], ["a", "b"], id="names"),
        pytest.param(["a", None, "a"], ["a", "1", "2"], id="the same"),
        pytest.param(["1", "0"], ["0", "1"], id="digits"),
        pytest.param(["", " ", "a\nb"], ["0", "1", "2"], id="not to be shown"),
        pytest.param([3, ("a",)], ["0", "1"], id="no text"),
    ],
)
def test_labels_of_groups(names, labels):
    groups = [{"params": [weight()], **({} if n is None else {"name": n})} for n in names]
    scheduler = Scheduler(SGD(groups, lr=1.0), "linear(1, 0, 10)")
    lines = []
    log_to_text(scheduler, lines.append)
    go(scheduler)
    assert lines == ["update 0: " + " ".join(f"lr[{label}]=1" for label in labels)]


# CSV.


@pytest.mark.parametrize("clock", CLOCKS)
def test_csv(clock, tmp_path):
    optimizer = SGD([
        {"params": [weight()], "lr": 0.1, "name": 'a,"b"'}, {"params": [weight()]},
    ], lr=1.0, weight_decay=0.01)  # fmt: skip
    program = {"lr": "warmup(3) >> cosine(base, 1e-7, 70)", "weight_decay": "0.1 * lr"}
    scheduler = Scheduler(optimizer, program, clock=clock)
    expected = scheduler.preview(75)
    end = log_to_csv(scheduler, tmp_path / "lr.csv")
    go(scheduler, 75)
    end()
    go(scheduler)
    with open(tmp_path / "lr.csv", newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    columns = ['lr[a,"b"]', "lr[1]", 'weight_decay[a,"b"]', "weight_decay[1]"]
    assert header == ["update", *columns]
    assert [int(row[0]) for row in rows] == [*range(75)]
    found = np.array(rows, dtype=float)[:, 1:].T
    assert np.array_equal(found, np.concatenate([expected["lr"], expected["weight_decay"]]))


def test_a_row_is_there_at_once(tmp_path):
    scheduler = Scheduler(sgd(1.0, 2.0), "linear(base, 0, 4)")
    path = tmp_path / "lr.csv"
    log_to_csv(scheduler, str(path))
    texts = []
    for _ in range(2):
        go(scheduler)
        texts.append(path.read_bytes())
    assert texts == [
        b"update,lr[0],lr[1]\n0,1.0,2.0\n",
        b"update,lr[0],lr[1]\n0,1.0,2.0\n1,0.75,1.5\n",
    ]


def test_new_groups_are_new_columns(tmp_path):
    scheduler = Scheduler(
        sgd(weight_decay=0.5), {"lr": "linear(base, 0, 4)", "weight_decay": "base"}
    )
    path = tmp_path / "lr.csv"
    log_to_csv(scheduler, path)
    go(scheduler, 2)
    scheduler.optimizer.add_param_group({"params": [weight()], "lr": 2.0, "name": "late"})
    go(scheduler, 1)
    assert path.read_text() == (
        "update,lr[0],lr[late],weight_decay[0],weight_decay[late]\n"
        "0,1.0,,0.5,\n1,0.75,,0.5,\n2,0.5,1.0,0.5,0.5\n"
    )
    assert [entry.name for entry in tmp_path.iterdir()] == ["lr.csv"]


def a_run(path, state, start, stop, late, clock="calls", every=1, hold=None):
    """Updates `start` to `stop` of a run that gets a group at update `late`; its state after."""
    optimizer = sgd(weight_decay=0.5)
    program = {"lr": "warmup(4) >> cosine(base, 0.1, 40)", "weight_decay": "0.1 * lr"}
    scheduler = Scheduler(optimizer, program, clock=clock)
    for update in range(start, stop):
        if update == late or (update == start and late < start):
            optimizer.add_param_group({"params": [weight()], "lr": 2.0, "name": "late"})
        if update == start:
            log_to_csv(scheduler, path, every=every)
            if state is not None:
                scheduler.load_state_dict(state)
        go(scheduler)
        if update + 1 == hold:
            state = scheduler.state_dict()
    return scheduler.state_dict() if hold is None else state


@given(
    late=st.integers(0, 30),
    every=st.integers(1, 4),
    cuts=st.lists(st.tuples(st.integers(1, 10), st.integers(0, 8)), max_size=6),
    torn=st.binary(max_size=12).filter(lambda end: b"\n" not in end),
    clock=st.sampled_from(CLOCKS),
)
def test_killed_and_resumed_files_are_the_unbroken_one(
    tmp_path_factory, late, every, cuts, torn, clock
):
    folder = tmp_path_factory.mktemp("csv")
    whole, broken = folder / "whole.csv", folder / "broken.csv"
    a_run(whole, None, 0, 30, late, clock, every)
    now, state = 0, None
    for kept, lost in cuts:
        stop = min(now + kept, 29)
        if stop > now:
            state = a_run(broken, state, now, stop + lost, late, clock, every, hold=stop)
            now = stop
            if broken.stat().st_size:
                with open(broken, "ab") as file:
                    file.write(torn)
    a_run(broken, state, now, 30, late, clock, every)
    assert broken.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        pytest.param("", "update,lr[0]\n2,0.5\n", id="empty"),
        pytest.param("update,lr[0]\n", "update,lr[0]\n2,0.5\n", id="header"),
        pytest.param(
            "update,lr[0]\n0,1.0\n1,0.75\n2,9.0\n3,9.0\n",
            "update,lr[0]\n0,1.0\n1,0.75\n2,0.5\n",
            id="later rows",
        ),
        pytest.param(
            "update,lr[0]\n0,1.0\n1,0.75\n2,0.",
            "update,lr[0]\n0,1.0\n1,0.75\n2,0.5\n",
            id="a torn row",
        ),
        pytest.param(
            "update,lr[0]\n0,1.0\n1,0.7",
            "update,lr[0]\n0,1.0\n2,0.5\n",
            id="a torn row of what is not made again",
        ),
        pytest.param(
            "update,lr[0]\n0,1.0\n\0\0\0\0\0",
            "update,lr[0]\n0,1.0\n2,0.5\n",
            id="zeros of a machine that lost power",
        ),
        pytest.param(
            "update,lr[0],lr[1]\n0,1.0,\n1,0.75,\n2,9.0,9.0\n",
            "update,lr[0]\n0,1.0\n1,0.75\n2,0.5\n",
            id="a column that only later rows had",
        ),
        pytest.param(
            "update,momentum[0]\n0,0.9\n",
            "update,lr[0],momentum[0]\n0,,0.9\n2,0.5,\n",
            id="another number before",
        ),
        pytest.param("update,wd[a]\n7,1e-05\n", "update,lr[0]\n2,0.5\n", id="another run"),
    ],
)
def test_a_file_is_gone_on_with(there, expected, tmp_path):
    path = tmp_path / "lr.csv"
    path.write_text(there)
    scheduler = Scheduler(sgd(), "linear(1, 0, 4)", start_step=2)
    log_to_csv(scheduler, path)
    assert path.read_text() == there  # it may be loaded to somewhere else yet
    go(scheduler)
    assert path.read_text() == expected


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        pytest.param("0,1.0\n10,0.9\n20,9.0\n", "update,lr[0]\n0,1.0\n10,0.9\n", id="later rows"),
        pytest.param("0,1.0\n10,0.", "update,lr[0]\n0,1.0\n", id="a torn row"),
        pytest.param("20,9.0\n", "", id="nothing else"),
    ],
)
def test_what_is_no_more_true_goes_before_the_next_row_is_due(there, expected, tmp_path):
    path = tmp_path / "lr.csv"
    path.write_text("update,lr[0]\n" + there)
    scheduler = Scheduler(sgd(), "linear(1, 0, 100)", start_step=13)
    log_to_csv(scheduler, path, every=10)
    go(scheduler)
    assert path.read_text() == expected
    go(scheduler, 7)
    assert path.read_text() == (expected or "update,lr[0]\n") + "20,0.8\n"


def test_a_run_goes_back_in_one_process(tmp_path):
    scheduler = Scheduler(sgd(), "linear(1, 0, 8)")
    path = tmp_path / "lr.csv"
    log_to_csv(scheduler, path)
    go(scheduler, 2)
    saved = scheduler.state_dict()
    go(scheduler, 4)
    scheduler.load_state_dict(saved)
    go(scheduler)
    assert path.read_text() == "update,lr[0]\n0,1.0\n1,0.875\n2,0.75\n"


@pytest.mark.parametrize(
    "there",
    [
        pytest.param("epoch,loss\n1,0.5\n", id="another table"),
        pytest.param("update,loss\n1,0.5\n", id="another log"),
        pytest.param("update\n1\n", id="no columns"),
        pytest.param("Dear diary", id="no lines"),
        pytest.param("\n", id="an empty line"),
        pytest.param('"update,lr[0]\n', id="an open quote"),
        pytest.param(b"\xff\xfe\0\n", id="no text"),
    ],
)
def test_a_file_of_something_else_is_left_as_it_is(there, tmp_path):
    path = tmp_path / "lr.csv"
    content = there if isinstance(there, bytes) else there.encode()
    path.write_bytes(content)
    scheduler = Scheduler(sgd(), "linear(1, 0, 4)")
    with pytest.raises(SpecError, match=r"is not a log of a Scheduler.*\n.*choose another file"):
        log_to_csv(scheduler, path)
    assert path.read_bytes() == content
    assert scheduler._watch is None


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param("0,1.0\nnever,0.5\n", id="no number"),
        pytest.param("0,1.0\n0,1.0\n", id="twice"),
        pytest.param("0,1.0\n1,0.5,0.7\n", id="too wide"),
        pytest.param("0,1.0\n1\n", id="too narrow"),
        pytest.param("0,1.0\n1,high\n", id="no value"),
        pytest.param("0,1.0\n\n", id="empty"),
    ],
)
def test_rows_of_something_else_are_left_as_they_are(rows, tmp_path):
    path = tmp_path / "lr.csv"
    path.write_text("update,lr[0]\n" + rows)
    scheduler = Scheduler(sgd(), "linear(1, 0, 4)", start_step=3)
    log_to_csv(scheduler, path)
    with pytest.raises(SpecError, match="has a row that no Scheduler wrote"):
        go(scheduler)
    assert path.read_text() == "update,lr[0]\n" + rows
    assert scheduler.last_epoch == 4


@pytest.mark.parametrize(
    ("path", "message"),
    [
        pytest.param("", "is no file that rows can be written to", id="folder"),
        pytest.param("missing/lr.csv", "lr.csv cannot be written: No such file", id="no folder"),
        pytest.param("file/lr.csv", "lr.csv cannot be written: Not a directory", id="a file's"),
        pytest.param("x" * 300, "cannot be written: File name too long", id="too long"),
        pytest.param("a\0b", "is the name of a file, not '.*a.x00b'", id="a NUL"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="the messages are those of other systems")
def test_where_nothing_can_be_written(path, message, tmp_path):
    (tmp_path / "file").touch()
    scheduler = Scheduler(sgd(), "linear(1, 0, 4)")
    with pytest.raises(SpecError, match=message):
        log_to_csv(scheduler, f"{tmp_path}/{path}")
    assert scheduler._watch is None


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device here is always full")
def test_a_device_is_no_file():
    with pytest.raises(SpecError, match="is no file that rows can be written to"):
        log_to_csv(Scheduler(sgd(), "linear(1, 0, 4)"), "/dev/full")


@pytest.mark.skipif(
    os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="nothing is forbidden to this user",
)
def test_a_file_that_is_read_only(tmp_path):
    path = tmp_path / "lr.csv"
    path.touch(0o400)
    with pytest.raises(SpecError, match="cannot be written: Permission denied"):
        log_to_csv(Scheduler(sgd(), "linear(1, 0, 4)"), path)


def test_two_writers_to_one_file(tmp_path):
    one, other = [Scheduler(sgd(), spec) for spec in ("linear(1, 0, 3)", "linear(1, 0, 4)")]
    log_to_csv(one, tmp_path / "lr.csv")
    log_to_csv(other, tmp_path / "lr.csv")

    def both():
        for _ in range(3):
            go(one)
            go(other)

    with pytest.raises(SpecError, match=r"has changed .*, or writes to it as well\n.* file of its"):
        both()


def test_the_folder_may_change_meanwhile(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    scheduler = Scheduler(sgd(), "linear(1, 0, 4)")
    log_to_csv(scheduler, "lr.csv")
    monkeypatch.chdir("elsewhere")
    go(scheduler)
    assert (tmp_path / "lr.csv").read_text() == "update,lr[0]\n0,1.0\n"


@pytest.mark.skipif(os.name == "nt", reason="links and modes are others there")
def test_links_and_modes_stay(tmp_path):
    target, link = tmp_path / "target.csv", tmp_path / "lr.csv"
    target.touch()
    target.chmod(0o664)
    link.symlink_to(target)
    scheduler = Scheduler(sgd(), "linear(1, 0, 4)")
    log_to_csv(scheduler, link)
    go(scheduler)
    scheduler.optimizer.add_param_group({"params": [weight()]})
    go(scheduler)
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o664
    assert len(target.read_text().splitlines()) == 3


def killed_run(folder, clock, kill=None):
    """Train from the last checkpoint on; at `kill`, an update and a moment, the process ends."""

    def now(moment):
        if kill is not None and update == kill[0] and moment == kill[1]:
            os.kill(os.getpid(), signal.SIGKILL)

    replace = os.replace

    def replaced(source, target):
        now("before a file is replaced")
        replace(source, target)
        now("after it was")

    os.replace = replaced  # in this process alone, unless it is the one that is not killed
    try:
        optimizer = SGD([weight()], lr=0.25, momentum=0.9)
        scheduler = Scheduler(optimizer, "warmup(20) >> cosine(base, 0.01, 100)", clock=clock)
        checkpoint = folder / "last.pt"
        start = 0
        if checkpoint.exists():
            of_optimizer, of_scheduler = torch.load(checkpoint, weights_only=True)
            for group in of_optimizer["param_groups"][1:]:
                optimizer.add_param_group({"params": [weight()], "lr": group["lr"]})
            optimizer.load_state_dict(of_optimizer)
            scheduler.load_state_dict(of_scheduler)
            start = scheduler.last_epoch
        log_to_csv(scheduler, folder / "lr.csv")
        for update in range(start, 100):
            if update == 45:
                optimizer.add_param_group({"params": [weight()], "lr": 0.5})
            if update == 70:
                scheduler.cooldown_now(20)
            now("before the update")
            optimizer.step()
            now("after it")
            if clock == "calls":
                scheduler.step()
            now("after the schedule's step")
            if update % 7 == 6:
                state = optimizer.state_dict(), scheduler.state_dict()
                torch.save(state, folder / "next.pt")
                replace(folder / "next.pt", checkpoint)
    finally:
        os.replace = replace


@needs_kill
@pytest.mark.parametrize("clock", CLOCKS)
def test_the_csv_of_killed_runs_is_the_unbroken_one(clock, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    killed_run(whole, clock)
    choose = random.Random(clock)
    moments = ["before the update", "after it", "after the schedule's step"]
    kills = [(update, choose.choice(moments)) for update in choose.sample(range(100), 8)]
    # At these updates columns are new: at the first row, and with the group.
    kills += [(0, "before a file is replaced"), (45, "before a file is replaced")]
    kills += [(45, "after it was"), (98, "after it")]
    kills.sort(key=lambda kill: (kill[0], "file" not in kill[1]))
    kill_each(killed_run, broken, clock, kills)
    killed_run(broken, clock)
    text = (broken / "lr.csv").read_text()
    assert text == (whole / "lr.csv").read_text()
    assert len(text.splitlines()) == 101


@needs_gloo
def test_one_rank_writes(tmp_path):
    found = on_ranks(
        tmp_path,
        """
        from lrdsl.torch import Scheduler, log_to_csv

        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        scheduler = Scheduler(optimizer, "linear(1, 0, 10)")
        log_to_csv(scheduler, "lr.csv" if rank == 0 else "nowhere/lr.csv")
        for _ in range(10):
            optimizer.step()
            distributed.barrier()
            scheduler.step()
        found = [os.path.exists("nowhere"), scheduler.last_epoch]
        """,
    )
    assert found == [[False, 10]] * 2
    rows = (tmp_path / "lr.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["update", *map(str, range(10))]


def test_names_of_the_package():
    assert {"log_to_csv", "log_to_tensorboard", "log_to_text"} <= set(lrdsl.torch.__all__)
