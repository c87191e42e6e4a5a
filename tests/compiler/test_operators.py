"""The reference on operators: their values, precedence and brackets."""

from __future__ import annotations

import math
from typing import Any

import pytest

import lrdsl
from tests.support.reference import check


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("2 + 3 * 4", 14, id="product before sum"),
        pytest.param("(2 + 3) * 4", 20, id="brackets"),
        pytest.param("10 - 4 - 3", 3, id="minus is left-associative"),
        pytest.param("10 - (4 - 3)", 9, id="minus with brackets"),
        pytest.param("100 / 5 / 4", 5, id="division is left-associative"),
        pytest.param("100 / (5 / 4)", 80, id="division with brackets"),
        pytest.param("2 * 3 / 4", 1.5, id="times and divided"),
        pytest.param("7 // 2", 3, id="floor division"),
        pytest.param("-7 // 2", -4, id="floor division goes down, also below 0"),
        pytest.param("7 // 2 * 3", 9, id="floor division ranks as a product"),
        pytest.param("100 // (9 // 2)", 25, id="floor division with brackets"),
        pytest.param("7.5 // 0.5 / 3", 5, id="floor division of fractions"),
        pytest.param("mod(7, 3)", 1, id="mod"),
        pytest.param("mod(-7, 3)", 2, id="mod is never below 0 for a divisor above 0"),
        pytest.param("mod(7.5, 2)", 1.5, id="mod of a fraction"),
        pytest.param("mix(3, 5, 0.25)", 3.5, id="mix"),
        pytest.param("mix(3, 5, 0) + mix(3, 5, 1)", 8, id="mix at both ends"),
        pytest.param("-2 ** 2", -4, id="power before minus"),
        pytest.param("(-2) ** 2", 4, id="minus in brackets before power"),
        pytest.param("2 ** -1", 0.5, id="minus in an exponent"),
        pytest.param("2 ** 3 ** 2", 512, id="power is right-associative"),
        pytest.param("(2 ** 3) ** 2", 64, id="power with brackets"),
        pytest.param("2 ** -1 ** 2", 0.5, id="power, minus, power"),
        pytest.param("--3", 3, id="minus twice"),
        pytest.param("2 - -3", 5, id="minus a minus"),
        pytest.param("2 * -3", -6, id="times a minus"),
        pytest.param("-2 * 3", -6, id="minus before a product"),
        pytest.param("0 ** 0", 1, id="0 to the 0"),
        pytest.param("sqrt(16)", 4, id="sqrt"),
        pytest.param("exp(0)", 1, id="exp"),
        pytest.param("log(exp(2))", 2, id="log"),
        pytest.param("min(3, 1, 2)", 1, id="min"),
        pytest.param("max(3, 1, 2)", 3, id="max"),
        pytest.param("abs(-3)", 3, id="abs"),
        pytest.param("sin(pi / 2)", 1, id="sin"),
        pytest.param("cos(pi)", -1, id="cos"),
        pytest.param("floor(2.7)", 2, id="floor"),
        pytest.param("floor(0.29 * 100)", 29, id="floor of what is whole but for rounding"),
        pytest.param("ceil(0.07 * 100)", 7, id="ceil of what is whole but for rounding"),
        pytest.param("ceil(2.1)", 3, id="ceil"),
        pytest.param("floor(-2.5) + ceil(-2.5)", -5, id="floor and ceil below 0"),
    ],
)
def test_arithmetic(text: str, value: float) -> None:
    """As a schedule, as an argument, as a factor, and pointwise, arithmetic is the same."""
    check(text, {0: value})
    check(f"constant({text}, 5)", {0: value, 9: value})
    check(f"({text}) * linear(1, 1, 5)", {0: value})
    check(text.replace("3", "linear(3, 3, 5)"), {0: value, 3: value})


@pytest.mark.parametrize(
    ("text", "expected", "length"),
    [
        pytest.param(
            "linear(1, 0, 4) + linear(0, 10, 8)",
            {0: 1, 2: 3, 4: 5, 6: 7.5, 8: 10, 9: 10},
            8,
            id="sum",
        ),
        pytest.param(
            "linear(1, 0, 4) - constant(0.5, 2)", {0: 0.5, 1: 0.25, 4: -0.5}, 4, id="minus"
        ),
        pytest.param(
            "linear(2, 0, 4) * linear(1, 3, 2)", {0: 2, 1: 3, 2: 3, 3: 1.5}, 4, id="product"
        ),
        pytest.param("linear(2, 4, 2) / linear(1, 2, 2)", {0: 2, 1: 2, 2: 2}, 2, id="quotient"),
        pytest.param("-linear(1, 0, 4)", {0: -1, 1: -0.75, 4: 0}, 4, id="minus sign"),
        pytest.param("linear(3, 1, 2) ** 2", {0: 9, 1: 4, 2: 1}, 2, id="power"),
        pytest.param("2 ** linear(0, 4, 4)", {0: 1, 3: 8, 4: 16}, 4, id="schedule in the exponent"),
        pytest.param(
            "max(linear(1, 0, 100), 0.25)", {0: 1, 50: 0.5, 75: 0.25, 90: 0.25}, 100, id="max"
        ),
        pytest.param(
            "min(linear(0, 1, 10), linear(1, 0, 10), 0.4)",
            {0: 0, 3: 0.3, 5: 0.4, 9: 0.1},
            10,
            id="min of three",
        ),
        pytest.param("sqrt(linear(4, 0, 4))", {0: 2, 3: 1, 4: 0}, 4, id="sqrt"),
        pytest.param("exp(linear(0, 1, 2))", {0: 1, 1: math.exp(0.5), 2: math.e}, 2, id="exp"),
        pytest.param("abs(linear(-1, 1, 4))", {0: 1, 1: 0.5, 2: 0}, 4, id="abs"),
        pytest.param("floor(linear(0, 4, 8))", {0: 0, 1: 0, 2: 1, 3: 1, 7: 3, 8: 4}, 8, id="floor"),
        pytest.param("0.1", {0: 0.1, 10**9: 0.1}, math.inf, id="a number"),
        pytest.param("2 * linear(1, 0, 4)", {0: 2, 4: 0}, 4, id="a number has no length"),
        pytest.param("step(1, 0.5, 10) + linear(1, 0, 4)", {0: 2, 10: 0.5}, math.inf, id="endless"),
    ],
)
def test_pointwise(text: str, expected: dict[int, float], length: float) -> None:
    check(text, expected)
    assert lrdsl.compile(text).length == length


@pytest.mark.parametrize(
    ("loose", "tight"),
    [
        pytest.param(
            "hold(1) >> hold(2) | clip(0, 1)", "(hold(1) >> hold(2)) | clip(0, 1)", id="| >>"
        ),
        pytest.param("hold(1) >> hold(2) + hold(3)", "hold(1) >> (hold(2) + hold(3))", id=">> +"),
        pytest.param("1 + 2 | clip(0, 1)", "(1 + 2) | clip(0, 1)", id="| +"),
        pytest.param("1 + 2 * 3", "1 + (2 * 3)", id="+ *"),
        pytest.param("1 - 2 / 3", "1 - (2 / 3)", id="- /"),
        pytest.param("-1 * 2", "(-1) * 2", id="* minus"),
        pytest.param("-a ** k", "-(a ** k)", id="minus **"),
        pytest.param("2 ** -1", "2 ** (-1)", id="** minus"),
        pytest.param("a ** b ** c", "a ** (b ** c)", id="** to the right"),
        pytest.param("a >> b >> c", "(a >> b) >> c", id=">> to the left"),
        pytest.param("a - b + c", "(a - b) + c", id="- to the left"),
        pytest.param("a / b * c", "(a / b) * c", id="/ to the left"),
        pytest.param("a | b() | c()", "(a | b()) | c()", id="| to the left"),
        pytest.param("a + b >> c - d", "(a + b) >> (c - d)", id="sums in a chain"),
    ],
)
def test_precedence(loose: str, tight: str) -> None:
    assert lrdsl.parse(loose) == lrdsl.parse(tight)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("a - b - c", "a - (b - c)", id="-"),
        pytest.param("a / b / c", "a / (b / c)", id="/"),
        pytest.param("a ** b ** c", "(a ** b) ** c", id="**"),
        pytest.param("-a ** k", "(-a) ** k", id="minus **"),
        pytest.param("a >> b | c()", "a >> (b | c())", id=">> |"),
        pytest.param("a + b >> c", "a + (b >> c)", id="+ >>"),
    ],
)
def test_brackets_that_change_the_meaning_are_kept(one: str, other: str) -> None:
    assert lrdsl.parse(one) != lrdsl.parse(other)
    assert lrdsl.parse(str(lrdsl.parse(other))) == lrdsl.parse(other)


@pytest.mark.parametrize(
    ("python", "text"),
    [
        pytest.param(
            lambda a, b: a >> b | "clip(0, 1)", "{a} >> {b} | clip(0, 1)", id="chain, pipe"
        ),
        pytest.param(lambda a, b: -(a**2), "-{a} ** 2", id="minus power"),
        pytest.param(lambda a, b: 2 * a - b / 4, "2 * {a} - {b} / 4", id="product, sum"),
        pytest.param(lambda a, b: 1 - a >> 2 + b, "1 - {a} >> 2 + {b}", id="sums, chain"),
        pytest.param(lambda a, b: (a >> b) * 0.5, "({a} >> {b}) * 0.5", id="brackets"),
    ],
)
def test_python_groups_as_the_text_does(python: Any, text: str) -> None:
    a, b = "cosine(1, 0, 5)", "linear(0, 1, 5)"
    assert python(lrdsl.parse(a), lrdsl.parse(b)) == lrdsl.parse(text.format(a=a, b=b))
