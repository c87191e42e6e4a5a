"""Past its length a schedule holds; what has a say in lengths, and what has none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given

import lrdsl
from lrdsl.compiler.context import Context
from lrdsl.schedule.compile import compile_in
from tests.support import strategies
from tests.support.reference import RUN

LENGTHS = [
    pytest.param("linear(1, 0.5, 10) * 2", 10, {10: 1, 99: 1}, id="a number"),
    pytest.param("linear(1, 0.5, 10) * (2 | clip(0, 1))", 10, {10: 0.5, 99: 0.5}, id="clip"),
    pytest.param("linear(1, 0.5, 10) * (2 | every(7))", 10, {10: 1, 99: 1}, id="every"),
    pytest.param("linear(1, 0.5, 10) * (2 | plateau())", 10, {10: 1, 99: 1}, id="plateau"),
    pytest.param("linear(1, 0.5, 10) * (2 | newbob())", 10, {10: 1, 99: 1}, id="newbob"),
    pytest.param("linear(1, 0.5, 10) * (2 | anchor())", 10, {10: 1, 99: 1}, id="anchor"),
    pytest.param(
        "linear(1, 0.5, 10) * (1 | interval[30:*2])", 30, {10: 0.5, 29: 0.5, 30: 1}, id="interval"
    ),
    pytest.param(
        "linear(1, 0.5, 10) * (1 | interval[20..30:*2])", 30, {20: 1, 30: 0.5}, id="a range"
    ),
    pytest.param(
        "linear(1, 0.5, 10) * (1 | interval[20:linear(1, 3, 20)])",
        40,
        {20: 0.5, 40: 1.5},
        id="its own",
    ),
    pytest.param(
        "linear(1, 0.5, 10) * (1 | interval[20..30:linear(1, 3, 20)])", 30, {30: 0.5}, id="cut"
    ),
    pytest.param(
        "linear(1, 0.5, 10) * (1 | interval[20:step(1, 0.5, 9)])",
        math.inf,
        {29: 0.25},
        id="endless",
    ),
    pytest.param(
        "linear(1, 0.5, 10) * (2 * (1 | interval[30:*2]) + 1)", 30, {29: 1.5, 30: 2.5}, id="inside"
    ),
    pytest.param(
        "linear(1, 0.5, 10) * (1 | interval[30:*2] | clip(0, 9))", 30, {30: 1}, id="then clip"
    ),
    pytest.param(
        "linear(1, 0.5, 10) * (1 | interval[30:*2] | skip(5))", 25, {24: 0.5, 25: 1}, id="skip"
    ),
    pytest.param(
        "linear(1, 0.5, 10) * (1 | interval[30:*2] | stretch(2))",
        60,
        {59: 0.5, 60: 1},
        id="stretch",
    ),
    pytest.param("linear(1, 0.5, 10) * (1 | take(25))", 25, {25: 0.5}, id="take"),
    pytest.param(
        "linear(1, 0.5, 10) * (0.5 | cumulative())", math.inf, {12: 2**-13}, id="cumulative"
    ),
    pytest.param("constant(0.5, 3) | cumulative()", math.inf, {3: 0.125, 5: 2**-5}, id="of a part"),
    pytest.param("0.5 | cumulative() | take(3)", 3, {3: 0.125, 5: 0.125}, id="cumulative, cut"),
    pytest.param("1 | interval[6:*0.5]", math.inf, {6: 0.5}, id="an interval alone"),
    pytest.param("2 * (1 | interval[6:*0.5])", math.inf, {6: 1}, id="only numbers"),
    pytest.param(
        "linear(1, 0.5, 10) | interval[5:*(1 | interval[20:*3])]",
        25,
        {24: 0.5, 25: 1.5},
        id="in an entry",
    ),
    pytest.param(
        "(linear(1, 0.5, 9) * (1 | interval[20:*2])) >> hold(5)", 25, {20: 1}, id="in a chain"
    ),
    pytest.param("linear(1, 0.5, 10) | skip(50)", 0, {0: 0.5, 9: 0.5}, id="skip of everything"),
    pytest.param(
        "torch.MultiplicativeLR(linear(1, 0.5, 2))", math.inf, {2: 0.0375, 4: 0.009375}, id="torch"
    ),
]


@pytest.mark.parametrize(("spec", "length", "expected"), LENGTHS)
def test_lengths(spec: str, length: float, expected: dict[int, float]) -> None:
    schedule = lrdsl.compile(spec, **RUN)
    assert schedule.length == length
    assert {t: schedule(t) for t in expected} == pytest.approx(expected, rel=1e-14)
    if math.isfinite(length):
        assert len(set(schedule(np.arange(int(length), int(length) + 100)).tolist())) == 1


def test_a_metric_past_the_length_changes_nothing() -> None:
    schedule = lrdsl.compile("linear(1, 0.5, 10) * (1 | plateau(0.5, patience=0))")
    after = schedule.observe(3, 1.0).observe(5, 1.0).observe(15, 1.0).observe(20, 1.0)
    assert [after(t) for t in (4, 5, 10, 15, 16, 99)] == [0.8, 0.375, 0.25, 0.25, 0.25, 0.25]


@pytest.mark.parametrize(
    ("spec", "length", "expected"),
    [
        pytest.param("linear(1, 2, 10) * lr", 10, {5: 1.425, 10: 1.8, 50: 1.8}, id="a factor"),
        pytest.param("linear(1, 2, 10) + lr", 10, {10: 2.9, 50: 2.9}, id="a term"),
        pytest.param(
            "linear(1, 2, 10) | interval[5:lr]", 10, {5: 0.95, 10: 0.9, 50: 0.9}, id="entry"
        ),
        pytest.param("linear(1, 2, 10) | interval[5:*lr]", 10, {10: 1.8, 50: 1.8}, id="its factor"),
        pytest.param("0.1 * lr", math.inf, {50: 0.05}, id="alone"),
        pytest.param("max(linear(1, 0, 10), lr)", 10, {10: 0.9, 50: 0.9}, id="in a function"),
    ],
)
def test_another_schedule_has_no_say(spec: str, length: float, expected: dict[int, float]) -> None:
    lr = lrdsl.compile("linear(1, 0, 100)")
    schedule = compile_in(spec, Context.of(base_lr=0), {"lr": lr})
    assert schedule.length == length
    assert {t: schedule(t) for t in expected} == pytest.approx(expected, rel=1e-14)


@given(strategies.finite, strategies.finite)
def test_whatever_a_number_does_the_length_ends_it(one: str, other: str) -> None:
    spec = f"({one}) * (1 | interval[7:*({other}), 90..120:*2] | every(5))"
    schedule = lrdsl.compile(spec, **strategies.CONTEXT)
    length = int(schedule.length)
    assert len(set(schedule(np.arange(length, length + 200)).tolist())) == 1
