"""An interrupt anywhere in an update: the rates are always those of the count."""

import copy
import itertools
import sys
import warnings
from pathlib import Path

import pytest

import lrdsl

torch = pytest.importorskip("torch")

from torch.optim import SGD  # noqa: E402

import lrdsl.torch  # noqa: E402
from lrdsl.torch import Scheduler  # noqa: E402
from tests.support.scheduler_runs import lrs, weight  # noqa: E402

OWN = str(Path(lrdsl.torch.__file__).parent)
SPEC = "linear(base, 0, 1000)"


def interrupt(function, after):
    """Call a function that is interrupted at an instruction of lrdsl.torch.

    Returns whether it came so far.
    """
    left = after

    def trace(frame, event, arg):
        nonlocal left
        if not frame.f_code.co_filename.startswith(OWN):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left == 0:
                sys.settrace(None)
                raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        function()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False


def scheduler_of(clock, kind=float):
    groups = [{"params": [weight()], "lr": kind(lr)} for lr in (1.0, 0.5, 0.25)]
    scheduler = Scheduler(SGD(groups), SPEC, clock=clock, total_steps=1000)
    for _ in range(3):
        update(scheduler)
    return scheduler


def update(scheduler):
    scheduler.optimizer.step()
    if scheduler.clock == "calls":
        scheduler.step()


def assert_they_agree(scheduler, loaded, kind=float):
    """`loaded` are the states of this test that have been loaded: the same one is not, again."""
    t, schedules = scheduler.last_epoch, scheduler.schedules
    expected = pytest.approx([schedule(t) for schedule in schedules], rel=1e-6)
    assert lrs(scheduler.optimizer) == expected
    state = scheduler.state_dict()
    if repr(state) not in loaded:
        loaded.add(repr(state))
        fresh = scheduler_of(scheduler.clock, kind)
        fresh.load_state_dict(copy.deepcopy(state))
        assert fresh.last_epoch == t
        assert lrs(fresh.optimizer) == expected
    update(scheduler)
    assert scheduler.last_epoch == t + 1
    now = [schedule(t + 1) for schedule in scheduler.schedules]
    assert lrs(scheduler.optimizer) == pytest.approx(now, rel=1e-6)


def replan(scheduler):
    scheduler.replan("linear(0.125, 0, 10)", jump=True)


ACTS = {
    "update": lambda s: s.optimizer.step(),
    "step": lambda s: (s.optimizer.step(), s.step()),
    "step to": lambda s: s.step(7),
    "replan": replan,
    "extend": lambda s: s.extend(total_steps=1500),
}


@pytest.mark.parametrize(
    ("act", "clock", "kind"),
    [
        pytest.param("update", "updates", float, id="update"),
        pytest.param("update", "updates", torch.tensor, id="update, Tensors"),
        pytest.param("step", "calls", float, id="step"),
        pytest.param("step", "calls", torch.tensor, id="step, Tensors"),
        pytest.param("step to", "calls", float, id="step to"),
        pytest.param("replan", "calls", float, id="replan"),
        pytest.param("replan", "updates", float, id="replan, clock of updates"),
        pytest.param("extend", "updates", float, id="extend"),
    ],
)
def test_rates_and_count_change_together(act, clock, kind):
    stride, loaded = 1 if act in ("update", "step") else 41, set()
    for after in itertools.count(1, stride):
        scheduler = scheduler_of(clock, kind)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            if not interrupt(lambda scheduler=scheduler: ACTS[act](scheduler), after):
                break
            assert_they_agree(scheduler, loaded, kind)
    assert after > 30


def test_an_interrupted_load_changes_all_or_nothing():
    state = scheduler_of("updates").state_dict()
    state["updates"] = 400
    loaded = set()
    for after in itertools.count(1, 83):
        scheduler = scheduler_of("updates")
        if not interrupt(lambda scheduler=scheduler: scheduler.load_state_dict(state), after):
            break
        assert scheduler.last_epoch in (3, 400)
        assert_they_agree(scheduler, loaded)


def test_an_interrupt_at_a_block_of_values_that_is_made_anew():
    scheduler = scheduler_of("calls")
    for _ in range(300):
        before = scheduler.last_epoch
        interrupt(scheduler.step, 25)
        assert scheduler.last_epoch in (before, before + 1)
        assert lrs(scheduler.optimizer) == [s(scheduler.last_epoch) for s in scheduler.schedules]
        scheduler.step()


def test_a_metric_that_is_interrupted_is_taken_back():
    def was_interrupted(after):
        scheduler = Scheduler(SGD([weight()], lr=1.0), "base | plateau(0.5, patience=0)")
        scheduler.optimizer.step()
        scheduler.step(0.5)
        if not interrupt(lambda: scheduler.step(0.9), after):
            return False
        t = scheduler.last_epoch
        assert lrs(scheduler.optimizer) == [scheduler.schedules[0](t)]
        scheduler.step(0.9)
        assert scheduler.get_last_lr() in ([0.5], [0.25])
        assert lrs(scheduler.optimizer) == scheduler.get_last_lr()
        return True

    end = next(after for after in itertools.count(1, 37) if not was_interrupted(after))
    for after in range(end - 120, end):  # each instruction from the last assignments on
        was_interrupted(after)


@pytest.mark.parametrize("keeps", [False, True], ids=["record", "log"])
def test_a_metric_that_changes_nothing_is_taken_with_its_update_or_not_at_all(keeps):
    spec = "linear(base, 0, 100) | plateau(0.5, patience=9)"
    for after in itertools.count(1):
        scheduler = Scheduler(SGD([weight()], lr=1.0), spec, keep_metrics=keeps)
        scheduler.optimizer.step()
        for _ in range(3):
            scheduler.step(0.5)
        if not interrupt(lambda scheduler=scheduler: scheduler.step(0.9), after):
            break
        t, metrics = scheduler.last_epoch, scheduler._timeline.metrics
        assert t in (3, 4)
        assert (metrics.record.total, metrics.record.last) == (t, t)
        assert metrics.log is None or [at for at, _ in metrics.log] == [*range(1, t + 1)]
        assert lrs(scheduler.optimizer) == [scheduler.schedules[0](t)]
    assert after > 50


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("clock", ["calls", "updates"])
def test_an_update_after_a_load_of_the_optimizer_that_is_interrupted(clock):
    program = {"lr": SPEC, "betas[0]": "linear(0.8, 0.9, 1000)", "weight_decay": "0.1 * lr"}

    def adam(base, scale):
        return torch.optim.AdamW([{"params": [weight()], "lr": base, "lr_scale": scale}])

    written = Scheduler(adam(0.5, 0.25), program)
    written.step(9)
    state = written.optimizer.state_dict()
    for after in itertools.count(1, 61):
        scheduler = Scheduler(adam(1.0, 0.5), program, clock=clock)
        update(scheduler)
        scheduler.optimizer.load_state_dict(copy.deepcopy(state))
        if not interrupt(lambda scheduler=scheduler: update(scheduler), after):
            break
        scheduler.optimizer.step()  # brings the numbers of the count before it is made
        [group], t = scheduler.optimizer.param_groups, scheduler.last_epoch
        expected = {name: own[0](t) for name, own in scheduler.driven.items()}
        assert group["lr_scale"] == 0.5
        assert group["lr"] == expected["lr"] * 0.5 == (1 - t / 1000) * 0.5
        assert group["betas"] == (expected["betas[0]"], 0.999)
        assert group["weight_decay"] == expected["weight_decay"]
        assert t in ((1, 2) if clock == "calls" else (2, 3))
    assert after > 300
