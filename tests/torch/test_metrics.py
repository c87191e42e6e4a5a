"""lrdsl.torch.Scheduler under metrics: like torch's own plateau, resumable, and never by halves."""

import copy
import io
import itertools
import math
import pickle
import re
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl

torch = pytest.importorskip("torch")

from torch.optim import SGD  # noqa: E402
from torch.optim.lr_scheduler import ReduceLROnPlateau  # noqa: E402

from lrdsl.torch import Scheduler  # noqa: E402
from lrdsl.torch.metrics import reduced  # noqa: E402

CHAIN = "warmup(5) >> (hold(40) | plateau(0.5, patience=1)) >> linear(_, 0, 20)"
LOSSES = [5, 4, 4, 4, 4, 3, 3.5, math.nan, 3, 2, 2, 2, 2, 2, 2, 1, 1.5, 1.2, 1.1, 1, 1, 1]


def weight():
    return torch.nn.Parameter(torch.zeros(1))


def sgd(*lrs, **options):
    """An SGD with a parameter group for each lr."""
    groups = [{"params": [weight()], "lr": lr, **options} for lr in lrs or (0.1,)]
    return SGD(groups, lr=7.0, momentum=0.9)


def read(scheduler, key="lr"):
    return [float(group[key]) for group in scheduler.optimizer.param_groups]


def train(scheduler, metrics):
    """The lr of the first group after each step with one of the metrics."""
    found = []
    for metric in metrics:
        scheduler.optimizer.step()
        scheduler.step(metric)
        found.append(read(scheduler)[0])
    return found


def values(scheduler):
    """What every number is and will be, if no more metrics come."""
    return {
        key: [schedule(range(100)).tolist() for schedule in schedules]
        for key, schedules in scheduler.driven.items()
    }


def saved(state):
    """The state after a trip through a checkpoint file."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def snapshot(scheduler):
    """All that a metric could change."""
    groups = [{k: repr(v) for k, v in g.items()} for g in scheduler.optimizer.param_groups]
    schedules = {key: repr(found) for key, found in scheduler.driven.items()}
    return groups, scheduler.state_dict(), scheduler.get_last_lr(), schedules, values(scheduler)


# As torch.


@given(
    mode=st.sampled_from(["min", "max"]),
    threshold_mode=st.sampled_from(["rel", "abs"]),
    factor=st.sampled_from([0.1, 0.5, 0.9]),
    patience=st.integers(0, 3),
    cooldown=st.integers(0, 3),
    threshold=st.sampled_from([0, 1e-4, 0.1]),
    min_lr=st.sampled_from([0, 1e-3, 0.05]),
    eps=st.sampled_from([1e-8, 1e-2]),
    metrics=st.lists(
        st.sampled_from([-1.0, 0.0, 0.5, 0.95, 1.0, 1.05, 2.0, math.nan]) | st.floats(-9, 9),
        min_size=1,
        max_size=40,
    ),
)
def test_as_reduce_lr_on_plateau(metrics, **options):
    words = ", ".join(f"{name}={value}" for name, value in options.items())
    ours = Scheduler(sgd(0.5, 0.02), f"base | plateau({words})")
    theirs = sgd(0.5, 0.02)
    plateau = ReduceLROnPlateau(theirs, **options)
    for metric in metrics:
        for driver in (ours, plateau):
            driver.optimizer.step()
            driver.step(metric)
        assert read(ours) == pytest.approx([g["lr"] for g in theirs.param_groups], rel=1e-9)


def test_a_plateau_of_an_adam_with_tensor_lrs():
    def adam():
        return torch.optim.AdamW([weight()], lr=torch.tensor(0.5))

    ours, theirs = Scheduler(adam(), "base | plateau(0.5, 1)"), adam()
    plateau = ReduceLROnPlateau(theirs, factor=0.5, patience=1)
    lr = ours.optimizer.param_groups[0]["lr"]
    for metric in LOSSES:
        ours.step(metric)
        plateau.step(metric)
        assert ours.optimizer.param_groups[0]["lr"] is lr
        assert lr.item() == pytest.approx(theirs.param_groups[0]["lr"].item())


# When a metric counts.


def test_a_metric_counts_from_the_update_gone_on_to():
    scheduler = Scheduler(sgd(), "1 | plateau(0.5, patience=0)")
    assert train(scheduler, [3, 3, 2, 2]) == [1, 0.5, 0.5, 0.25]
    assert [scheduler.schedules[0](t) for t in range(6)] == [1, 1, 0.5, 0.5, 0.25, 0.25]


def test_an_observed_metric_counts_at_once():
    scheduler = Scheduler(sgd(), "1 | plateau(0.5, patience=0)")
    for metric, expected in [(3, 1), (3, 0.5), (3, 0.25)]:
        scheduler.observe(metric)
        assert (scheduler.last_epoch, read(scheduler)) == (0, [expected])
    scheduler.step()
    assert read(scheduler) == scheduler.get_last_lr() == [0.25]


def test_step_without_a_metric_observes_nothing():
    spec = "linear(1, 0, 100) | plateau(0.5, patience=1)"
    one, other = Scheduler(sgd(), spec, keep_metrics=True), Scheduler(sgd(), spec)
    for t, loss in enumerate(LOSSES):
        one.step(loss if t % 5 == 4 else None)
        other.step()
        if t % 5 == 4:
            other.observe(loss)
        assert read(one) == read(other)
    assert len(one.state_dict()["metrics"]) == len(LOSSES) // 5


def test_what_follows_starts_where_the_plateau_left_off():
    scheduler = Scheduler(sgd(1.0), CHAIN)
    train(scheduler, [9] * 5)  # of the warmup: nothing to react to
    assert read(scheduler) == [1.0]
    train(scheduler, [9, 9, 9, 9])
    assert read(scheduler) == [0.25]
    scheduler.step(epoch=45)
    assert read(scheduler) == [0.25]
    scheduler.step(epoch=55)
    assert read(scheduler) == [0.125]


def test_a_metric_for_a_given_update():
    scheduler = Scheduler(sgd(), "1 | plateau(0.5, patience=0)")
    scheduler.step(3, epoch=10)
    scheduler.step(3, epoch=20)
    assert read(scheduler) == [0.5]
    assert [scheduler.schedules[0](t) for t in (19, 20)] == [1, 0.5]


@pytest.mark.parametrize(
    "metric",
    [
        pytest.param(3, id="int"),
        pytest.param(3.0, id="float"),
        pytest.param(np.float32(3), id="numpy float"),
        pytest.param(np.int64(3), id="numpy int"),
        pytest.param(np.array(3.0), id="0-d array"),
        pytest.param(torch.tensor(3.0), id="0-d tensor"),
        pytest.param(torch.tensor([3.0], requires_grad=True), id="tensor of one"),
    ],
)
def test_kinds_of_metrics(metric):
    scheduler = Scheduler(sgd(), "1 | plateau(0.5, patience=0)", keep_metrics=True)
    assert train(scheduler, [metric, metric]) == [1, 0.5]
    assert scheduler.state_dict()["metrics"] == [3.0, 3.0]
    assert type(scheduler.state_dict()["metrics"][0]) is float


@pytest.mark.parametrize(
    "metric", [math.nan, math.inf, -math.inf, pytest.param(10**400, id="a huge int")]
)
def test_what_is_not_finite_is_no_improvement(metric):
    scheduler = Scheduler(sgd(), "1 | plateau(0.5, patience=0)")
    assert train(scheduler, [1, metric, 0.5]) == [1, 0.5, 0.5]


# Groups and programs.


def test_each_group_reacts():
    optimizer = sgd(1.0, 0.5)
    optimizer.param_groups[1]["lr_scale"] = 0.1
    scheduler = Scheduler(optimizer, "base | plateau(0.5, patience=0)")
    train(scheduler, [3, 3])
    assert read(scheduler) == [0.5, 0.025]


@pytest.mark.parametrize("lr", [1.0, 0.25], ids=["a known base", "another base"])
def test_added_groups_have_seen_the_metrics(lr):
    scheduler = Scheduler(sgd(1.0), "base | plateau(0.5, patience=0)")
    train(scheduler, [3, 3, 3])
    scheduler.optimizer.add_param_group({"params": [weight()], "lr": lr})
    scheduler.observe(3)
    assert read(scheduler) == [0.125, lr / 8]


def test_what_speaks_of_a_reacting_number_follows_it():
    program = {"weight_decay": "0.1 * lr", "lr": "linear(1, 0, 100) | plateau(0.5, patience=0)"}
    scheduler = Scheduler(sgd(), program)
    for metric in LOSSES:
        scheduler.step(metric)
        assert read(scheduler, "weight_decay") == pytest.approx([0.1 * read(scheduler)[0]])
    resumed = Scheduler(sgd(), program)
    resumed.load_state_dict(saved(scheduler.state_dict()))
    assert read(resumed, "weight_decay") == read(scheduler, "weight_decay")
    assert read(scheduler)[0] < 0.1


def test_what_speaks_of_a_reacting_number_may_react_too():
    program = {
        "lr": "1 | plateau(0.5, patience=0)",
        "momentum": "lr | plateau(0.5, patience=1)",
        "weight_decay": "momentum * lr",
    }
    scheduler = Scheduler(sgd(), program)
    train(scheduler, [3, 3, 3, 3])
    assert read(scheduler) == [0.125]
    assert read(scheduler, "momentum") == [0.0625]
    assert read(scheduler, "weight_decay") == [0.125 * 0.0625]


def test_a_number_that_does_not_react_goes_on():
    scheduler = Scheduler(sgd(), {"lr": "1 | plateau(0.5, patience=0)", "momentum": "1 / (1 + t)"})
    train(scheduler, [3, 3])
    assert (read(scheduler), read(scheduler, "momentum")) == ([0.5], [1 / 3])


# Going back.


def test_going_back_keeps_what_was_until_a_metric_comes():
    scheduler = Scheduler(sgd(), "1 | plateau(0.5, patience=0)", keep_metrics=True)
    train(scheduler, [3, 3, 3, 3, 3])
    scheduler.step(epoch=2)
    assert read(scheduler) == [0.5]
    scheduler.step()
    assert read(scheduler) == [0.25]
    scheduler.step(epoch=2)
    scheduler.observe(1)
    assert [scheduler.schedules[0](t) for t in range(7)] == [1, 1] + [0.5] * 5
    assert scheduler.state_dict()["metric_updates"] == [1, 2, 2]


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from([1, 2, 3])), max_size=12))
def test_going_back_is_as_if_the_later_metrics_had_not_come(metrics):
    scheduler, log = Scheduler(sgd(), CHAIN, keep_metrics=True), []
    for update, metric in metrics:
        scheduler.step(metric, epoch=update)
        log = [(u, m) for u, m in log if u <= update] + [(update, metric)]
    straight = Scheduler(sgd(), CHAIN)
    for update, metric in log:
        straight.step(metric, epoch=update)
    assert values(scheduler) == values(straight)
    state = scheduler.state_dict()
    assert list(zip(state["metric_updates"], state["metrics"], strict=True)) == log


# Resuming.


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(CHAIN, id="chain"),
        pytest.param("base | plateau(0.5, patience=2, cooldown=1)", id="plateau"),
        pytest.param("base | newbob(0.5) | plateau(0.9, patience=1)", id="two of them"),
        pytest.param(
            {"lr": {"*": "base | plateau(0.5, 1)"}, "momentum": "1 - lr / 2"}, id="program"
        ),
    ],
)
@pytest.mark.parametrize("made", [0, 1, 6, 13])
@pytest.mark.parametrize(
    "order", ["none", "optimizer first", "scheduler first", "optimizer before construction"]
)
def test_resume(spec, made, order):
    first = Scheduler(sgd(1.0, 0.3), spec)
    train(first, LOSSES[:made])
    state, optimizer_state = saved(first.state_dict()), saved(first.optimizer.state_dict())
    optimizer = sgd(1.0, 0.3)
    if order == "optimizer before construction":
        optimizer.load_state_dict(optimizer_state)
    second = Scheduler(optimizer, spec)
    if order == "optimizer first":
        optimizer.load_state_dict(optimizer_state)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        second.load_state_dict(state)
    if order == "scheduler first":
        optimizer.load_state_dict(optimizer_state)
    assert (read(second), read(second, "momentum")) == (read(first), read(first, "momentum"))
    assert values(second) == values(first)
    assert train(second, LOSSES[made:]) == train(first, LOSSES[made:])
    assert repr(second.state_dict()) == repr(first.state_dict())


def test_state_is_plain_and_its_own():
    scheduler = Scheduler(sgd(), "1 | plateau(0.5, patience=0)", keep_metrics=True)
    train(scheduler, [torch.tensor(3.0), np.float64(3)])
    state = scheduler.state_dict()
    assert state["metric_updates"] == [1, 2]
    assert {type(x) for x in state["metric_updates"] + state["metrics"]} == {int, float}
    scheduler.load_state_dict(state)
    train(scheduler, [3])
    assert state["metrics"] == [3.0, 3.0]


def test_loading_replaces_what_was_seen():
    scheduler = Scheduler(sgd(), "1 | plateau(0.5, patience=0)")
    early = saved(scheduler.state_dict())
    train(scheduler, [3, 3, 3])
    scheduler.load_state_dict(early)
    assert read(scheduler) == [1.0]
    assert train(scheduler, [5, 4, 4]) == [1, 1, 0.5]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"metrics": [1.0]}, id="one more metric"),
        pytest.param({"metrics": ["1"] * 3}, id="text"),
        pytest.param({"metrics": None}, id="None"),
        pytest.param({"metric_updates": [1, 3, 2]}, id="out of order"),
        pytest.param({"metric_updates": [-1, 0, 1]}, id="negative"),
        pytest.param({"metric_updates": [1.0, 2.0, 3.0]}, id="floats"),
        pytest.param({"metric_updates": {1: 2}}, id="dict"),
    ],
)
def test_bad_logs(change):
    scheduler = Scheduler(sgd(), "1 | plateau(0.5, patience=0)")
    train(scheduler, [3, 3, 3])
    state, before = {**scheduler.state_dict(), **change}, snapshot(scheduler)
    with pytest.raises(lrdsl.SpecError, match="LR603"):
        scheduler.load_state_dict(state)
    assert snapshot(scheduler) == before


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"]
)
@pytest.mark.parametrize(
    "spec", [CHAIN, {"lr": {0: CHAIN, "*": 1}, "momentum": "0.1 * lr"}], ids=["spec", "program"]
)
def test_copies_go_on_alone(copied, spec):
    first = Scheduler(sgd(1.0, 0.5), spec)
    train(first, LOSSES[:10])
    before = snapshot(first)
    second = copied(first)
    rest = train(second, LOSSES[10:])
    assert repr(snapshot(first)) == repr(before)
    assert train(first, LOSSES[10:]) == rest


# What is wrong.


@pytest.mark.parametrize(
    "metric", ["0.5", None, True, [1.0], {}, torch.ones(2), np.ones(2), object(), 1j]
)
def test_what_is_no_metric_changes_nothing(metric):
    scheduler = Scheduler(sgd(), "1 | plateau(0.5, patience=0)")
    train(scheduler, [3, 3])
    before = snapshot(scheduler)
    with pytest.raises(lrdsl.SpecError, match="a metric must be a number, not"):
        scheduler.observe(metric)
    if metric is not None:
        with pytest.raises(lrdsl.SpecError, match="a metric must be a number, not"):
            scheduler.step(metric)
    assert snapshot(scheduler) == before


@pytest.mark.parametrize("call", ["step", "observe"])
def test_a_reaction_that_leads_nowhere_is_undone(call):
    program = {"lr": "1 | plateau(0.5, patience=0)", "weight_decay": "1 / (lr - 0.5)"}
    scheduler = Scheduler(sgd(), program)
    train(scheduler, [3])
    before = snapshot(scheduler)
    with pytest.raises(lrdsl.SpecError, match="LR50"):
        getattr(scheduler, call)(3)
    assert snapshot(scheduler) == before
    assert train(scheduler, [2]) == [1.0]


@pytest.mark.parametrize("metric", [0.5, torch.tensor(0.5), np.float32(0.5)])
def test_a_schedule_without_metrics_says_so(metric):
    scheduler = Scheduler(sgd(), "linear(1, 0, 10)")
    before = snapshot(scheduler)
    for call in (scheduler.step, scheduler.observe, lambda m: scheduler.step(m, epoch=3)):
        with pytest.raises(lrdsl.SpecError, match="takes no metric"):
            call(metric)
    assert snapshot(scheduler) == before


def test_a_part_that_has_not_begun_takes_no_metric():
    optimizer = sgd()
    parts = [Scheduler(optimizer, "1"), Scheduler(optimizer, "2 | plateau(0.5, 0)")]
    sequence = torch.optim.lr_scheduler.SequentialLR(optimizer, parts, milestones=[3])
    with pytest.raises(lrdsl.SpecError, match="has not begun"):
        parts[1].observe(3)
    for _ in range(4):
        optimizer.step()
        sequence.step()
    for _ in range(2):
        parts[1].observe(3)
    assert read(parts[1]) == [1.0]


@pytest.mark.parametrize("name", ["median", "Mean", "", None, 3])
def test_unknown_reductions(name):
    said = '`metric_reduction` must be one of "mean", "min", "max", "same", not'
    with pytest.raises(lrdsl.SpecError, match=said):
        Scheduler(sgd(), "1", metric_reduction=name)


# One number of many.


@pytest.mark.parametrize(
    ("reduction", "metrics", "expected"),
    [
        ("mean", [1.0, 2.0, 6.0], 3.0),
        ("min", [1.0, 2.0, 6.0], 1.0),
        ("max", [1.0, 2.0, 6.0], 6.0),
        ("same", [2.0, 2.0], 2.0),
        ("mean", [1e308, 1e308], math.inf),
        ("mean", [math.inf, -math.inf], math.nan),
        ("same", [math.nan, math.nan], math.nan),
    ],
)
def test_reductions(reduction, metrics, expected):
    assert reduced(metrics, reduction) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("reduction", ["mean", "min", "max"])
def test_a_nan_is_never_lost(reduction):
    for metrics in itertools.permutations([1.0, math.nan, 2.0]):
        assert math.isnan(reduced(metrics, reduction))


@pytest.mark.parametrize("metrics", [[1.0, 1.5], [math.nan, 1.0], [1.0, math.nan]])
def test_differences_are_named(metrics):
    said = re.escape(f"{metrics[0]} on rank 0 and {metrics[1]} on rank 1")
    with pytest.raises(lrdsl.SpecError, match=said):
        reduced(metrics, "same")
