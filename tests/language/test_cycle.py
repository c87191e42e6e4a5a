"""`cycle`, the number of the round of the innermost `repeat`."""

from __future__ import annotations

import numpy as np
import pytest

import lrdsl

DEFINITIONS = """
def twice(x) = x | repeat(2)
def again(x) = twice(x)
def fading(x, weight=0.5**cycle) = x * weight | repeat(3)
def held(x) = x >> hold(1)
def rounds(n) = | repeat(n)
"""


@pytest.mark.parametrize(
    ("spec", "chain"),
    [
        pytest.param("(X * cycle) | repeat(3)", "(X * 0) >> (X * 1) >> (X * 2)", id="factor"),
        pytest.param("cycle | take(2) | repeat(2)", "(0 | take(2)) >> (1 | take(2))", id="alone"),
        pytest.param("max(cycle, 1) + X | repeat(2)", "(1 + X) >> (1 + X)", id="in a function"),
        pytest.param(
            "X | interval[2:*cycle] | repeat(2)",
            "(X | interval[2:*0]) >> (X | interval[2:*1])",
            id="in an entry",
        ),
        pytest.param(
            "(X * 2**cycle | repeat(2)) + cycle | repeat(2)",
            "((X >> X * 2) + 0) >> ((X >> X * 2) + 1)",
            id="each repeat has its own",
        ),
        pytest.param(
            "(X + cycle >> linear(_, 0, 2)) | repeat(2)",
            "X >> linear(0, 0, 2) >> (X + 1) >> linear(1, 0, 2)",
            id="what leans on it",
        ),
        pytest.param("twice(X * cycle) | repeat(2)", "twice(X * 0) >> twice(X)", id="argument"),
        pytest.param("again(X * cycle) | repeat(2)", "twice(X * 0) >> twice(X)", id="passed on"),
        pytest.param("held(X * cycle) | repeat(2)", "held(X * 0) >> held(X)", id="defined"),
        pytest.param("fading(X)", "X >> 0.5 * X >> 0.25 * X", id="of the body"),
        pytest.param(
            "fading(X, 2**cycle) | repeat(2)", "(X | repeat(3)) >> (2 * X | repeat(3))", id="given"
        ),
        pytest.param("X * cycle | rounds(2)", "X * 0 >> X", id="a modifier that repeats"),
        pytest.param("X * (1 - cycle) | repeat(periods=[4, 2])", "X >> 0 * hold(2)", id="periods"),
        pytest.param("(hold(0) + cycle) | repeat(3)", "constant(2.1, 0)", id="rounds of no update"),
    ],
)
def test_each_copy_has_its_number(spec: str, chain: str) -> None:
    found, written = [
        lrdsl.compile(text.replace("X", "linear(1, 0, 4)"), base_lr=0.1, definitions=DEFINITIONS)
        for text in (spec, chain)
    ]
    assert found.length == written.length
    np.testing.assert_array_equal(found.values(40), written.values(40))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("X * cycle", r"LR203.*nothing is repeated here(.|\n)*`cosine.*cycle \| repeat\(\)`"),
        ("X | repeat(2) | interval[2:*cycle]", "LR203.*nothing is repeated here"),
        ("(X | repeat(2)) * cycle", "LR203.*nothing is repeated here"),
        ("twice(X * cycle)", "LR203.*nothing is repeated here"),
        ("fading(X, cycle)", "LR203.*nothing is repeated here"),
        ("linear(1, cycle, 4) | repeat(2)", "LR209.*`cycle` changes, and `end` of `linear`"),
        ("linear(1, 0, 4 + cycle) | repeat(2)", "LR209.*`cycle` is a value, and `steps`"),
        ("X | clip(0, cycle) | repeat(2)", "LR209.*`cycle` changes, and `high` of `clip`"),
        ("X | take(cycle) | repeat(2)", "LR209.*`cycle` is a value, and `n` of `take`"),
        ("X | repeat(cycle)", "LR209.*`cycle` changes, and `times` of `repeat`"),
        ("X | repeat(periods=[cycle])", "LR209.*`cycle` is a value, and `periods`"),
        ("X * (1 if cycle > 0 else 2) | repeat(2)", "LR209.*`cycle` changes, and a condition"),
        ("X * log(cycle - 1) | repeat(3)", "LR504"),
    ],
)
def test_where_no_cycle_is(spec: str, message: str) -> None:
    with pytest.raises(lrdsl.SpecError, match=message):
        lrdsl.compile(spec.replace("X", "linear(1, 0, 4)"), definitions=DEFINITIONS)


@pytest.mark.parametrize("body", ["x * cycle", "| interval[0:*cycle]", "x >> cycle * hold(1)"])
def test_a_definition_sees_its_own_repeats_alone(body: str) -> None:
    head = "def own() =" if body.startswith("|") else "def own(x) ="
    with pytest.raises(lrdsl.SpecError, match=r"LR203.*nothing is repeated here"):
        lrdsl.compile("1", definitions=f"{head} {body}")


def test_no_variable_is_called_cycle() -> None:
    with pytest.raises(lrdsl.SpecError, match=r"LR303.*`cycle`: it has a meaning"):
        lrdsl.compile("linear(1, 0, 4)", cycle=3)


def test_a_fault_in_a_later_round_is_told() -> None:
    schedule = lrdsl.compile("linear(1, 0, 4) * (1 / (3 - cycle)) | repeat()")
    assert schedule(8) == 1
    with pytest.raises(lrdsl.SpecError, match=r"LR501.*division by zero"):
        schedule(12)


def test_far_rounds_are_found_at_once() -> None:
    schedule = lrdsl.compile("hold(1ep) + cycle | repeat()", base_lr=0, steps_per_epoch=10.5)
    assert [schedule(t) for t in (10, 11, 10**12)] == [0, 1, 95_238_095_238]


def test_builder_and_formatter() -> None:
    from lrdsl.build import cosine, cycle, repeat

    built = cosine(1, 0, 10) * 0.5**cycle | repeat(3)
    assert str(built) == lrdsl.format("cosine(1,0,10)*0.5**cycle|repeat(3)")
    assert lrdsl.compile(built)(10) == 0.5
