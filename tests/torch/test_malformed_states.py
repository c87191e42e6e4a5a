"""States that no Scheduler has written: a SpecError, and nothing is changed."""

import json
import warnings

import pytest

import lrdsl

torch = pytest.importorskip("torch")

from lrdsl.torch import Scheduler  # noqa: E402
from tests.support.scheduler_runs import lrs, sgd  # noqa: E402

SPEC = "linear(base, 0, 1000)"


def good():
    scheduler = Scheduler(sgd(0.5), SPEC, total_steps=1000, start_step=50)
    scheduler.optimizer.step()
    scheduler.replan("linear(_, 0, 100)")
    return scheduler.state_dict()


def with_plan(**changes):
    [plan] = json.loads(good()["replans"])
    return {"replans": [{**plan, **changes}]}


def with_group(**changes):
    [group] = json.loads(good()["groups"])
    return {"groups": json.dumps([{**group, **changes}])}


OLDER = {"version": 3, "spec": SPEC, "context": {"total_steps": 1000}, "updates": 50}


@pytest.mark.parametrize("on_change", ["warn", "keep", "error"])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(with_plan(spec={"a": 1}), id="a plan of another number"),
        pytest.param(with_plan(spec={"lr": {"nobody": "1"}}), id="a plan of no group"),
        pytest.param(with_plan(spec={}), id="an empty program"),
        pytest.param(with_plan(spec=[[]]), id="a list for a spec"),
        pytest.param(with_plan(spec=True), id="a truth value for a spec"),
        pytest.param(with_plan(spec="x" * 9), id="an unknown name"),
        pytest.param(with_plan(spec=None, context={}), id="an extension to nowhere"),
        pytest.param(with_plan(context={1: 2}), id="numbers for names"),
        pytest.param(with_plan(context={"total_steps": "x"}), id="a length that is text"),
        pytest.param(with_plan(context={"spec": "1"}), id="a reserved name"),
        pytest.param(with_plan(context={"definitions": "def ("}), id="definitions"),
        pytest.param(with_plan(context={"definitions": 5}), id="definitions that are a number"),
        pytest.param(with_plan(context=None), id="no context of a plan"),
        pytest.param(with_plan(update=-1), id="a plan before the run"),
        pytest.param(with_plan(update=10**30), id="a plan after all runs"),
        pytest.param(with_plan(metrics=0.5), id="half a metric"),
        pytest.param({"replans": "[" * 100_000}, id="deep JSON"),
        pytest.param({"replans": '[{"update": 1e999}]'}, id="an infinite number in JSON"),
        pytest.param({"replans": "{"}, id="no JSON"),
        pytest.param({"replans": "3"}, id="JSON of a number"),
        pytest.param({"replans": None}, id="None for plans"),
        pytest.param({"replans": [None]}, id="None for a plan"),
        pytest.param({"replans": {"a": 1}}, id="a dict for plans"),
        pytest.param({"spec": None}, id="no spec"),
        pytest.param({"spec": {"a": 1}}, id="a spec of another number"),
        pytest.param({"spec": '{"lr": '}, id="half a spec"),
        pytest.param({"spec": 5j}, id="a complex spec"),
        pytest.param({"spec": {"lr": None}}, id="None for a spec"),
        pytest.param({"spec": {"lr": {"*": {}}}}, id="an empty choice"),
        pytest.param({"context": None}, id="None for a context"),
        pytest.param({"context": "{}["}, id="a context that is no JSON"),
        pytest.param({"context": '{"total_steps": -3}'}, id="a negative length"),
        pytest.param({"context": {"base_lr": "x"}}, id="a base that is text"),
        pytest.param({"metrics": [10**400], "metric_updates": [1]}, id="a metric beyond floats"),
        pytest.param({"metrics": [1.0]}, id="a metric without an update"),
        pytest.param({"metrics": ["1"], "metric_updates": [1]}, id="a metric that is text"),
        pytest.param({"metrics": None}, id="None for metrics"),
        pytest.param({"metrics": [1.0], "metric_updates": [2**60]}, id="a metric after all runs"),
        pytest.param({"updates": 2**53}, id="more updates than there are"),
        pytest.param({"updates": -(2**52)}, id="fewer updates than none"),
        pytest.param({"updates": 10**400}, id="updates beyond floats"),
        pytest.param({"updates": None}, id="None for updates"),
        pytest.param({"version": None}, id="None for a version"),
        pytest.param({"version": [4]}, id="a list for a version"),
        pytest.param({"version": True}, id="a truth value for a version"),
        pytest.param({"groups": "[1]"}, id="a number for a group"),
        pytest.param({"groups": "{"}, id="groups that are no JSON"),
        pytest.param(with_group(base={"lr": "1"}), id="a base that is text in a group"),
        pytest.param(with_group(base={"lr": 1e999}), id="an infinite base"),
        pytest.param(with_group(base=[1]), id="a list of bases"),
        pytest.param(with_group(scale=None), id="no scale"),
        pytest.param(with_group(scale=10**400), id="a scale beyond floats"),
        pytest.param(with_group(tensors=[None]), id="a nameless Tensor"),
        pytest.param(with_group(name=5), id="a number for a name"),
        pytest.param({"drives": 2}, id="a number for a truth value"),
    ],
)
@pytest.mark.parametrize("older", [False, True], ids=["written now", "of an older version"])
def test_a_malformed_state_changes_nothing(change, on_change, older):
    scheduler = Scheduler(sgd(0.5), SPEC, total_steps=1000, on_change=on_change)
    state = {**(OLDER if older else good()), **change}
    before = scheduler.state_dict(), lrs(scheduler.optimizer), scheduler.optimizer.state_dict()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            scheduler.load_state_dict(state)
        except lrdsl.SpecError:
            after = (
                scheduler.state_dict(),
                lrs(scheduler.optimizer),
                scheduler.optimizer.state_dict(),
            )
            assert (after, told) == (before, [])
            return
    # What is only another spec or context is told, and is not followed.
    assert on_change == "warn"
    assert "the checkpoint was written with" in str(told[0].message)
    assert lrs(scheduler.optimizer) == [0.475]


@pytest.mark.parametrize("value", [None, 1, "x", [], [1], {}, {"a": 1}, 1.5, True, b"x", object()])
@pytest.mark.parametrize("key", [*good(), "unknown"])
def test_any_value_under_any_key(key, value):
    scheduler = Scheduler(sgd(0.5), SPEC, total_steps=1000)
    before = lrs(scheduler.optimizer), scheduler.last_epoch
    try:
        scheduler.load_state_dict({**good(), key: value})
    except lrdsl.SpecError:
        assert (lrs(scheduler.optimizer), scheduler.last_epoch) == before
