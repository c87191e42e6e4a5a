"""A Scheduler resumes to the number."""

import copy
import functools
import io
import pickle
import re
import warnings

import numpy as np
import pytest

import lrdsl

torch = pytest.importorskip("torch")

from torch.optim import SGD, AdamW  # noqa: E402
from torch.optim import lr_scheduler as theirs  # noqa: E402

from lrdsl.torch import Scheduler  # noqa: E402
from lrdsl.torch.step_values import BLOCK_SIZE  # noqa: E402
from tests.support.scheduler_runs import HEADLINE, lrs, run, sgd, snapshot, weight  # noqa: E402

# Resuming.

SPECS = [
    pytest.param(HEADLINE, id="headline"),
    pytest.param("warmup(7) >> cosine(base, 0, 30) | repeat(mult, stretch=2)", id="repeat"),
    pytest.param("step(base, 0.7, 3) | every(5)", id="step"),
]


def saved(state):
    """The state after a trip through a checkpoint file."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def adam(kind):
    groups = [{"params": [weight()], "lr_scale": 0.5}, {"params": [weight()]}]
    return AdamW(groups, lr=kind(0.3))


def options(spec):
    return {"total_steps": 2000, "on_end": "hold", **({"mult": 3} if "mult" in spec else {})}


@functools.cache
def unbroken(spec, made, kind):
    """The states of a run after some updates, its rates then, and those of the next updates."""
    scheduler = Scheduler(adam(kind), spec, **options(spec))
    run(scheduler, made)
    states = scheduler.state_dict(), scheduler.optimizer.state_dict()
    now = lrs(scheduler.optimizer), scheduler.get_last_lr(), scheduler.last_epoch
    return *map(saved, states), copy.deepcopy(now), run(scheduler, 30)


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("made", [0, 1, 50, 601, BLOCK_SIZE + 3])
@pytest.mark.parametrize(
    "order", ["none", "optimizer first", "scheduler first", "optimizer before construction"]
)
@pytest.mark.parametrize("kind", [float, torch.tensor])
def test_resume(spec, made, order, kind):
    state, optimizer_state, now, later = copy.deepcopy(unbroken(spec, made, kind))
    optimizer = adam(kind)
    if order == "optimizer before construction":
        optimizer.load_state_dict(optimizer_state)
    second = Scheduler(optimizer, spec, **options(spec))
    if order == "optimizer first":
        optimizer.load_state_dict(optimizer_state)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        second.load_state_dict(state)
    if order == "scheduler first":
        optimizer.load_state_dict(optimizer_state)

    assert (lrs(second.optimizer), second.get_last_lr(), second.last_epoch) == now
    assert second.last_epoch == made
    assert run(second, 30) == later


def test_state_is_plain_and_small():
    state = Scheduler(sgd(), "linear(peak,0,50%)", total_steps=np.int64(10), peak=1).state_dict()
    assert state == {
        "version": 5,
        "spec": "linear(peak, 0, 50%)",
        "values": "{}",
        "context": '{"total_steps": 10, "peak": 1.0}',
        "updates": 0,
        "replans": "[]",
        "reactions": '{"total": 0, "last": -1, "families": []}',
        "metric_updates": [],
        "metrics": [],
        "groups": '[{"name": null, "base": {"lr": 0.1}, "tensors": [], "scale": 1.0, '
        '"values": {"lr": 1.0}}]',
        "drives": True,
    }


def test_loading_does_not_hold_on_to_the_state():
    scheduler = Scheduler(sgd(), HEADLINE)
    state = scheduler.state_dict()
    scheduler.load_state_dict(state)
    scheduler.step(5)
    assert state["updates"] == 0


def test_loaded_groups_without_initial_lr_keep_the_base():
    scheduler = Scheduler(sgd(1.0), "linear(base, 0, 10)")
    state = sgd(0.125).state_dict()
    scheduler.optimizer.load_state_dict(state)
    scheduler.step(5)
    assert lrs(scheduler.optimizer) == [0.5]


@pytest.mark.parametrize("kind", [float, torch.tensor])
@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"]
)
def test_copies_go_on_alone(kind, copied):
    first = Scheduler(SGD([weight()], lr=kind(0.25)), "linear(base, 0, 100)")
    run(first, 10)
    second = copied(first)
    assert second.optimizer is not first.optimizer
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run(second, 20) == pytest.approx(first.schedules[0](range(10, 30)))
    assert first.last_epoch == 10
    assert lrs(first.optimizer) == pytest.approx([first.schedules[0](10)])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"spec": "linear(1, 0, 90)"}, "the spec 'linear", id="spec"),
        pytest.param({"spec": "from_the_future[("}, "from_the_future", id="unreadable spec"),
        pytest.param({"context": {"total_steps": 7}}, "total_steps=7 instead of 90", id="context"),
        pytest.param({"context": {}}, "total_steps=None instead of 90", id="less context"),
        pytest.param(
            {"context": {"total_steps": 90, "peak": 2}}, "peak=2 instead of None", id="variable"
        ),
    ],
)
def test_another_spec_or_context_warns(change, said):
    scheduler = Scheduler(sgd(), "cosine(1, 0, 100%)", total_steps=90)
    state = {**scheduler.state_dict(), "updates": 30, **change}
    with pytest.warns(UserWarning, match=re.escape(said)) as caught:
        scheduler.load_state_dict(state)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert lrs(scheduler.optimizer) == [pytest.approx(0.75)]
    assert scheduler.state_dict()["spec"] == "cosine(1, 0, 100%)"


@pytest.mark.parametrize("text", ["linear(1,0,10_000)", "( linear(1, 0, 10k) ) # why"])
def test_the_same_spec_in_other_words_does_not_warn(text):
    state = Scheduler(sgd(), text).state_dict()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Scheduler(sgd(), "linear(1, 0, 10k)").load_state_dict(state)


def test_a_state_of_the_same_spec_compiles_nothing():
    state = Scheduler(sgd(0.1), "linear(base, 0, 10k)", start_step=50).state_dict()
    scheduler = Scheduler(sgd(0.1), "linear(base, 0, 10k)")
    [compiled] = scheduler.schedules
    scheduler.load_state_dict(state)
    assert scheduler.schedules[0] is compiled
    assert lrs(scheduler.optimizer) == [compiled(50)]


def good_state(**changes):
    return {**Scheduler(sgd(), HEADLINE).state_dict(), **changes}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        pytest.param(None, "a dict, not a NoneType", id="None"),
        pytest.param([1], "a dict, not a list", id="list"),
        pytest.param({}, "not the state of a lrdsl.torch.Scheduler", id="empty"),
        pytest.param(theirs.StepLR(sgd(), 5).state_dict(), "start_step=0", id="torch's StepLR"),
        pytest.param(good_state(version=4), "has version 4", id="version"),
        pytest.param(good_state(updates="3"), "not '3'", id="count that is text"),
        pytest.param(good_state(updates=3.0), "not 3.0", id="count that is a float"),
        pytest.param(good_state(updates=True), "not True", id="count that is a truth value"),
        pytest.param(good_state(updates=2**60), "not 1152921504606846976", id="huge count"),
        pytest.param(good_state(context=[]), r"names, not \[\]", id="context that is a list"),
        pytest.param(
            good_state(replans=[{"update": 3}]), "must be a list of plans", id="bad replans"
        ),
    ],
)
def test_bad_states(state, message):
    scheduler = Scheduler(sgd(), HEADLINE)
    scheduler.step(50)
    before, inside = snapshot(scheduler.optimizer), dict(vars(scheduler))
    with pytest.raises(lrdsl.SpecError, match=message):
        scheduler.load_state_dict(state)
    assert snapshot(scheduler.optimizer) == before
    assert vars(scheduler) == inside
