"""Ownership of driven numbers: what hangs on an optimizer, its copies, threads and forks."""

import contextlib
import copy
import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
import weakref

import pytest

import lrdsl

torch = pytest.importorskip("torch")

from torch.optim import SGD, AdamW  # noqa: E402

from lrdsl import SpecError  # noqa: E402
from lrdsl.torch import Scheduler, attach, attached  # noqa: E402
from tests.support.paths import ROOT  # noqa: E402

SPEC = "warmup(4) >> linear(base, 0, 16)"
VALUES = lrdsl.compile(SPEC, base_lr=0.5)
CLOCKS = pytest.mark.parametrize("clock", ["calls", "updates"])


def sgd(lr=0.5):
    return SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)


def lr_of(optimizer):
    return float(optimizer.param_groups[0]["lr"])


def update(scheduler):
    scheduler.optimizer.step()
    if scheduler.clock == "calls":
        scheduler.step()


@contextlib.contextmanager
def without_collector():
    """What is freed inside is freed by reference counts alone."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


# Deleting.


def test_a_scheduler_of_calls_and_its_optimizer_are_freed_by_reference_counts():
    with without_collector():
        scheduler = Scheduler(sgd(), SPEC)
        for _ in range(3):
            update(scheduler)
        gone = weakref.ref(scheduler), weakref.ref(scheduler.optimizer)
        del scheduler
        assert [ref() for ref in gone] == [None, None]


@CLOCKS
def test_a_detached_scheduler_and_its_optimizer_are_freed_by_reference_counts(clock):
    with without_collector():
        scheduler = Scheduler(sgd(), SPEC, clock=clock)
        update(scheduler)
        scheduler.detach()
        gone = weakref.ref(scheduler), weakref.ref(scheduler.optimizer)
        del scheduler
        assert [ref() for ref in gone] == [None, None]


def test_an_attached_scheduler_lives_and_dies_with_its_optimizer():
    """Each keeps the other alive, so that the collector has to free the two."""
    optimizer = sgd()
    gone = weakref.ref(attach(optimizer, SPEC)), weakref.ref(optimizer)
    gc.collect()
    assert attached(optimizer) == (gone[0](),)
    del optimizer
    gc.collect()
    assert [ref() for ref in gone] == [None, None]


@CLOCKS
def test_a_number_is_free_again_after_detaching(clock):
    optimizer = sgd()
    Scheduler(optimizer, SPEC, clock=clock).detach()
    update(Scheduler(optimizer, "0.25", clock="updates"))
    assert lr_of(optimizer) == 0.25


def test_attached_schedulers_are_in_the_order_of_their_creation():
    optimizer = AdamW([torch.nn.Parameter(torch.zeros(1))])
    numbers = ("weight_decay", "eps", "lr", "betas[1]", "betas[0]")
    made = [attach(optimizer, {number: "0.5"}) for number in numbers]
    assert attached(optimizer) == tuple(made)


def test_a_failing_constructor_leaves_nothing_on_the_optimizer():
    optimizer = sgd()
    before = set(vars(optimizer)), dict(optimizer.param_groups[0])
    with pytest.raises(SpecError, match="parameter group 0 has no `momentun`"):
        Scheduler(optimizer, {"lr": SPEC, "momentun": 0.9})
    assert (set(vars(optimizer)), dict(optimizer.param_groups[0])) == before


# Copying.

COPIES = pytest.mark.parametrize(
    "copied",
    [
        pytest.param(copy.copy, id="copy"),
        pytest.param(copy.deepcopy, id="deepcopy"),
        pytest.param(lambda x: pickle.loads(pickle.dumps(x)), id="pickle"),
    ],
)


@CLOCKS
@COPIES
def test_a_copied_optimizer_has_no_scheduler(copied, clock):
    scheduler = Scheduler(sgd(), SPEC, clock=clock)
    update(scheduler)
    other = copied(scheduler.optimizer)
    assert attached(other) == ()
    before = lr_of(other)
    other.step()
    assert (lr_of(other), scheduler.last_epoch) == (before, 1)
    update(scheduler)
    assert lr_of(scheduler.optimizer) == VALUES(2)


@CLOCKS
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copied_optimizer_can_have_a_scheduler_of_its_own(copied, clock):
    first = Scheduler(sgd(), SPEC, clock=clock)
    for _ in range(6):
        update(first)
    second = Scheduler(copied(first.optimizer), SPEC, clock=clock)
    update(second)
    assert lr_of(second.optimizer) == VALUES(1)
    assert lr_of(first.optimizer) == VALUES(6)


def test_a_pickled_optimizer_has_no_part_of_its_scheduler():
    plain = len(pickle.dumps(sgd()))
    optimizer = sgd()
    attach(optimizer, SPEC)
    assert b"lrdsl" not in pickle.dumps(optimizer)
    assert len(pickle.dumps(optimizer)) < plain + 100  # `initial_lr`


@CLOCKS
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
@pytest.mark.parametrize("pair", [True, False], ids=["with its optimizer", "alone"])
def test_a_copied_scheduler_drives_its_own_optimizer(copied, clock, pair):
    first = Scheduler(sgd(), SPEC, clock=clock)
    first.on_cycle_end(lambda scheduler: None)
    update(first)
    if pair:
        optimizer, second = copied((first.optimizer, first))
        assert second.optimizer is optimizer
    else:
        second = copied(first)
    for made in range(2, 6):
        update(second)
        assert lr_of(second.optimizer) == VALUES(made)
    assert (first.last_epoch, lr_of(first.optimizer)) == (1, VALUES(1))
    if clock == "updates":
        assert attached(second.optimizer) == (second,)
    gone = weakref.ref(second), weakref.ref(second.optimizer)
    second = optimizer = None
    gc.collect()
    assert [ref() for ref in gone] == [None, None]


@CLOCKS
def test_a_shallow_copy_leaves_the_optimizer_to_the_original(clock):
    first = Scheduler(sgd(), SPEC, clock=clock)
    update(first)
    second = copy.copy(first)
    assert second.optimizer is first.optimizer
    for made in range(2, 6):
        update(first)
        assert (first.last_epoch, lr_of(first.optimizer)) == (made, VALUES(made))
    assert second.last_epoch == 1
    second.replan("0.25", jump=True)
    assert str(first.spec) == str(lrdsl.parse(SPEC))
    if clock == "updates":
        assert attached(first.optimizer) == (first,)


# Threads and forks.


def train(problems, rounds=10):
    """Attach, step, copy, detach and delete; the numbers must be those of the schedule."""
    try:
        for i in range(rounds):
            scheduler = Scheduler(sgd(), SPEC, clock=("calls", "updates")[i % 2])
            for made in range(1, 8):
                update(scheduler)
                if lr_of(scheduler.optimizer) != VALUES(made):
                    problems.append((i, made, lr_of(scheduler.optimizer)))
            if i % 3 == 0:
                scheduler.detach()
                attach(scheduler.optimizer, "0.25")
            if i % 5 == 0:
                copy.deepcopy(scheduler).optimizer.step()
            del scheduler
    except BaseException as error:
        problems.append(error)
        raise


def test_eight_threads_agree():
    problems = []
    threads = [threading.Thread(target=train, args=(problems,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert problems == []
    assert not any(thread.is_alive() for thread in threads)


FORK = """
import os, threading, time, warnings
warnings.simplefilter("ignore")
from tests.torch.test_ownership import train

train([], rounds=1)
stop = threading.Event()
def work():
    while not stop.is_set():
        train([], rounds=3)
threads = [threading.Thread(target=work, daemon=True) for _ in range(8)]
for thread in threads:
    thread.start()
children = []
for _ in range(4):
    time.sleep(0.05)
    child = os.fork()
    if child == 0:
        problems = []
        train(problems, rounds=3)
        os._exit(len(problems))
    children.append(child)
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
stop.set()
print(codes)
os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_while_threads_train_hangs_nothing():
    with subprocess.Popen(
        [sys.executable, "-c", FORK],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            printed, errors = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            pytest.fail("a forked child hangs")
    assert printed == "[0, 0, 0, 0]\n", errors
