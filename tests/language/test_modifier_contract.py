"""The contract of modifiers: one file, one name, a docstring whose examples run."""

from __future__ import annotations

import importlib
import pkgutil
import re
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl import SpecError
from lrdsl.language import modifiers
from lrdsl.language.modifiers import MODIFIERS
from lrdsl.language.modifiers.cumulative import BLOCK

CONTEXT: dict[str, Any] = {"base_lr": 1, "total_steps": 1000, "steps_per_epoch": 50}

LEAVES = sorted(
    m.name for m in pkgutil.iter_modules(modifiers.__path__) if m.name not in ("base", "reactive")
)


def test_every_module_is_found() -> None:
    assert set(LEAVES) == set(MODIFIERS)
    assert {"interval", "clip", "repeat", "take", "skip", "stretch", "every"} <= set(MODIFIERS)


@pytest.mark.parametrize("name", LEAVES)
def test_a_modifier_is_named_after_its_file(name: str) -> None:
    cls = MODIFIERS[name]
    assert cls.name == name
    assert cls.__module__ == f"lrdsl.language.modifiers.{name}"
    module = importlib.import_module(f"lrdsl.language.modifiers.{name}")
    registered = [thing for thing in vars(module).values() if thing in MODIFIERS.values()]
    assert registered == [cls]


@pytest.mark.parametrize("name", sorted(MODIFIERS))
def test_a_modifier_says_what_it_does(name: str) -> None:
    doc = MODIFIERS[name].__doc__ or ""
    assert len(doc.strip().splitlines()[0]) > 15
    found = re.search(r"^\s*Example: `([^`]+)`$", doc, re.MULTILINE)
    assert found, "there is no line Example: `…`"
    assert re.search(rf"\| {name}[(\[]", found[1])
    schedule = lrdsl.compile(found[1], **CONTEXT)
    assert np.isfinite(schedule.values(1100)).all()
    assert str(lrdsl.parse(found[1])) == found[1], "the example is not in canonical form"


@pytest.mark.parametrize("name", sorted(MODIFIERS))
def test_a_modifier_stands_only_after_a_bar(name: str) -> None:
    cls = MODIFIERS[name]
    call = f"{name}[5:1]" if cls.bracket else f"{name}(5)"
    for text in (call, f"hold(5) >> {call}", f"2 * {call}"):
        with pytest.raises(SpecError, match=r"LR203.*modifier"):
            lrdsl.compile(text, **CONTEXT)
    with pytest.raises(SpecError, match=r"LR20[23].*modifier"):
        lrdsl.compile(name, **CONTEXT)
    with pytest.raises(SpecError, match=r"LR202.*modifier"):
        lrdsl.compile(f"hold(5) | {name}", **CONTEXT)
    other = f"{name}(5)" if cls.bracket else f"{name}[5:1]"
    with pytest.raises(SpecError, match="brackets"):
        lrdsl.compile(f"hold(5) | {other}", **CONTEXT)


@pytest.mark.parametrize(
    "neutral",
    [
        "clip(_, _)",
        "clip()",
        "repeat(1)",
        "take(1e9)",
        "stretch(1)",
        "every(1)",
        "interval[0:*1]",
        "interval[0..1:prev]",
        "interval[5:*1, 7..9:*1]",
    ],
)
@pytest.mark.parametrize(
    "source",
    [
        "cosine(1, 1e-3, 70)",
        "warmup(9) >> linear(1, 0, 41)",
        "points[0:1, 50:3]",
        "step(1, .5, 9) | take(60)",
    ],
)
def test_what_changes_nothing_changes_nothing(source: str, neutral: str) -> None:
    plain = lrdsl.compile(source, base_lr=1.0).values(100)
    under = lrdsl.compile(f"({source}) | {neutral}", base_lr=1.0).values(100)
    assert under.tolist() == plain.tolist()


@pytest.mark.parametrize(
    ("text", "match"),
    [
        pytest.param("clip(3, 2)", "above", id="clip the wrong way round"),
        pytest.param("clip(5%, 2)", "duration", id="clip by a duration"),
        pytest.param("clip(0, 1, 2)", "at most 2", id="clip with three"),
        pytest.param("repeat(-1)", "at least 0", id="repeat -1"),
        pytest.param("repeat(1.5)", "whole number", id="repeat 1.5"),
        pytest.param("repeat(stretch=0)", "above 0", id="stretch 0"),
        pytest.param("repeat(stretch=-2)", "above 0", id="stretch negative"),
        pytest.param("repeat(stretch=0.5)", "times", id="shorter for ever"),
        pytest.param("repeat(scale=-1)", "at least 0", id="scale negative"),
        pytest.param("repeat(times=2, 3)", "without a name", id="position after name"),
        pytest.param("take(-5)", "at least 0", id="take -5"),
        pytest.param("take()", "needs `n`", id="take nothing"),
        pytest.param("take(0.5)", "whole number", id="take half an update"),
        pytest.param("skip(-1)", "at least|above", id="skip -1"),
        pytest.param("stretch(0)", "above 0", id="stretch by 0"),
        pytest.param("stretch(-1)", "above 0", id="stretch by -1"),
        pytest.param("stretch(2ep)", "steps_per_epoch", id="stretch to epochs without their size"),
        pytest.param("every(0)", "at least 1", id="every 0"),
        pytest.param("every(-3)", "at least 1", id="every -3"),
        pytest.param("every(1ep)", "steps_per_epoch", id="every epoch without its size"),
        pytest.param("interval[5:1, 4:2]", "increase", id="an entry before another one"),
        pytest.param("interval[9:1, 6:2]", "order", id="entries out of order"),
        pytest.param("interval[9..4:1]", "range", id="range the wrong way round"),
        pytest.param("interval[-1:1]", "before update 0", id="entry before the start"),
        pytest.param("interval[5%:1]", "total_steps", id="share without the run"),
        pytest.param("interval[5:peek]", "peek", id="unbound in an entry"),
        pytest.param("interval[5:cosin(1, 0, 5)]", "cosine", id="unknown in an entry"),
        pytest.param("interval[]", "entry", id="no entries"),
        pytest.param("interval[5]", "600", id="an entry without a value"),
        pytest.param("cumulative(2)", "no arguments", id="cumulative takes nothing"),
        pytest.param("clipp(0, 1)", "clip", id="unknown modifier"),
        pytest.param("0.5", "modifier", id="a number after the bar"),
    ],
)
def test_impossible_modifiers(text: str, match: str) -> None:
    with pytest.raises(SpecError, match=match):
        lrdsl.compile(f"linear(1, 0, 50) | {text}")


CUMULATED = [
    pytest.param("0.999 + 0.001 * cos(t)", id="formula"),
    pytest.param("linear(1.001, 0.999, 9000)", id="shape"),
    pytest.param("linear(0.99, 1, 1) | repeat()", id="rounds of one update"),
    pytest.param("sgdr(0.25, period=14, shrink=1e-4)", id="of rounds that fall"),
    pytest.param("(linear(0.9, 1.1, 7) | repeat())", id="repeat"),
    pytest.param("0.999", id="number"),
]


@pytest.mark.parametrize("source", CUMULATED)
def test_cumulative_multiplies_the_values_before(source: str) -> None:
    schedule = lrdsl.compile(f"{source} | cumulative()")
    plain = lrdsl.compile(source)
    count = int(min(plain.length, 3 * BLOCK)) + 1
    factors = plain.values(count)
    factors[0] = 1.0
    np.testing.assert_allclose(schedule.values(count), np.cumprod(factors), rtol=1e-12)
    assert schedule.length == np.inf


@pytest.mark.parametrize("source", CUMULATED)
@given(st.lists(st.integers(0, 3 * BLOCK + 5), min_size=1, max_size=20))
def test_cumulative_is_a_function_of_the_step_alone(source: str, steps: list[int]) -> None:
    """Whatever was asked before, the same step gives the same bits."""
    steps += [BLOCK - 1, BLOCK, BLOCK + 1]
    text = f"{source} | cumulative()"
    whole = lrdsl.compile(text).values(3 * BLOCK + 6)
    fresh = lrdsl.compile(text)
    assert [fresh(step) for step in steps] == whole[steps].tolist()
    assert fresh(steps).tolist() == whole[steps].tolist()


def test_cumulative_never_ends_and_goes_on_in_a_chain_where_it_is_cut() -> None:
    schedule = lrdsl.compile("(constant(0.5, 3) | cumulative() | take(3)) >> linear(prev, 0, 10)")
    assert schedule([0, 1, 2, 3, 8]).tolist() == [1, 0.5, 0.25, 0.125, 0.0625]
    going_on = lrdsl.compile("constant(0.5, 3) | cumulative()")
    assert going_on([3, 5]).tolist() == [0.125, 0.03125]
    with pytest.raises(SpecError, match=r"LR403.*never ends"):
        lrdsl.compile("(constant(0.5, 3) | cumulative()) >> linear(prev, 0, 10)")


def test_cumulative_of_one_value_is_a_power() -> None:
    schedule = lrdsl.compile("(1 - 1e-10) | cumulative()")
    assert schedule(10**10) == pytest.approx((1 - 1e-10) ** 10**10, rel=1e-14)


def test_cumulative_multiplies_only_so_many() -> None:
    schedule = lrdsl.compile("1 - 1 / (t + 2) ** 2 | cumulative()")
    with pytest.raises(SpecError, match=r"100,000,001 values one by one(.|\n)*take"):
        schedule(10**8 + 1)


def test_cumulative_may_be_asked_by_many_threads() -> None:
    text = "1 - 1e-6 * cos(t) | cumulative()"
    schedule, expected = lrdsl.compile(text), lrdsl.compile(text).values(20 * BLOCK)
    found: list[float] = []
    steps = [(i + 1) * BLOCK + 7 for i in range(18, 10, -1)]
    threads = [threading.Thread(target=lambda t=t: found.append(schedule(t))) for t in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(expected[steps].tolist())


def test_rounds_that_are_shorter_than_an_update_have_segments_all_the_same() -> None:
    text = "min(constant(1, total / 30) | repeat(3, scale=0.5, about=1) | repeat(2, stretch=2), 1)"
    segments = lrdsl.compile(f"{text} >> cosine(_, 0)", total_steps=2).segments
    assert [(segment.start, segment.stop) for segment in segments] == [(0, 1), (1, 2)]
