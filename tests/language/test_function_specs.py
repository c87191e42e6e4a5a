"""Functions in the place of a spec."""

from __future__ import annotations

import copy
import functools
import pickle
from typing import Any

import numpy as np
import pytest

import lrdsl
import lrdsl.build
from lrdsl import Schedule, SpecError
from lrdsl.language.python_functions import CheckedFunction, FunctionSpec, qualified_name
from tests.support.custom_shapes import Triangle, halving, saw


def test_a_function_is_a_schedule() -> None:
    schedule = lrdsl.compile(halving)
    assert (schedule(0), schedule(250), schedule.length) == (1.0, 0.25, float("inf"))
    assert schedule([0, 100, 200]).tolist() == [1.0, 0.5, 0.25]
    assert schedule.values(3).tolist() == [1.0, 1.0, 1.0]
    assert schedule.bounds(50, 150) == (0.5, 1.0)
    name = f"{halving.__module__}.halving"
    (segment,) = schedule.segments
    assert list(segment.facts().values()) == [0, float("inf"), 1.0, None, name]
    assert str(schedule.spec) == name
    assert repr(schedule) == f"lrdsl.compile({name})"


def test_a_function_goes_on_for_the_run() -> None:
    asked: list[int] = []

    def recorded(t: int) -> float:
        asked.append(t)
        return float(t)

    schedule = lrdsl.compile(recorded, total_steps=300)
    assert (schedule.length, schedule(300), schedule(10**6)) == (300, 300.0, 300.0)
    assert max(asked) == 300, "it is never asked for what is past the run"
    assert all([type(t) is int for t in asked])
    assert schedule.boundaries == (300,)
    assert repr(schedule).endswith("recorded, total_steps=300)")


@pytest.mark.parametrize(
    "function",
    [halving, functools.partial(saw, period=50), Triangle(0, 1, 10), np.sqrt],
    ids=["function", "partial", "object", "ufunc"],
)
def test_schedules_of_functions_are_values(function: Any) -> None:
    schedule = lrdsl.compile(function, total_steps=100)
    assert schedule == lrdsl.compile(function, total_steps=100)
    assert schedule == lrdsl.compile(schedule.spec, total_steps=100)
    assert hash(schedule) == hash(lrdsl.compile(function, total_steps=100))
    assert schedule != lrdsl.compile(function, total_steps=101)
    assert schedule != lrdsl.compile(lambda t: 1.0, total_steps=100)
    assert schedule != lrdsl.compile("1", total_steps=100)
    for again in (pickle.loads(pickle.dumps(schedule)), copy.deepcopy(schedule)):
        assert again.values().tolist() == schedule.values().tolist()
        assert repr(again) == repr(schedule)


def test_a_function_that_cannot_be_pickled_says_so() -> None:
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickle.dumps(lrdsl.compile(lambda t: 1.0))


@pytest.mark.parametrize(
    ("function", "words"),
    [
        pytest.param(lambda t: "1", "<lambda>` returns '1', a str", id="text"),
        pytest.param(lambda t: 1 / t, "fails at update 0: ZeroDivisionError", id="raises"),
        pytest.param(lambda: 1.0, "fails at update 0: TypeError", id="no parameter"),
        pytest.param(lambda t: float("nan"), "gives nan at update 0", id="nan"),
        pytest.param(Triangle, r"fails at update 0: TypeError: .*missing", id="class"),
    ],
)
def test_functions_are_checked(function: Any, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        lrdsl.compile(function)


def test_a_function_inside_a_spec_is_told_how() -> None:
    with pytest.raises(SpecError, match=r"function cannot be part of a spec\n.*@lrdsl.shape"):
        lrdsl.parse("hold(5)") >> halving  # type: ignore[operator]


def test_a_schedule_is_no_function() -> None:
    """Its `base` would not be the parameter group's, nor its run this one."""
    with pytest.raises(SpecError, match="pass its `spec`"):
        lrdsl.compile(lrdsl.compile("linear(1, 0, 10)"))


def test_names_of_functions() -> None:
    assert qualified_name(Schedule.values) == "lrdsl.schedule.schedule.Schedule.values"
    assert qualified_name(lrdsl.compile("1")) == "lrdsl.schedule.schedule.Schedule"
    assert qualified_name(len) == "builtins.len"
    assert qualified_name(Triangle(0, 1, 2).__call__).endswith("Triangle.__call__")
    assert repr(FunctionSpec(len)) == "FunctionSpec(builtins.len)"
    assert pickle.loads(pickle.dumps(FunctionSpec(len))) == FunctionSpec(len)


def test_values_in_any_order() -> None:
    asked: list[float] = []
    CheckedFunction("f", lambda t: asked.append(t) or 0.0).values(np.array([5.0, 0.5, 5.0]))  # type: ignore[func-returns-value]
    assert asked == [5, 0.5, 5]
    assert [type(t) for t in asked] == [int, float, int]
