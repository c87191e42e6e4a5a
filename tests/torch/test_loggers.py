"""What is told of updates, in TensorBoard and in text."""

import logging

import numpy as np
import pytest

from tests.support.peers import peer

torch = pytest.importorskip("torch")

from torch.optim import SGD  # noqa: E402

from lrdsl import SpecError  # noqa: E402
from lrdsl.torch import (  # noqa: E402
    Scheduler,
    log_to_csv,
    log_to_tensorboard,
    log_to_text,
)
from tests.support.watched_runs import CLOCKS, go, sgd, weight  # noqa: E402

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
        pytest.param(log_to_tensorboard, (None,), "unlike a NoneType", id="no writer"),
        pytest.param(log_to_tensorboard, ("runs",), "unlike a str.*\n.*Summary", id="folder"),
        pytest.param(log_to_tensorboard, (Writer,), "unlike the class Writer", id="class"),
        pytest.param(log_to_text, ("run.log",), "not a str\n.*`print`", id="path for a function"),
        pytest.param(
            log_to_text, (logging.getLogger(),), "not a RootLogger\n.*`logger.info`", id="logger"
        ),
        pytest.param(log_to_csv, (3,), "`path` must be the name of a file, not 3", id="no path"),
    ],
)
def test_what_cannot_be_logged_to(log, arguments, message):
    scheduler = Scheduler(sgd(), "linear(1, 0, 10)")
    with pytest.raises(SpecError, match=message):
        log(scheduler, *arguments)
    assert not scheduler._callbacks


@pytest.mark.parametrize("log", [log_to_tensorboard, log_to_csv, log_to_text])
def test_only_a_scheduler_is_logged(log):
    theirs = torch.optim.lr_scheduler.ConstantLR(sgd())
    with pytest.raises(SpecError, match=f"`{log.__name__}` logs .*, not a ConstantLR"):
        log(theirs, print)


def test_a_prefix_is_text():
    scheduler = Scheduler(sgd(), "linear(1, 0, 10)")
    with pytest.raises(SpecError, match="`prefix` must be text, not 3"):
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
