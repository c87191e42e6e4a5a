"""What a run keeps of its metrics: a small state that gives the numbers that the metrics would."""

import copy
import json
import math
import pickle
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lrdsl
from lrdsl.language.modifiers.reactive import MAX_CHANGES

torch = pytest.importorskip("torch")

from torch.optim import SGD  # noqa: E402

from lrdsl.torch import Scheduler  # noqa: E402

FALLING = "1 | plateau(0.999, patience=0, eps=0)"
"""Each metric that does not improve changes the factor."""

SPECS = {
    "plateau": "base | plateau(0.5, patience=1)",
    "limit of each base": "base | plateau(0.5, patience=0, min_lr=base / 3)",
    "factor of each base": "base | plateau(base / 2, patience=1)",
    "limited": "base | plateau(0.5, patience=0, min_lr=0.2, eps=0.01)",
    "anchor": "base | anchor(0.5, patience=1, grace=2, min_lr=0.05)",
    "newbob": "base | newbob(0.7, threshold=0.1)",
    "nested": "base | newbob(0.9, threshold=0.1) | plateau(0.5, patience=1, min_lr=0.1)",
    "chain": "warmup(3) >> (hold(9) | plateau(0.5, patience=1, min_lr=0.3)) >> linear(_, 0, 20)",
    "program": {"lr": "base | plateau(0.5, 1)", "momentum": "1 - lr / 20 | anchor(0.5, 1, 1)"},
}

HALF = settings(max_examples=settings().max_examples // 2)
"""For tests that draw metrics for each of the specs."""

METRICS = st.lists(st.sampled_from([1.0, 1.5, 2.0, 3.0, 0.5, math.nan, math.inf]), max_size=30)


def sgd(*lrs):
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in lrs or (1.0,)]
    return SGD(groups, lr=7.0, momentum=0.9)


def made(spec, *lrs, **options):
    scheduler = Scheduler(sgd(*lrs), spec, on_end="hold", **options)
    scheduler.optimizer.step()
    return scheduler


def values(scheduler, n=60):
    return {name: rows.tolist() for name, rows in scheduler.preview(n).items()}


def through_json(state):
    return json.loads(json.dumps(state))


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
@HALF
@given(before=METRICS, after=METRICS)
def test_the_record_gives_the_numbers_of_the_metrics(spec, before, after):
    kept = made(spec, 1.0, 0.3, keep_metrics=True)
    scheduler = made(spec, 1.0, 0.3)
    for metric in before:
        kept.step(metric)
        scheduler.step(metric)
    assert scheduler.state_dict()["metrics"] == []
    resumed = made(spec, 1.0, 0.3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        resumed.load_state_dict(through_json(scheduler.state_dict()))
    late = [copy.deepcopy(kept), copy.deepcopy(scheduler), pickle.loads(pickle.dumps(resumed))]
    for metric in after:
        for each in (kept, scheduler, resumed, *late):
            each.step(metric)
    expected = values(kept)
    assert all(values(each) == expected for each in (scheduler, resumed, *late))
    if "base / 2" in str(spec):
        return
    added = [kept, scheduler, resumed]
    for each in added:
        each.optimizer.add_param_group({"params": [torch.nn.Parameter(torch.zeros(1))], "lr": 0.7})
    found = [values(each) for each in added]
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
@HALF
@given(metrics=METRICS, at=st.integers(0, 20))
def test_plans_of_a_run_with_metrics_resume(spec, metrics, at):
    kept, scheduler = made(spec, 1.0, 0.3, keep_metrics=True), made(spec, 1.0, 0.3)
    for i, metric in enumerate(metrics):
        for each in (kept, scheduler):
            if i == at:
                each.replan({"lr": "hold(5) >> (constant(prev) | plateau(0.5, 1))"})
            each.step(metric)
    resumed = made(spec, 1.0, 0.3, on_change="keep")
    resumed.load_state_dict(through_json(scheduler.state_dict()))
    assert values(kept) == values(scheduler) == values(resumed)


def test_a_run_that_is_extended_goes_on_reacting():
    spec = "linear(1, 0, 100%) | plateau(0.5, patience=0)"
    schedulers = [made(spec, total_steps=50, keep_metrics=kept) for kept in (True, False)]
    for scheduler in schedulers:
        for metric in (3, 3, 2, 4):
            scheduler.step(metric)
        scheduler.extend(total_steps=90)
        scheduler.step(5)
    resumed = made(spec, total_steps=90)
    resumed.load_state_dict(through_json(schedulers[1].state_dict()))
    assert values(schedulers[0]) == values(schedulers[1]) == values(resumed)


@pytest.fixture(scope="module")
def long_run():
    scheduler = made(FALLING)
    for i in range(MAX_CHANGES + 200):
        scheduler.step(float(i))
    return scheduler


def test_the_state_of_a_long_run_stays_small(long_run):
    state = long_run.state_dict()
    assert len(json.dumps(state)) < 2**15
    resumed = made(FALLING)
    resumed.load_state_dict(through_json(state))
    for scheduler in (long_run, resumed):
        scheduler.step(1e6)
    assert values(resumed) == values(long_run)
    assert resumed.state_dict() == long_run.state_dict()


def test_calm_metrics_leave_the_state_as_large_as_it_was():
    scheduler, sizes = made("1 | plateau(0.5, patience=3)"), []
    for i in range(2_000):
        scheduler.step(1 / (i + 1))
        sizes.append(len(str(scheduler._timeline.metrics.record)))
    assert max(sizes) < 2 * sizes[0]


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda schedule: schedule(100), id="value"),
        pytest.param(lambda schedule: schedule.bounds(0, 500), id="bounds"),
        pytest.param(lambda schedule: schedule.values(300), id="values"),
    ],
)
def test_what_is_forgotten_is_said(long_run, ask):
    with pytest.raises(lrdsl.SpecError, match=r"is known no longer.*the last 1,024 changes"):
        ask(long_run.schedules[0])


def test_before_the_first_change_all_is_known(long_run):
    assert long_run.schedules[0](0) == 1


def test_a_metric_of_an_earlier_update_needs_the_metrics():
    scheduler = made("1 | plateau(0.5, patience=0)")
    for metric in (3, 3, 3):
        scheduler.step(metric)
    before = scheduler.state_dict()
    with pytest.raises(lrdsl.SpecError, match=r"cannot be taken back(?s:.*)keep_metrics=True"):
        scheduler.step(3, epoch=2)
    assert scheduler.state_dict() == before
    scheduler.step(epoch=1)
    with pytest.raises(lrdsl.SpecError, match="keep_metrics"):
        scheduler.observe(3)


CHANGED = {
    "patience": "1 | plateau(0.5, patience=3)",
    "another modifier": "1 | anchor(0.5)",
    "one more": "1 | plateau(0.5, patience=0) | newbob()",
    "another number": {"lr": "1", "momentum": "1 | plateau(0.5, patience=0)"},
}


@pytest.mark.parametrize("spec", CHANGED.values(), ids=CHANGED)
def test_another_modifier_needs_the_metrics(spec):
    first = made("1 | plateau(0.5, patience=0)")
    first.step(3)
    other = made(spec)
    before = other.state_dict()
    with pytest.raises(lrdsl.SpecError, match="metrics so far were taken by `plateau"):
        other.load_state_dict(first.state_dict())
    assert other.state_dict() == before


@pytest.mark.parametrize("keeps", [False, True])
def test_another_modifier_takes_the_metrics_that_were_kept(keeps):
    first = made("1 | plateau(0.5, patience=0)", keep_metrics=True)
    for metric in (3, 3, 3, 3):
        first.step(metric)
    other = made("1 | plateau(0.25, patience=1)", keep_metrics=keeps)
    with pytest.warns(UserWarning, match="the spec '1 | plateau"):
        other.load_state_dict(through_json(first.state_dict()))
    assert other.get_last_lr() == [0.25]
    assert other.state_dict()["metrics"] == ([3.0] * 4 if keeps else [])


def test_the_same_modifier_goes_on_under_another_peak():
    first, other = made("1 | plateau(0.5, patience=0)"), made("2 | plateau(0.5, patience=0)")
    for metric in (3, 3, 3):
        first.step(metric)
    with pytest.warns(UserWarning, match="the spec '1 | plateau"):
        other.load_state_dict(first.state_dict())
    assert other.get_last_lr() == [0.5]


def test_a_late_group_whose_modifier_is_another_needs_the_metrics():
    schedulers = [made(SPECS["factor of each base"], keep_metrics=kept) for kept in (True, False)]
    for scheduler in schedulers:
        for metric in (3, 3, 3):
            scheduler.step(metric)
        weights = torch.nn.Parameter(torch.zeros(1))
        scheduler.optimizer.add_param_group({"params": [weights], "lr": 0.7})
    assert schedulers[0].preview(1)["lr"].tolist() == [[0.5], [0.7 * 0.35]]
    with pytest.raises(lrdsl.SpecError, match=r"taken by `plateau.factor=0.5(?s:.*)keep_metrics"):
        schedulers[1].preview(1)


def test_a_spec_that_does_not_react_needs_no_metrics():
    first, other = made("1 | plateau(0.5, patience=0)"), made("2")
    first.step(3)
    with pytest.warns(UserWarning, match="the spec '1 | plateau"):
        other.load_state_dict(first.state_dict())
    assert other.get_last_lr() == [2]


def changed(**entries):
    scheduler = made("1 | plateau(0.5, patience=0)")
    for metric in (3, 3, 3):
        scheduler.step(metric)
    record = json.loads(scheduler.state_dict()["reactions"])
    record["families"][0]["reactions"][0].update(entries)
    return {**scheduler.state_dict(), "reactions": json.dumps(record)}


HOSTILE = {
    "no JSON": {**changed(), "reactions": "{"},
    "deep": {**changed(), "reactions": "[" * 100_000},
    "a number": {**changed(), "reactions": 3},
    "None": {**changed(), "reactions": None},
    "a list": {**changed(), "reactions": "[]"},
    "text as state": changed(state=["a", 0, 0]),
    "long state": changed(state=[0] * 10**4),
    "short state": changed(state=[1]),
    "state of nothing": changed(state=[None, None, None]),
    "updates of text": changed(updates=["a"]),
    "falling updates": changed(updates=[3, 2]),
    "negative update": changed(updates=[-1, 2]),
    "huge update": changed(updates=[1, 10**400]),
    "too many": changed(updates=[*range(10**4)]),
    "too few ratios": changed(ratios=[0.5]),
    "infinite ratio": changed(ratios=math.inf),
    "forgotten text": changed(forgotten="a"),
}


@pytest.mark.parametrize("state", HOSTILE.values(), ids=HOSTILE)
def test_a_malformed_record_is_refused(state):
    scheduler = made("1 | plateau(0.5, patience=0)")
    before = scheduler.state_dict()
    with pytest.raises(lrdsl.SpecError, match="LR603"):
        scheduler.load_state_dict(state)
    assert scheduler.state_dict() == before


def as_observed(spec, metrics):
    """The schedule that takes metrics one by one, the first when one update has been made."""
    schedule = lrdsl.compile(spec, base_lr=1.0)
    for t, metric in enumerate(metrics, start=1):
        schedule = schedule.observe(t, metric)
    return schedule


@HALF
@pytest.mark.parametrize(
    "spec", [pytest.param(x, id=n) for n, x in SPECS.items() if n != "program"]
)
@given(
    metrics=METRICS, looks=st.sets(st.integers(0, 30)), kind=st.sampled_from([float, torch.tensor])
)
def test_metrics_that_change_nothing_are_taken_like_all_others(spec, metrics, looks, kind):
    """Whoever looks meanwhile: rates and reactions are those of a schedule that observes."""
    scheduler = made(spec)
    for t, metric in enumerate(metrics):
        scheduler.step(kind(metric))
        if t in looks:
            expected = as_observed(spec, metrics[: t + 1])
            assert scheduler.get_last_lr() == [expected(t + 1)]
            assert scheduler.driven["lr"][0].reactions == expected.reactions
            other = made(spec)
            other.load_state_dict(through_json(scheduler.state_dict()))
            assert values(other) == values(scheduler)
    expected = as_observed(spec, metrics)
    assert scheduler.get_last_lr() == [expected(len(metrics))]
    assert scheduler.driven["lr"][0].reactions == expected.reactions


@pytest.mark.parametrize("keeps", [False, True])
def test_calls_at_a_limit_are_remembered_like_all_others(keeps):
    """However many there are: each of them calls for a change, and the value is at its limit."""
    spec, count = "base | plateau(0.5, patience=0, min_lr=0.4)", 2 * MAX_CHANGES + 100
    scheduler, schedule = made(spec, keep_metrics=keeps), lrdsl.compile(spec, base_lr=1.0)
    reactions = schedule.reactions
    for t in range(1, count):
        scheduler.step(1.0)
        reactions = schedule.react(reactions, t, 1.0)
    assert scheduler.driven["lr"][0].reactions == reactions
    assert reactions[0].calls == count - 2
    assert reactions[0].forgotten is not None
    other = made(spec, keep_metrics=keeps)
    other.load_state_dict(through_json(scheduler.state_dict()))
    assert other.get_last_lr() == scheduler.get_last_lr() == [0.4]
    assert through_json(other.state_dict()) == through_json(scheduler.state_dict())


def test_a_group_that_is_gone_takes_no_metric():
    scheduler = Scheduler(
        sgd(1.0, 0.5), {"lr": {0: "base | plateau(0.5, 3)", 1: "base | newbob()"}}
    )
    scheduler.optimizer.step()
    for _ in range(3):
        scheduler.step(1.0)
    del scheduler.optimizer.param_groups[1]
    record = scheduler._timeline.metrics.record
    for _ in range(2):
        scheduler.optimizer.step()
        scheduler.step(1.0)
    taken = scheduler._timeline.metrics.record
    changed = [key for key in taken.families if taken.families[key] != record.families[key]]
    assert [modifiers[0][:7] for _, modifiers in changed] == ["plateau"]
    assert taken.total == record.total + 2
