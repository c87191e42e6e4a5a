"""Arithmetic over numbers in what definitions stand for comes to whole numbers where it can."""

from __future__ import annotations

import pytest

import lrdsl
from lrdsl.compiler.expand import folded
from lrdsl.syntax.parser import parse_tree
from lrdsl.syntax.unparse import unparse


@pytest.mark.parametrize(
    ("text", "result"),
    [
        pytest.param("0.3 * 1000 - 1", "299", id="whole"),
        pytest.param("1 - 5", "-4", id="negative"),
        pytest.param("max(0, floor(2.5) + 1)", "3", id="functions"),
        pytest.param("2 ** 10", "1024", id="a power"),
        pytest.param("5 * 0.5", "5 * 0.5", id="a fraction stays: it may be a duration"),
        pytest.param("0.1 * 3 * 10", "0.1 * 3 * 10", id="floats that round stay"),
        pytest.param("50% - 1", "50% - 1", id="units stay"),
        pytest.param("peak + 1", "peak + 1", id="variables stay"),
        pytest.param("1 / 0", "1 / 0", id="mistakes stay"),
        pytest.param("10 ** 20", "10 ** 20", id="what floats cannot count stays"),
        pytest.param("t + 1", "t + 1", id="formulas stay"),
    ],
)
def test_folded(text: str, result: str) -> None:
    assert unparse(folded(parse_tree(text))) == result


def test_the_specs_own_text_stays_as_it_is() -> None:
    schedule = lrdsl.compile("linear(1, 0, 5 * 20)")
    assert str(schedule.spec) == "linear(1, 0, 5 * 20)"
    assert [segment.description for segment in schedule.segments] == ["linear(1, 0, 5 * 20)"]


def test_a_fraction_of_an_update_may_still_be_calculated() -> None:
    text = "def half(n) = linear(1, 0, n / 2)"
    assert lrdsl.compile("half(5)", definitions=text).length == 3
