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

import lrdsl
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
        pytest.param([("a", float("nan"))], "not nan", id="nan steps"),
        pytest.param([("a", float("inf"))], "not inf", id="inf steps"),
    ],
)
def test_what_no_switch_is_made_of(pairs: Any, match: str) -> None:
    with pytest.raises(SpecError, match=match):
        Switch(pairs)


LENGTHS = st.one_of(
    st.integers(1, 30),
    st.sampled_from(["3ep", "10%", "2.5ep", "0", "1/3 * total", "rest / 7", "7sp", "9tok", "n"]),
)


@given(lengths=st.lists(LENGTHS, min_size=1, max_size=6), epoch=st.sampled_from([10, 7.5, 3]))
def test_a_text_is_a_duration_and_rounded_as_the_boundaries_of_a_chain(lengths, epoch):
    run = {"total_steps": 1001, "steps_per_epoch": epoch}
    run |= {"samples_per_step": 2, "tokens_per_step": 4, "n": 5}
    switch = Switch([*enumerate(lengths), (len(lengths), None)], **run)
    chain = " >> ".join([f"constant({i}, {each})" for i, each in enumerate(lengths)])
    schedule = lrdsl.compile(f"{chain} >> constant({len(lengths)}) | take(2 * total)", **run)
    assert [switch(t) for t in range(1001)] == schedule(range(1001)).tolist()


UNITS = {
    "epochs": (["10ep"], {"steps_per_epoch": 7}, 70),
    "half epochs": (["0.5ep", "0.5ep"], {"steps_per_epoch": 7}, 7),
    "the share of a run": (["25%"], {"total_steps": 1000}, 250),
    "thirds": (["total / 3", "total / 3"], {"total_steps": 100}, 67),
    "samples": (["64ksp"], {"samples_per_step": 32}, 2000),
    "tokens": (["1Mtok"], {"tokens_per_step": 500}, 2000),
    "what is left": (["10", "rest / 2"], {"total_steps": 100}, 55),
    "a variable": (["2 * warm"], {"warm": 12}, 24),
    "numbers and texts": ([5, "1ep", 2.0], {"steps_per_epoch": 3}, 10),
    "nothing": (["0ep", 3], {"steps_per_epoch": 3}, 3),
}


@pytest.mark.parametrize(("lengths", "run", "start"), UNITS.values(), ids=UNITS)
def test_units(lengths: list[Any], run: dict[str, Any], start: int) -> None:
    switch = Switch([*[("before", each) for each in lengths], ("last", None)], **run)
    assert switch.starts[-1] == start
    assert (switch(start - 1), switch(start)) == ("before", "last")
    assert switch == pickle.loads(pickle.dumps(switch))


FAULTS = {
    "no epoch": ("10ep", r"LR302\]: entry 0: `10ep` needs steps_per_epoch\n.*\n  \| \^\^\^\^ pass"),
    "a unit": ("5x", r"entry 0: `x` is not a unit(.|\n)*\^\^"),
    "syntax": ("(10", r"never closed"),
    "below 0": ("-5", r"LR404\]: entry 0: a length must be 0 or more updates, not -5"),
    "too long": ("1e300", r"at most 2\*\*53 updates, not 1e\+300"),
    "half a step": ("3.5", r"`3.5` is not a whole number of updates"),
    "a schedule": ("hold(5)", r"`hold\(5\)` is a schedule, and a length takes a duration"),
    "a chain": ("5 >> 3", r"`5 >> 3` is a schedule"),
    "a value": ("t", r"`t` is a value"),
    "a name": ("warm", r"`warm` has no value(.|\n)*\^ give it a value: warm=…$"),
    "by zero": ("1/0", r"division by zero"),
    "nothing": (" ", r"entry 0: the length is empty"),
    "words": ("true", r"`true` is not a number"),
    "deep": ("(" * 5000, r"nested deeper"),
}


@pytest.mark.parametrize(("text", "match"), FAULTS.values(), ids=FAULTS)
def test_faulty_texts(text: str, match: str) -> None:
    with pytest.raises(SpecError, match=match):
        Switch([("a", text), ("b", None)])


def test_all_faulty_texts_are_told() -> None:
    with pytest.raises(SpecError) as caught:
        Switch([("a", "1ep"), ("b", "rest"), ("c", "t")], total_steps=9)
    assert [each.message.partition(":")[0] for each in caught.value.diagnostics] == [
        "entry 0",
        "entry 2",
    ]


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
