"""Checkpoints that somebody has prepared: one clear error, at once, and nothing is changed."""

import collections
import copy
import json
import math
import time
import warnings

import pytest

import lrdsl

torch = pytest.importorskip("torch")

from lrdsl.torch import Scheduler  # noqa: E402
from tests.support.scheduler_runs import sgd  # noqa: E402

SPEC = {"lr": "warmup(10) >> hold() | plateau(0.5, 2)", "momentum": "linear(base, 0.5, 100)"}
RUN = {"total_steps": 100}


class Raising:
    """An object that raises whatever is asked of it."""

    def fail(self, *_):
        raise ValueError("hands off")

    __eq__ = __len__ = __iter__ = __getitem__ = __bool__ = __hash__ = __repr__ = __str__ = fail
    __float__ = __int__ = __index__ = __contains__ = __lt__ = __le__ = __abs__ = __neg__ = fail
    __reduce_ex__ = fail

    def __getattr__(self, name):
        raise ValueError("hands off")

    def __deepcopy__(self, memo):
        return self


class RaisingText(str):
    """A text that raises where it is compared, measured or searched."""

    def fail(self, *_):
        raise ValueError("hands off")

    __eq__ = __len__ = __contains__ = __getitem__ = startswith = strip = fail
    __hash__ = str.__hash__


class RaisingList(list):
    """A list that cannot be gone through."""

    def __iter__(self):
        raise ValueError("hands off")


class RaisingDict(dict):
    """A dict that cannot be asked."""

    def __getitem__(self, *_):
        raise ValueError("hands off")

    get = items = keys = values = __iter__ = __getitem__


class Truthless(float):
    """A number without a truth value and without an order."""

    def __lt__(self, other):
        raise ValueError("hands off")

    __le__ = __gt__ = __ge__ = __lt__


def nested(levels):
    found = 1
    for _ in range(levels):
        found = {"lr": [found]}
    return found


def many_times(levels):
    found = [1]
    for _ in range(levels):
        found = [found] * 10
    return found


def in_itself(kind):
    found = kind()
    if kind is dict:
        found["lr"] = found
    else:
        found.append(found)
    return found


VALUES = {
    "None": None,
    "a truth value": True,
    "an object that raises": Raising(),
    "a text that raises": RaisingText("hold(5)"),
    "a list that raises": RaisingList([1]),
    "a dict that raises": RaisingDict(lr="1"),
    "a number without order": Truthless(3.0),
    "a huge int": 10**5000,
    "a huge negative int": -(10**5000),
    "NaN": math.nan,
    "infinity": math.inf,
    "NaN in a list": [math.nan],
    "bytes": b"hold(5)",
    "a set": {1, 2},
    "a tuple": (1, 2),
    "a class": dict,
    "a function": print,
    "a generator": (x for x in [1]),
    "a deque": collections.deque([1]),
    "a Tensor": torch.ones(3),
    "an empty Tensor": torch.ones(0),
    "a meta Tensor": torch.ones(1, device="meta"),
    "a complex number": 1j,
    "a long text": "x" * 10**7,
    "a long number": "1" * 10**7,
    "many brackets": "(" * 10**6,
    "many JSON brackets": "[" * 10**6,
    "many braces": '{"lr":' * 10**5,
    "a long JSON number": '{"lr": ' + "9" * 10**5 + "}",
    "deep dicts": nested(900),
    "very deep dicts": nested(100_000),
    "a dict in itself": in_itself(dict),
    "a list in itself": in_itself(list),
    "a dict of odd keys": {Raising: 1, None: 2, 3: 4, (5,): 6},
    "a list in lists many times": many_times(50),
    "many entries": {str(i): 1.0 for i in range(10**5)},
    "a long list": [0.0] * 10**6,
    "half of a character": "\ud800",
    "nulls": "hold(5)\0",
}


def good():
    scheduler = Scheduler(sgd(0.5, momentum=0.9), SPEC, **RUN)
    scheduler.step(metric=1.0)
    scheduler.replan("linear(_, 0, 100)")
    return scheduler.state_dict()


def snapshot(scheduler):
    optimizer = scheduler.optimizer
    groups = [{k: x for k, x in g.items() if k != "params"} for g in optimizer.param_groups]
    return copy.deepcopy((scheduler.state_dict(), groups, optimizer.state_dict()))


def loaded(state, on_change="warn"):
    """The error that loading ends in, None if there is none; and whether anything is changed."""
    scheduler = Scheduler(sgd(0.5, momentum=0.9), SPEC, on_change=on_change, **RUN)
    before = snapshot(scheduler)
    start = time.process_time()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            scheduler.load_state_dict(state)
            error = None
        except lrdsl.SpecError as caught:
            error = caught
    assert time.process_time() - start < 2
    if error is not None:
        assert (snapshot(scheduler), told) == (before, [])
        assert len(error.diagnostics) == 1
        assert len(str(error)) < 5000, "the state is not shown in full"
    return error, scheduler


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("key", good())
def test_a_hostile_value(key, value):
    error, scheduler = loaded({**good(), key: value})
    if error is None:  # it is only another spec, context or count
        assert key not in ("version", "replans", "groups", "reactions")
        scheduler.step()


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_hostile_state(value):
    error, _ = loaded(value)
    assert error is not None


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("field", ["update", "metrics", "spec", "context"])
def test_a_hostile_plan(field, value):
    state = good()
    [plan] = json.loads(state["replans"])
    error, _ = loaded({**state, "replans": [{**plan, field: value}]}, on_change="keep")
    assert error is not None or field in ("spec", "context")


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("field", ["name", "base", "tensors", "scale", "values"])
def test_a_hostile_group(field, value):
    state = good()
    [group] = json.loads(state["groups"])
    loaded({**state, "groups": [{**group, field: value}]}, on_change="keep")


@pytest.mark.parametrize("kind", [RaisingDict, collections.OrderedDict, collections.UserDict])
def test_another_sort_of_dict(kind):
    state = RaisingDict() if kind is RaisingDict else kind(good())
    error, _ = loaded(state)
    assert (error is None) == (kind is not RaisingDict)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_ends_a_process_passes_through(error):
    class Ending(dict):
        def get(self, *_):
            raise error

        __getitem__ = __iter__ = keys = get

    scheduler = Scheduler(sgd(0.5, momentum=0.9), SPEC, **RUN)
    before = snapshot(scheduler)
    with pytest.raises(error):
        scheduler.load_state_dict(Ending(good()))
    assert snapshot(scheduler) == before
