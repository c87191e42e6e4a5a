"""Switch: objects handed out by step."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from lrdsl import SpecError, Switch


@given(st.lists(st.integers(1, 30), min_size=1, max_size=8), st.booleans())
def test_each_object_for_its_number_of_steps(lengths: list[int], is_open: bool) -> None:
    expected = [i for i, steps in enumerate(lengths) for _ in range(steps)]
    last = None if is_open else lengths[-1]
    switch = Switch([*enumerate(lengths[:-1]), (len(lengths) - 1, last)])
    assert [switch(t) for t in range(len(expected))] == expected
    assert switch(len(expected)) == switch(10**15) == len(lengths) - 1
    assert switch.objects == tuple(range(len(lengths)))


@pytest.mark.parametrize(
    "steps", [pytest.param(x, id=repr(x)) for x in (3, 3.0, np.int64(3), np.float32(3))]
)
def test_a_count_may_be_any_whole_number(steps: Any) -> None:
    switch = Switch([("a", steps), ("b", None)])
    assert [switch(t) for t in range(5)] == ["a", "a", "a", "b", "b"]
    assert switch(np.int64(3)) == "b"


def test_it_is_made_from_anything_that_gives_pairs() -> None:
    for pairs in (
        (("a", 1), ("b", 2)),
        iter([["a", 1], ["b", 2]]),
        {"a": 1, "b": 2}.items(),
        OmegaConf.create([["a", 1], ["b", 2]]),
    ):
        switch = Switch(pairs)
        assert [switch(t) for t in range(3)] == ["a", "b", "b"]


@pytest.mark.parametrize(
    ("pairs", "match"),
    [
        pytest.param([], "nothing to switch", id="no pairs"),
        pytest.param("ab", "list of pairs", id="text"),
        pytest.param(5, "list of pairs", id="a number"),
        pytest.param(["ab"], "entry 0 is not a pair", id="text of two letters"),
        pytest.param([("a", 1), "b"], "entry 1 is not a pair", id="an object alone"),
        pytest.param([("a", 1, 2)], "entry 0 is not a pair", id="three"),
        pytest.param([("a", None), ("b", 1)], "entry 0 has no number", id="open in front"),
        pytest.param([("a", 0), ("b", 1)], "1 or more, not 0", id="0 steps"),
        pytest.param([("a", 1), ("b", -1)], "entry 1.*not -1", id="-1 steps"),
        pytest.param([("a", 1.5)], "whole number, 1 or more, not 1.5", id="1.5 steps"),
        pytest.param([("a", True)], "not True", id="True steps"),
        pytest.param([("a", "3")], "not '3'", id="text as steps"),
        pytest.param([("a", float("nan"))], "not nan", id="nan steps"),
        pytest.param([("a", float("inf"))], "not inf", id="inf steps"),
    ],
)
def test_what_no_switch_is_made_of(pairs: Any, match: str) -> None:
    with pytest.raises(SpecError, match=match):
        Switch(pairs)


@pytest.mark.parametrize("step", [-1, 0.5, True, "1", None, 2**53 + 1])
def test_what_is_no_step(step: Any) -> None:
    with pytest.raises(SpecError, match="LR601"):
        Switch([("a", None)])(step)


def test_it_is_immutable_and_picklable() -> None:
    switch = Switch([("a", 2), ("b", None)])
    with pytest.raises(AttributeError, match="immutable"):
        switch.starts = (0,)
    with pytest.raises(AttributeError, match="immutable"):
        del switch.objects
    assert repr(switch) == "Switch([('a', 2), ('b', None)])"
    for again in (pickle.loads(pickle.dumps(switch)), copy.deepcopy(switch)):
        assert [again(t) for t in range(4)] == ["a", "a", "b", "b"]
