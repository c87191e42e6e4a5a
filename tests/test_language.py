"""The reference, sentence by sentence: what each token, operator, rule and modifier means."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from counting import bounded

import lrdsl
from lrdsl import SpecError
from lrdsl.schedule.schedule import Segment

RUN: dict[str, Any] = {"total_steps": 1000, "steps_per_epoch": 50, "base_lr": 0.1}


def check(text: str, expected: dict[int, float], **context: Any) -> None:
    """Every expected value, to within rounding of the arithmetic that a reader would do."""
    schedule = lrdsl.compile(text, **context)
    found = {t: schedule(t) for t in expected}
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-15)


def exactly(text: str, expected: dict[int, float], **context: Any) -> None:
    schedule = lrdsl.compile(text, **context)
    assert {t: schedule(t) for t in expected} == expected


def codes(error: SpecError) -> list[str]:
    return [diagnostic.code for diagnostic in error.diagnostics]


# --- what a schedule is ---------------------------------------------------------------------------


def test_headline() -> None:
    schedule = lrdsl.compile("warmup(linear,100) >> cosine(1,1e-3,800) | interval[600:*0.5]")
    assert schedule(0) == 0.0
    assert schedule(50) == 0.5
    assert schedule(100) == 1.0
    at_600 = 0.5 * (1e-3 + 0.999 * (1 + math.cos(math.pi * 500 / 800)) / 2)
    assert schedule(600) == pytest.approx(at_600, rel=1e-15)
    before = 1e-3 + 0.999 * (1 + math.cos(math.pi * 499 / 800)) / 2
    assert schedule(599) == pytest.approx(before, rel=1e-15)
    assert [schedule(t) for t in (900, 901, 10**6, 10**12)] == [0.0005] * 4
    assert schedule.length == 900
    assert isinstance(schedule.length, int)


# --- §2 tokens ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("1", 1.0, id="integer"),
        pytest.param("0.5", 0.5, id="decimal"),
        pytest.param(".5", 0.5, id="no leading digit"),
        pytest.param("1e-3", 1e-3, id="exponent"),
        pytest.param("1E+3", 1e3, id="capital exponent"),
        pytest.param("1_000", 1000.0, id="underscore"),
        pytest.param("1_0.2_5", 10.25, id="underscores around the point"),
        pytest.param("10k", 1e4, id="kilo"),
        pytest.param("2M", 2e6, id="mega"),
        pytest.param("1B", 1e9, id="giga"),
        pytest.param("1.5k", 1500.0, id="decimal kilo"),
        pytest.param("0.1k", 100.0, id="decimal kilo is exact"),
        pytest.param("1e-3k", 1.0, id="exponent and kilo"),
        pytest.param("1e-400", 0.0, id="too small is 0"),
        pytest.param("1e-000000001", 0.1, id="zeros in an exponent"),
        pytest.param("pi", math.pi, id="pi"),
    ],
)
def test_numbers(text: str, value: float) -> None:
    exactly(text, {0: value, 10**12: value})


UNITS = {
    "total_steps": 1000,
    "steps_per_epoch": 50,
    "samples_per_step": 8,
    "tokens_per_step": 4096,
}


@pytest.mark.parametrize(
    ("duration", "updates"),
    [
        pytest.param("300", 300, id="updates"),
        pytest.param("300ba", 300, id="ba"),
        pytest.param("2k", 2000, id="k"),
        pytest.param("2kba", 2000, id="kba"),
        pytest.param("2ep", 100, id="ep"),
        pytest.param("0.5ep", 25, id="half an epoch"),
        pytest.param("0.03ep", 2, id="1.5 updates round up"),
        pytest.param("5%", 50, id="percent"),
        pytest.param("0.05dur", 50, id="dur"),
        pytest.param("150%", 1500, id="more than the run"),
        pytest.param("800sp", 100, id="sp"),
        pytest.param("8ksp", 1000, id="ksp"),
        pytest.param("1Msp", 125000, id="Msp"),
        pytest.param("40960tok", 10, id="tok"),
        pytest.param("4.096Mtok", 1000, id="Mtok"),
        pytest.param("2Btok", 488281, id="Btok rounds down"),
        pytest.param("1e2", 100, id="exponent"),
        pytest.param("100.0", 100, id="integral float"),
    ],
)
def test_units(duration: str, updates: int) -> None:
    schedule = lrdsl.compile(f"constant(1, {duration})", **UNITS)
    assert schedule.length == updates


@pytest.mark.parametrize(
    ("duration", "needs"),
    [
        pytest.param("5%", "total_steps", id="percent"),
        pytest.param("0.5dur", "total_steps", id="dur"),
        pytest.param("total", "total_steps", id="total"),
        pytest.param("rest", "total_steps", id="rest"),
        pytest.param("1ep", "steps_per_epoch", id="ep"),
        pytest.param("epoch", "steps_per_epoch", id="epoch"),
        pytest.param("10sp", "samples_per_step", id="sp"),
        pytest.param("10tok", "tokens_per_step", id="tok"),
    ],
)
def test_a_unit_names_the_context_it_needs(duration: str, needs: str) -> None:
    with pytest.raises(SpecError, match=rf"LR302.*needs {needs}"):
        lrdsl.compile(f"linear(1, 0, {duration})")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("linear(1,0,10)", id="no spaces"),
        pytest.param("  linear ( 1 , 0 , 10 )  ", id="many spaces"),
        pytest.param("linear(\n  1,\n\t0,\r\n  10\n)", id="newlines and tabs"),
        pytest.param("linear(1, 0, 10)  # the end", id="comment at the end"),
        pytest.param("# first\nlinear(1, # ) ] \n0, 10)# last", id="comments anywhere"),
        pytest.param("((linear(((1)), (0), 10)))", id="needless brackets"),
        pytest.param("linear(start=1, end=0, steps=10)", id="by name"),
        pytest.param("linear(steps=10, end=0, start=1)", id="by name in another order"),
        pytest.param("linear(1, steps=10, end=0)", id="position, then names"),
        pytest.param("linear(1.0, 0.0, 1e1)", id="another notation"),
        pytest.param("linear(1, _, 10)", id="underscore for a default"),
        pytest.param("ramp(linear, 1, 0, 10)", id="ramp"),
        pytest.param("ramp('linear', 1, 0, 10)", id="mode in quotes"),
        pytest.param('ramp("linear", 1, 0, 10)', id="mode in double quotes"),
        pytest.param("linear(1, 0, 10, closed=false)", id="default written out"),
        pytest.param("points[0:1, 10:0]", id="points"),
    ],
)
def test_ways_to_write_a_line(text: str) -> None:
    schedule = lrdsl.compile(text)
    assert schedule.length == 10
    assert schedule.values(12).tolist() == pytest.approx(
        [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0, 0]
    )


def test_literals() -> None:
    exactly("linear(1, 0, 11, closed=true)", {0: 1.0, 5: 0.5, 10: 0.0})
    assert lrdsl.compile("linear(1, 0, 10) | repeat(inf)").length == math.inf


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("cosine(1, 1e-3, 800) | interval[ 600 : * 0.5 ]", id="interval"),
        pytest.param("a # b: c", id="comment"),
        pytest.param("points[ 0 : 0 , 100 : 1 ]", id="points"),
        pytest.param("ramp('sqrt', 1, 0, 3)", id="quotes"),
    ],
)
def test_canonical_text_survives_as_a_plain_yaml_scalar(text: str) -> None:
    canonical = str(lrdsl.parse(text))
    assert ": " not in canonical
    assert " #" not in canonical


# --- §3 operators ---------------------------------------------------------------------------------


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


# --- §3 and §4 chains -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "linear(1, 0, 4) >> constant(7, 2) >> linear(5, 3, 4)",
            {0: 1, 3: 0.25, 4: 7, 5: 7, 6: 5, 8: 4, 9: 3.5, 10: 3, 11: 3, 10**12: 3},
            id="the boundary belongs to the right-hand side",
        ),
        pytest.param(
            "linear(1, 0, 5, closed=true) >> constant(7, 2)",
            {0: 1, 1: 0.75, 4: 0, 5: 7},
            id="closed reaches its end on its last update",
        ),
        pytest.param(
            "linear(1, 0, 1, closed=true) >> constant(7, 2)", {0: 0, 1: 7}, id="closed, 1"
        ),
        pytest.param(
            "warmup(5, end=1, closed=true) >> cosine(2, 0, 4)",
            {0: 0, 4: 1, 5: 2},
            id="closed warmup",
        ),
        pytest.param(
            "linear(1, 0.5, 4) >> linear(_, 0, 4)", {4: 0.5, 6: 0.25, 8: 0}, id="start is prev"
        ),
        pytest.param(
            "linear(1, 0.5, 4) >> linear(end=1, steps=5)",
            {4: 0.5, 9: 1},
            id="start left out is prev",
        ),
        pytest.param("linear(end=0, steps=10)", {0: 0.1, 5: 0.05, 10: 0}, id="first start is base"),
        pytest.param("cosine()", {0: 0.1, 500: 0.05, 1000: 0}, id="cosine() from base to 0"),
        pytest.param("linear(1)", {0: 1, 500: 0.5, 1000: 0}, id="end left out is 0"),
        pytest.param(
            "polynomial(1, steps=10)", {0: 1, 5: 0.25, 10: 0}, id="end of polynomial is 0"
        ),
        pytest.param(
            "warmup(100)", {0: 0, 50: 0.05, 100: 0.1, 200: 0.1}, id="warmup alone ends at base"
        ),
        pytest.param(
            "warmup(100) >> cosine(2, 0, 100)",
            {0: 0, 50: 1, 100: 2},
            id="warmup ends where next starts",
        ),
        pytest.param(
            "warmup(linear, 100, start=1) >> constant(3, 5)",
            {0: 1, 50: 2, 100: 3},
            id="warmup start",
        ),
        pytest.param("warmup(cosine, 100, 0, 4)", {0: 0, 50: 2, 100: 4}, id="warmup with a mode"),
        pytest.param(
            "warmup(constant, 10, 0.3) >> constant(1, 5)",
            {0: 0.3, 9: 0.3, 10: 1},
            id="constant warmup stays at its start",
        ),
        pytest.param(
            "warmup(100) >> cosine(_, 0, 800)",
            {50: 0.05, 100: 0.1, 500: 0.05, 900: 0},
            id="leaning on each other they meet at base",
        ),
        pytest.param(
            "warmup(100) >> hold(10) >> cosine(_, 0, 800)",
            {50: 0.05, 100: 0.1, 109: 0.1, 110: 0.1, 510: 0.05},
            id="with a hold in between they meet at base",
        ),
        pytest.param(
            "warmup(100) >> hold(10) >> hold(10) >> cooldown(100)",
            {50: 0.05, 119: 0.1, 170: 0.05, 220: 0},
            id="with two holds too",
        ),
        pytest.param(
            "(warmup(100) | clip(0, 1)) >> (cosine(_, 0, 800) | clip(0, 1))",
            {50: 0.05, 100: 0.1},
            id="under modifiers too",
        ),
        pytest.param(
            "(warmup(100) | clip(0, 9)) >> constant(3, 5)", {50: 1.5}, id="next through a modifier"
        ),
        pytest.param(
            "(constant(0, 5) >> warmup(100)) >> constant(3, 5)",
            {55: 1.5},
            id="next through brackets",
        ),
        pytest.param(
            "constant(0, 5) >> warmup(100) + 0 >> constant(3, 5)",
            {55: 1.5},
            id="next through a sum",
        ),
        pytest.param(
            "constant(4, 5) >> (linear(_, 0, 4) | clip(1, _))",
            {5: 4, 7: 2, 9: 1},
            id="prev through a modifier",
        ),
        pytest.param(
            "constant(4, 5) >> (constant(1, 2) >> linear(prev, 0, 4))",
            {7: 1},
            id="prev inside brackets",
        ),
        pytest.param("linear(1, 0.25, 4) >> hold(5)", {4: 0.25, 8: 0.25}, id="hold keeps prev"),
        pytest.param("hold(5)", {0: 0.1}, id="hold first is base"),
        pytest.param("cooldown(10)", {0: 0.1, 5: 0.05, 10: 0}, id="cooldown first is from base"),
        pytest.param(
            "constant(1, 80) >> cooldown(sqrt, 20)", {80: 1, 85: 0.5, 100: 0}, id="1-sqrt cooldown"
        ),
        pytest.param(
            "constant(1, 80) >> cooldown(20, end=0.5)", {90: 0.75, 100: 0.5}, id="cooldown end"
        ),
        pytest.param(
            "linear(5, 4, 10) >> constant(steps=10)", {10: 0.1}, id="constant is base anywhere"
        ),
        pytest.param(
            "constant(3, 2) >> constant(2 * prev, 2) >> constant(prev + base, 2)",
            {2: 6, 4: 6.1},
            id="prev and base in values",
        ),
        pytest.param("constant(2 * next, 2) >> constant(3, 2)", {0: 6}, id="next in a value"),
        pytest.param("constant(next, 2)", {0: 0.1}, id="next of the last is base"),
        pytest.param("3 * prev", {0: 0.3}, id="prev first is base"),
        pytest.param(
            "constant(2, 300) >> linear(_, 0)",
            {300: 2, 650: 1, 1000: 0},
            id="steps left out is the rest",
        ),
        pytest.param(
            "constant(2, 300) >> linear(_, 1) >> linear(_, 0, 100)",
            {600: 1.5, 900: 1, 950: 0.5, 1000: 0},
            id="the rest in the middle of a chain",
        ),
        pytest.param(
            "constant() >> linear(1, 0, 100)", {0: 0.1, 899: 0.1, 900: 1}, id="the rest comes first"
        ),
        pytest.param(
            "linear(1, 0.5, 20%) >> linear(_, 0, until=50%) >> constant(3, until=total)",
            {200: 0.5, 350: 0.25, 499: 0.5 / 300, 500: 3},
            id="until on the chain's clock",
        ),
        pytest.param(
            "constant(1, 100) >> (constant(2, 50) >> constant(3, until=80) >> constant(4, 1))",
            {149: 2, 150: 3, 179: 3, 180: 4},
            id="until in brackets counts from where they start",
        ),
        pytest.param("cosine(1, 0, until=100)", {0: 1, 50: 0.5, 100: 0}, id="until first"),
    ],
)
def test_chains(text: str, expected: dict[int, float]) -> None:
    check(text, expected, **RUN)


@pytest.mark.parametrize(
    "total", [1, 2, 3, 7, 9, 10, 19, 20, 30, 99, 330, 333, 1001, 12345, 10**9 + 7]
)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("constant(1, 5%) >> linear(1, 0, 95%)", id="5 and 95"),
        pytest.param("constant(1, 0.05dur) >> linear(1, 0, 95%)", id="dur"),
        pytest.param(
            "constant(1, 33.3%) >> constant(2, 33.3%) >> linear(1, 0, 33.4%)", id="thirds"
        ),
        pytest.param(
            " >> ".join(["constant(1, 12.5%)"] * 7 + ["linear(1, 0, 12.5%)"]), id="eighths"
        ),
        pytest.param("constant(1, 5%) >> linear(1, 0)", id="the rest"),
        pytest.param("constant(1, total / 3) >> linear(1, 0, 2 * total / 3)", id="total / 3"),
        pytest.param("(constant(1, 5%) >> constant(1, 5%)) >> linear(1, 0, 90%)", id="brackets"),
        pytest.param("(constant(1, 5%) | clip(0, 1)) >> linear(1, 0, 95%)", id="clip"),
        pytest.param("constant(1, 5%) + 1 >> linear(1, 0, 95%)", id="sum"),
        pytest.param("(1 | take(5%)) >> linear(1, 0, 95%)", id="take"),
        pytest.param("(constant(1, 2.5%) | repeat(2)) >> linear(1, 0, 95%)", id="repeat"),
        pytest.param("(constant(1, 10%) | stretch(0.5)) >> linear(1, 0, 95%)", id="stretch"),
        pytest.param("(constant(1, 10%) | skip(5%)) >> linear(1, 0, 95%)", id="skip"),
    ],
)
def test_shares_always_make_the_whole_run(text: str, total: int) -> None:
    schedule = lrdsl.compile(text, total_steps=total)
    assert schedule.length == total
    assert schedule(total) == 0.0


def test_cumulative_rounding() -> None:
    """Thirds of 100: boundaries at 33.3 and 66.7, so at 33 and 67; a half goes up."""
    thirds = " >> ".join(["constant(1, total / 3)"] * 3)
    assert lrdsl.compile(thirds, total_steps=100).boundaries == (33, 67, 100)
    halves = " >> ".join(["constant(1, 0.5ep)"] * 5)
    assert lrdsl.compile(halves, steps_per_epoch=5).boundaries == (3, 5, 8, 10, 13)


@pytest.mark.parametrize(
    ("duration", "length"),
    [
        pytest.param("50% - 100", 400, id="percent minus updates"),
        pytest.param("total - 2*epoch", 900, id="total minus epochs"),
        pytest.param("rest - 100", 900, id="rest at the start"),
        pytest.param("total / 4", 250, id="total divided"),
        pytest.param("(10% + 1ep) * 2", 300, id="brackets"),
        pytest.param("n", 40, id="variable"),
        pytest.param("2 * n + 1", 81, id="arithmetic over a variable"),
        pytest.param("min(n, 5%)", 40, id="min"),
        pytest.param("max(n, 5%)", 50, id="max"),
        pytest.param("floor(total / 3)", 333, id="floor"),
        pytest.param("ceil(total / 3)", 334, id="ceil"),
        pytest.param("total / 3", 333, id="rounded"),
        pytest.param("2 * total / 3", 667, id="rounded up"),
        pytest.param("-100 + rest", 900, id="negative part"),
        pytest.param("2 ** 5", 32, id="power"),
        pytest.param("sqrt(total * 1000)", 1000, id="sqrt"),
        pytest.param("abs(100 - 50%)", 400, id="abs"),
    ],
)
def test_durations(duration: str, length: int) -> None:
    schedule = lrdsl.compile(f"constant(1, {duration}) >> constant(2, 1)", n=40, **RUN)
    assert schedule.boundaries == (length, length + 1)


@pytest.mark.parametrize(
    ("text", "boundaries"),
    [
        pytest.param(
            "constant(1, 200) >> constant(2, rest - 100) >> constant(3, 100)",
            (200, 900, 1000),
            id="chain",
        ),
        pytest.param(
            "constant(1, 200) >> (constant(2, 100) >> constant(3, rest))",
            (200, 300, 1000),
            id="brackets",
        ),
        pytest.param(
            "constant(1, 25%) >> constant(2, rest / 3)", (250, 500), id="part of the rest"
        ),
        pytest.param("constant(1, 200) >> (1 | take(rest))", (200, 1000), id="take"),
    ],
)
def test_rest_is_what_is_left_where_the_segment_starts(
    text: str, boundaries: tuple[int, ...]
) -> None:
    assert lrdsl.compile(text, total_steps=1000).boundaries == boundaries


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "0.1 / (1 + 0.05*t)", {0: 0.1, 20: 0.05, 10**6: 0.1 / 50001}, id="inverse time"
        ),
        pytest.param("0.1 / (1 + 0.05*t) | take(500)", {500: 0.1 / 26, 999: 0.1 / 26}, id="take"),
        pytest.param("t", {0: 0, 7: 7, 10**12: 10**12}, id="t alone"),
        pytest.param("t / total", {0: 0, 500: 0.5, 2000: 2}, id="total counts updates"),
        pytest.param("t / 1ep", {50: 1, 75: 1.5}, id="an epoch counts updates"),
        pytest.param("t / epoch", {50: 1, 75: 1.5}, id="the name epoch too"),
        pytest.param("t / 50%", {500: 1}, id="a share counts updates"),
        pytest.param("min(t / 10%, 1) * 0.5", {50: 0.25, 100: 0.5, 900: 0.5}, id="in a function"),
        pytest.param("(total - t) / total", {0: 1, 250: 0.75, 1000: 0}, id="in a sum"),
        pytest.param("1 - (t / rest) ** 2", {0: 1, 500: 0.75}, id="rest counts updates"),
        pytest.param("-t ** 2", {3: -9}, id="minus power"),
        pytest.param("0.5 ** floor(t / 30)", {29: 1, 30: 0.5, 60: 0.25}, id="floor"),
        pytest.param("peak * t", {3: 6.0}, id="with a variable"),
        pytest.param("base * t + prev", {10: 1.1}, id="with base and prev"),
        pytest.param(
            "constant(5, 100) >> 2*t", {99: 5, 100: 0, 103: 6}, id="the segment's own clock"
        ),
        pytest.param("t * linear(1, 0, 10)", {0: 0, 5: 2.5, 10: 0, 20: 0}, id="with a schedule"),
        pytest.param("t | interval[10:t]", {9: 9, 10: 0, 12: 2}, id="an entry's own clock"),
    ],
)
def test_formulas(text: str, expected: dict[int, float]) -> None:
    check(text, expected, peak=2, **RUN)


def test_variables() -> None:
    check("cosine(peak, peak / 10, n)", {0: 3e-4, 50: 1.65e-4, 100: 3e-5}, peak=3e-4, n=100)
    check("linear(k * 2, 0, 10)", {0: 6}, k=np.float32(3))
    check("linear(1, 0, n)", {5: 0.5}, n=np.int64(10))
    check("a_b2 + B", {0: 3}, a_b2=1, B=2)


@pytest.mark.parametrize(
    "name", ["cls", "self", "name", "node", "args", "kwargs", "source", "variables", "closed"]
)
def test_any_other_name_can_be_a_variable(name: str) -> None:
    variables: dict[str, Any] = {name: 1.5}
    schedule = lrdsl.compile(f"2 * {name}", **variables)
    assert schedule(0) == 3.0
    assert pickle.loads(pickle.dumps(schedule))(0) == 3.0


@pytest.mark.parametrize(
    ("text", "code", "match"),
    [
        pytest.param("cosine", "LR202", "cosine\\(\\)", id="bare name"),
        pytest.param("linear(peek, 0, 10)", "LR301", "peak", id="unbound, near a variable"),
        pytest.param("cosin(1, 0, 10)", "LR201", "cosine", id="unknown shape"),
        pytest.param("exponential(1, steps=5)", "LR205", "end", id="exponential needs its end"),
        pytest.param("exponential(1, _, 5)", "LR205", "end", id="_ is no default for a needed one"),
        pytest.param("linear(1, 5%, 10)", "LR209", "duration", id="duration as a value"),
        pytest.param("5%", "LR209", "duration", id="duration as a schedule"),
        pytest.param("2 * total", "LR209", "duration", id="duration in arithmetic without t"),
        pytest.param("constant(1, base)", "LR209", "value", id="value as a duration"),
        pytest.param("linear(t, 0, 5)", "LR209", "t", id="t in an argument"),
        pytest.param("linear(1, 0, 0)", "LR404", "not above 0", id="length 0"),
        pytest.param("linear(1, 0, -5)", "LR404", "not above 0", id="negative length"),
        pytest.param("linear(1, 0, 0.5)", "LR406", "50%", id="part of an update"),
        pytest.param("linear(1, 0, 5, until=9)", "LR208", "until", id="steps and until"),
        pytest.param("hold(50) >> hold(5, until=20)", "LR208", "until", id="hold steps and until"),
        pytest.param("constant(1, 50) >> constant(1, until=20)", "LR404", "50", id="until is past"),
        pytest.param(
            "linear(1) >> linear(2)", "LR402", "linear\\(1\\).*linear\\(2\\)", id="two open"
        ),
        pytest.param(
            "step(1, 0.5, 10) >> hold(5)", "LR403", "take", id="something after an endless one"
        ),
        pytest.param(
            "0.1 >> hold(5)", "LR403", "constant\\(0.1, steps\\)", id="something after a number"
        ),
        pytest.param("t >> hold(5)", "LR403", "take", id="something after a formula"),
        pytest.param("constant(1, 2000) >> linear(1, 0)", "LR405", "1000", id="no rest"),
        pytest.param("1 / 0", "LR501", "0", id="division by zero"),
        pytest.param("0 ** -1", "LR501", "0", id="zero to a negative power"),
        pytest.param("log(0)", "LR504", "log", id="log of 0"),
        pytest.param("sqrt(-1)", "LR504", "sqrt", id="root of a negative"),
        pytest.param("(-8) ** (1 / 3)", "LR504", "no value", id="power of a negative"),
        pytest.param("exp(1000)", "LR502", "too large", id="overflow"),
        pytest.param("1e400", "LR502", "too large", id="overflow of a literal"),
        pytest.param("1 | clip(2, 1)", "LR210", "swap", id="clip the wrong way round"),
        pytest.param("1 | interval[9:1, 6:2]", "LR211", "order", id="unsorted interval"),
        pytest.param("1 | interval[20..20:1]", "LR211", "range", id="empty range"),
        pytest.param(
            "linear(1, 0, 9) >> interval[5:1]", "LR203", "modifier", id="modifier in a chain"
        ),
        pytest.param("1 | linear(1, 0, 5)", "LR203", ">>", id="shape after |"),
        pytest.param("exponential(1, 0, 5)", "LR210", "0", id="exponential to 0"),
        pytest.param("exponential(1, -1, 5)", "LR210", "cross", id="exponential across 0"),
        pytest.param("cosine(1, 0, 10", "LR104", "closed", id="unclosed"),
        pytest.param("cosine(1, 0, 10))", "LR105", "closes nothing", id="unopened"),
        pytest.param("", "LR101", "empty", id="empty"),
        pytest.param(" # nothing", "LR101", "empty", id="comment alone"),
        pytest.param("linear(1, 0, 5x)", "LR107", "unit", id="unknown unit"),
    ],
)
def test_mistakes(text: str, code: str, match: str) -> None:
    with pytest.raises(SpecError, match=match) as caught:
        lrdsl.compile(text, total_steps=1000, base_lr=0.1, peak=1)
    assert code in codes(caught.value)


def test_all_mistakes_in_one_go() -> None:
    text = "cosin(1, 0, 10) >> linear(peek, 5%, 0) >> linear(1, 0, 3, 4) | klip(0, 1)"
    with pytest.raises(SpecError, match="cosin") as caught:
        lrdsl.compile(text, total_steps=10)
    assert codes(caught.value) == ["LR201", "LR301", "LR209", "LR404", "LR204", "LR201"]


def test_base_must_be_known_only_where_it_is_used() -> None:
    for text in ("cosine(_, 0, 9)", "warmup(5)", "hold(5)", "constant(steps=5)", "2 * base"):
        with pytest.raises(SpecError, match=r"LR302.*base_lr"):
            lrdsl.compile(text)
    exactly("warmup(5) >> cosine(1, 0, 9)", {5: 1.0})


def test_a_constant_without_steps() -> None:
    assert lrdsl.compile("constant(0.3)").length == math.inf
    assert lrdsl.compile("constant(0.3)", total_steps=9).length == 9
    assert lrdsl.compile("linear(0, 1, 5) >> constant(0.3)").length == math.inf
    exactly("linear(0, 1, 5) >> constant(0.3)", {4: 0.8, 5: 0.3, 10**12: 0.3})
    with pytest.raises(SpecError, match="total_steps"):
        lrdsl.compile("constant(0.3) >> linear(0, 1, 5)")


# --- §5 shapes, by hand ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("constant(0.3, 10)", {0: 0.3, 99: 0.3}, id="constant"),
        pytest.param("linear(1, 3, 4)", {0: 1, 1: 1.5, 4: 3, 5: 3}, id="linear"),
        pytest.param("linear(0, 1, 3)", {0: 0, 3: 1, 4: 1}, id="linear up"),
        pytest.param(
            "cosine(1, 0.5, 6)", {0: 1, 2: 0.875, 3: 0.75, 4: 0.625, 6: 0.5, 7: 0.5}, id="cosine"
        ),
        pytest.param(
            "polynomial(1, 0, 4)", {0: 1, 1: 0.5625, 2: 0.25, 4: 0, 5: 0}, id="polynomial"
        ),
        pytest.param("poly(1, 0.5, 4, power=3)", {2: 0.5625, 4: 0.5}, id="poly, power 3"),
        pytest.param("poly(1, 0, 4, 1)", {1: 0.75}, id="power by position"),
        pytest.param("polynomial(0, 1, 4)", {0: 0, 2: 0.75, 4: 1}, id="polynomial up"),
        pytest.param(
            "exponential(1, 0.0625, 4)", {0: 1, 1: 0.5, 2: 0.25, 4: 0.0625}, id="exponential"
        ),
        pytest.param(
            "exponential(-1, -4, 2)", {0: -1, 1: -2, 2: -4, 3: -4}, id="exponential below 0"
        ),
        pytest.param(
            "exponential(1e-200, 1e200, 4)", {1: 1e-100, 2: 1}, id="exponential over a huge range"
        ),
        pytest.param("ramp(sqrt, 1, 0, 4)", {0: 1, 1: 0.5, 4: 0}, id="sqrt"),
        pytest.param(
            "ramp(polynomial, 1, 0, 4, power=1)", {1: 0.75}, id="ramp with a curve's parameter"
        ),
        pytest.param("cooldown(polynomial, 4, 0, power=1)", {1: 0.075}, id="cooldown with one"),
        pytest.param("warmup(poly, 4, 0, 1, power=2)", {2: 0.75}, id="warmup with one"),
        pytest.param("exponential_decay(1, 0.25, every=2)", {0: 1, 1: 0.5, 4: 1 / 16}, id="decay"),
        pytest.param(
            "exponential_decay(1, 0.25, every=2, staircase=true)",
            {1: 1, 2: 0.25, 3: 0.25},
            id="staircase",
        ),
        pytest.param("step(1, 0.5, 30)", {0: 1, 29: 1, 30: 0.5, 59: 0.5, 60: 0.25}, id="step"),
        pytest.param("step(1, 0.5, 2ep)", {99: 1, 100: 0.5}, id="step in epochs"),
        pytest.param("step(gamma=0.5, every=30)", {0: 0.1, 30: 0.05}, id="step from base"),
        pytest.param(
            "step(1, 0.5, 2.5 * 1)", {2: 1, 3: 0.5, 4: 0.5, 5: 0.25, 8: 0.125}, id="step 2.5"
        ),
        pytest.param(
            "multistep(1, 0.1, at=[30, 80])",
            {29: 1, 30: 0.1, 79: 0.1, 80: 0.01, 999: 0.01},
            id="multistep",
        ),
        pytest.param(
            "multistep(1, 0.1, [1ep, 50%])", {49: 1, 50: 0.1, 500: 0.01}, id="at in units"
        ),
        pytest.param("multistep(1, 0.1, [0, 5])", {0: 0.1, 5: 0.01}, id="at 0"),
        pytest.param(
            "multistep(1, [0.5, base], [5, 9])", {4: 1, 5: 0.5, 9: 0.05}, id="a list of factors"
        ),
        pytest.param("step(1, half_life=2ep)", {0: 1, 100: 0.5, 200: 0.25}, id="half_life"),
        pytest.param("rex(1, 0, 4)", {0: 1, 2: 2 / 3, 4: 0}, id="rex"),
        pytest.param("tanh(1, 0, 10, lb=-1, ub=1)", {5: 0.5, 90: 0.11920292202211755}, id="tanh"),
        pytest.param("time_based(1, 0.5)", {1: 1, 2: 2 / 3, 3: 1 / 3, 4: 2 / 15}, id="time_based"),
        pytest.param(
            "inverse_sqrt(1, warmup=4)", {0: 1, 3: 1, 15: 0.5, 63: 0.25}, id="inverse_sqrt"
        ),
        pytest.param("inverse_sqrt(2)", {0: 2, 3: 1, 15: 0.5}, id="inverse_sqrt without warmup"),
        pytest.param(
            "points[0:0, 100:1, 800:1e-3]",
            {0: 0, 50: 0.5, 100: 1, 450: 0.5005, 800: 1e-3, 900: 1e-3},
            id="points",
        ),
        pytest.param("points[10:2, 20:4]", {0: 2, 10: 2, 15: 3, 20: 4, 30: 4}, id="held outside"),
        pytest.param("points[1ep:1, 50%:2]", {0: 1, 50: 1, 275: 1.5, 500: 2}, id="points in units"),
        pytest.param("points[5:3]", {0: 3, 9: 3}, id="one point"),
        pytest.param("points[0:base, 10:2 * base]", {5: 0.15}, id="values in points"),
    ],
)
def test_shapes_by_hand(text: str, expected: dict[int, float]) -> None:
    check(text, expected, **RUN)


@pytest.mark.parametrize("mode", ["linear", "cosine", "polynomial", "exponential", "sqrt"])
@pytest.mark.parametrize(
    ("start", "end"),
    [(1.0, 1e-3), (1e-3, 1.0), (0.1, 0.3), (1e-300, 1e300), (5e-324, 1e-323), (3, 3)],
)
@pytest.mark.parametrize("steps", [1, 2, 3, 7, 1000, 10**9, 10**12])
def test_every_curve_meets_its_ends_exactly(
    mode: str, start: float, end: float, steps: int
) -> None:
    schedule = lrdsl.compile(f"ramp({mode}, a, b, {steps})", a=start, b=end)
    assert schedule(0) == start
    assert schedule(steps) == end
    assert schedule(10**13) == end
    assert min(start, end) <= schedule(steps // 2) <= max(start, end)


@pytest.mark.parametrize("steps", [10, 10**3, 10**6, 10**9, 10**12])
@pytest.mark.parametrize(
    ("mode", "first"),
    [
        pytest.param("linear", lambda p: p, id="linear"),
        pytest.param("sqrt", math.sqrt, id="sqrt"),
    ],
)
def test_the_first_update_of_a_long_warmup_is_accurate(mode: str, first: Any, steps: int) -> None:
    """Close to a start of 0 nothing may be lost by subtracting from the far end."""
    schedule = lrdsl.compile(f"ramp({mode}, 0, 1, {steps})")
    assert schedule(1) == pytest.approx(first(1 / steps), rel=1e-9, abs=0)


# --- §6 modifiers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("1 | interval[6:*0.5]", {5: 1, 6: 0.5, 10**9: 0.5}, id="a factor"),
        pytest.param("1 | interval[0:*0.5]", {0: 0.5}, id="from the start"),
        pytest.param(
            "1 | interval[6:*0.5, 9:*0.5]", {6: 0.5, 8: 0.5, 9: 0.25}, id="factors compound"
        ),
        pytest.param(
            "1 | interval[6:*0.5, 9:0.01]", {8: 0.5, 9: 0.01}, id="an absolute value resets"
        ),
        pytest.param(
            "1 | interval[6:0.01, 9:*0.5, 12:3, 15:*2]",
            {6: 0.01, 9: 0.005, 12: 3, 15: 6},
            id="factors on an absolute value",
        ),
        pytest.param(
            "1 | interval[20..30:0.1]", {19: 1, 20: 0.1, 29: 0.1, 30: 1}, id="a range goes back"
        ),
        pytest.param(
            "1 | interval[20..30:*0.1]", {19: 1, 20: 0.1, 29: 0.1, 30: 1}, id="a factor's range"
        ),
        pytest.param(
            "1 | interval[6:*0.5, 20..30:7]",
            {19: 0.5, 20: 7, 29: 7, 30: 0.5},
            id="back to what it was, factor included",
        ),
        pytest.param(
            "1 | interval[20..30:7, 25:*0.5]",
            {24: 7, 25: 3.5, 29: 3.5, 30: 0.5},
            id="a factor outlives the range under it",
        ),
        pytest.param(
            "1 | interval[20..30:7, 25:3]", {20: 7, 25: 3, 30: 3}, id="a later value wins"
        ),
        pytest.param(
            "1 | interval[20..40:7, 25..30:3]",
            {24: 7, 25: 3, 29: 3, 30: 7, 39: 7, 40: 1},
            id="nested",
        ),
        pytest.param(
            "1 | interval[20..30:*0.5, 25..40:*0.1]",
            {20: 0.5, 25: 0.05, 30: 0.1, 40: 1},
            id="overlap",
        ),
        pytest.param(
            "linear(10, 0, 10) | interval[4..6:100]",
            {3: 7, 4: 100, 5: 100, 6: 4, 10: 0},
            id="the source's clock runs on beneath",
        ),
        pytest.param(
            "1 | interval[40:linear(4, 0, 4)]",
            {39: 1, 40: 4, 42: 2, 44: 0, 99: 0},
            id="its own clock",
        ),
        pytest.param(
            "1 | interval[40:linear(4, 0, 4) | clip(1, _), 43:5]",
            {40: 4, 42: 2, 43: 5},
            id="a pipe inside",
        ),
        pytest.param(
            "1 | interval[40:constant(2, 3) >> linear(_, 0, 2)]",
            {42: 2, 43: 2, 44: 1, 45: 0},
            id="a chain inside",
        ),
        pytest.param(
            "4 | interval[40:*linear(1, 0, 4)]",
            {39: 4, 40: 4, 41: 3, 44: 0},
            id="a schedule as a factor",
        ),
        pytest.param(
            "linear(10, 0, 10) | interval[4:prev / 2]",
            {3: 7, 4: 3, 9: 3},
            id="prev is what stood there",
        ),
        pytest.param(
            "8 | interval[2:*0.5, 4:prev + 1, 6:linear(prev, 0, 5)]",
            {2: 4, 4: 5, 6: 5, 11: 0},
            id="prev sees the entries before",
        ),
        pytest.param(
            "8 | interval[4:linear(_, 0, 4)]", {3: 8, 4: 8, 6: 4}, id="start left out is prev"
        ),
        pytest.param("1 | interval[2ep:*0.5, 50%:7]", {99: 1, 100: 0.5, 500: 7}, id="units"),
        pytest.param("1 | interval[n - 1:*k]", {8: 1, 9: 4}, id="arithmetic"),
        pytest.param(
            "1 | interval[500:cosine(1, 0)]", {500: 1, 750: 0.5, 1000: 0}, id="rest in an entry"
        ),
        pytest.param("1 | interval[6:-1]", {6: -1}, id="a negative value"),
        pytest.param("1 | interval[6:*-1]", {6: -1}, id="a negative factor"),
        pytest.param(
            "1 | interval[5:2] | interval[3:*10]", {2: 1, 3: 10, 5: 20}, id="interval twice"
        ),
        pytest.param(
            "linear(1, 0, 10) | clip(0.2, 0.7)", {0: 0.7, 5: 0.5, 9: 0.2, 10: 0.2}, id="clip"
        ),
        pytest.param("linear(1, 0, 10) | clip(0.2, _)", {0: 1, 10: 0.2}, id="clip below"),
        pytest.param("linear(1, 0, 10) | clip(_, 0.7)", {0: 0.7, 10: 0}, id="clip above"),
        pytest.param("linear(1, 0, 10) | clip(high=0.7)", {0: 0.7, 10: 0}, id="clip by name"),
        pytest.param("linear(1, 0, 10) | clip(base, 2*base)", {0: 0.2, 10: 0.1}, id="clip by base"),
        pytest.param(
            "linear(4, 0, 4) | repeat()", {0: 4, 3: 1, 4: 4, 7: 1, 8: 4, 4 * 10**11: 4}, id="repeat"
        ),
        pytest.param(
            "linear(4, 0, 4) | repeat(2)", {4: 4, 7: 1, 8: 0, 99: 0}, id="twice, then the end"
        ),
        pytest.param("linear(4, 0, 4) | repeat(1)", {3: 1, 4: 0}, id="once"),
        pytest.param(
            "linear(4, 0, 4) | repeat(stretch=2)",
            {0: 4, 3: 1, 4: 4, 8: 2, 11: 0.5, 12: 4, 20: 2, 28: 4},
            id="stretch",
        ),
        pytest.param(
            "linear(8, 0, 8) | repeat(3, stretch=0.5)",
            {0: 8, 7: 1, 8: 8, 11: 2, 12: 8, 13: 4, 14: 0},
            id="shorter rounds",
        ),
        pytest.param(
            "linear(4, 0, 4) | repeat(scale=0.5)", {0: 4, 4: 2, 6: 1, 8: 1, 12: 0.5}, id="scale"
        ),
        pytest.param(
            "linear(5, 1, 4) | repeat(3, scale=0.5, about=1)",
            {0: 5, 4: 3, 6: 2, 8: 2, 12: 1, 99: 1},
            id="about",
        ),
        pytest.param("linear(4, 2, 4) | repeat(3, scale=0)", {0: 4, 4: 0, 6: 0}, id="scale 0"),
        pytest.param(
            "linear(4, 0, 4) | repeat(2) | repeat(2)", {4: 4, 8: 4, 12: 4, 15: 1, 16: 0}, id="twice"
        ),
        pytest.param(
            "(linear(2, 0, 2) >> constant(7, 2)) | repeat(2)",
            {1: 1, 2: 7, 4: 2, 6: 7, 8: 7},
            id="a chain",
        ),
        pytest.param(
            "(linear(4, 0, 4) | repeat(2)) >> constant(9, 1)",
            {7: 1, 8: 9},
            id="something after repeat",
        ),
        pytest.param(
            "linear(1, 0, 10) | take(4)", {3: 0.7, 4: 0.6, 5: 0.6, 99: 0.6}, id="take holds"
        ),
        pytest.param(
            "(linear(1, 0, 10) | take(4)) >> hold(5)", {3: 0.7, 4: 0.6}, id="take, then hold"
        ),
        pytest.param("(t | take(3)) >> constant(7, 1)", {2: 2, 3: 7}, id="take gives a length"),
        pytest.param("linear(1, 0, 10) | take(10%)", {9: 0.1, 10: 0}, id="take more than there is"),
        pytest.param("linear(1, 0, 10) | skip(4)", {0: 0.6, 5: 0.1, 6: 0, 7: 0}, id="skip"),
        pytest.param(
            "linear(1, 0, 10) | skip(4) | take(2)", {0: 0.6, 2: 0.4, 3: 0.4}, id="skip and take"
        ),
        pytest.param(
            "linear(1, 0, 10) | stretch(3)", {0: 1, 15: 0.5, 30: 0}, id="three times slower"
        ),
        pytest.param("linear(1, 0, 10) | stretch(1ep)", {0: 1, 50: 0.9, 500: 0}, id="in epochs"),
        pytest.param("linear(1, 0, 10) | stretch(0.5)", {0: 1, 2: 0.6, 5: 0}, id="twice as fast"),
        pytest.param(
            "step(1, 0.5, 10) | stretch(1.1)", {10: 1, 11: 0.5, 22: 0.25, 33: 0.125}, id="1.1"
        ),
        pytest.param(
            "linear(1, 0, 12) | every(4)", {0: 1, 3: 1, 4: 2 / 3, 8: 1 / 3, 12: 0}, id="every"
        ),
        pytest.param("t | every(1ep)", {0: 0, 49: 0, 50: 50, 99: 50, 100: 100}, id="every epoch"),
        pytest.param(
            "t | every(2.5 * 1)", {0: 0, 2: 0, 3: 3, 4: 3, 5: 5, 7: 5, 8: 8}, id="every 2.5"
        ),
        pytest.param("t | every(1)", {0: 0, 3: 3}, id="every update"),
        pytest.param(
            "cosine(1, 0) | interval[500:*0.5] | clip(0.1, _)",
            {0: 1, 500: 0.25, 999: 0.1},
            id="modifiers chain",
        ),
        pytest.param(
            "cosine(1, 0) | repeat(2)", {0: 1, 250: 0.5, 500: 1, 1000: 0}, id="repeat fills the run"
        ),
        pytest.param(
            "cosine(1, 0) | stretch(2)", {0: 1, 500: 0.5, 1000: 0}, id="stretch fills the run"
        ),
        pytest.param(
            "linear(1, 0) | skip(500)", {0: 1 - 500 / 1500, 1000: 0}, id="skip fills the run"
        ),
    ],
)
def test_modifiers(text: str, expected: dict[int, float]) -> None:
    check(text, expected, n=10, k=4, **RUN)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        pytest.param("linear(1, 0, 10) | interval[3:*0.5]", 10, id="interval inside"),
        pytest.param("linear(1, 0, 10) | interval[20:*0.5]", 20, id="interval past the end"),
        pytest.param(
            "linear(1, 0, 10) | interval[8:linear(1, 0, 10)]", 18, id="interval with a schedule"
        ),
        pytest.param(
            "linear(1, 0, 10) | interval[8..12:linear(1, 0, 10)]", 12, id="cut by its range"
        ),
        pytest.param("linear(1, 0, 10) | clip(0, 1)", 10, id="clip"),
        pytest.param("linear(1, 0, 10) | repeat()", math.inf, id="repeat"),
        pytest.param("linear(1, 0, 10) | repeat(3)", 30, id="repeat 3"),
        pytest.param("linear(1, 0, 10) | repeat(3, stretch=2)", 70, id="repeat 3, stretch 2"),
        pytest.param("linear(1, 0, 10) | repeat(3, stretch=0.5)", 18, id="17.5 rounds up"),
        pytest.param("linear(1, 0, 10) | take(4)", 4, id="take"),
        pytest.param("1 | take(4)", 4, id="take of a number"),
        pytest.param("linear(1, 0, 10) | skip(4)", 6, id="skip"),
        pytest.param("step(1, 0.5, 9) | skip(4)", math.inf, id="skip of what never ends"),
        pytest.param("linear(1, 0, 10) | stretch(2.5)", 25, id="stretch"),
        pytest.param("linear(1, 0, 10) | every(5)", 10, id="every"),
    ],
)
def test_lengths_of_modified_schedules(text: str, length: float) -> None:
    assert lrdsl.compile(text).length == length


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("linear(1, 0, 10) | every(4)", id="every, no multiple of it"),
        pytest.param("linear(1, 0, 10) | every(20)", id="every longer than all"),
        pytest.param("linear(1, 0, 10) | stretch(0.33)", id="stretch"),
        pytest.param("linear(1, 0, 10) | repeat(3, stretch=1.7)", id="repeat"),
        pytest.param("linear(1, 0, 10) | interval[8..12:*2]", id="interval"),
        pytest.param("linear(1, 0, 10) | interval[8..12:linear(1, 0, 30)]", id="interval, cut"),
        pytest.param("linear(1, 0, 10) * cosine(1, 0, 7)", id="product"),
        pytest.param("t | take(9) | every(4)", id="take, every"),
        pytest.param("t | take(9) | skip(3) | stretch(1.5)", id="take, skip, stretch"),
    ],
)
def test_past_its_length_a_schedule_holds_its_final_value(text: str) -> None:
    schedule = lrdsl.compile(text)
    length = int(schedule.length)
    after = schedule(np.arange(length, length + 50))
    assert set(after.tolist()) == {schedule(length)}


def rounds(t: int, first: int, ratio: int) -> tuple[int, int]:
    """Which round update t lies in and where that begins, in whole numbers."""
    begin, size, k = 0, first, 0
    while t >= begin + size:
        begin, size, k = begin + size, size * ratio, k + 1
    return k, begin


@pytest.mark.parametrize("stretch", [2, 3, 10])
def test_restart_boundaries_are_exact(stretch: int) -> None:
    schedule = lrdsl.compile(f"linear(1, 0, 10) | repeat(stretch={stretch}, scale=0.5)")
    boundary, size, k = 0, 10, 0
    while boundary <= 2**52:
        assert schedule(boundary) == 0.5**k, boundary
        if boundary:
            assert schedule(boundary - 1) < 0.5 ** (k - 1) * 0.2, boundary
        boundary, size, k = boundary + size, size * stretch, k + 1


def test_restart_at_1210() -> None:
    """Where a logarithm goes wrong: rounds of 10, 30, 90, 270, 810 updates."""
    schedule = lrdsl.compile("cosine(1, 0, 10) | repeat(stretch=3)")
    assert [schedule(t) for t in (0, 10, 40, 130, 400, 1210)] == [1.0] * 6
    assert schedule(1209) < 1e-5
    assert all(schedule(t - 1) < 0.1 for t in (10, 40, 130, 400, 1210))
    assert lrdsl.compile("cosine(1, 0, 10) | repeat(5, stretch=3)").boundaries == (
        10, 40, 130, 400, 1210,
    )  # fmt: skip


@pytest.mark.parametrize("t", [10**9, 10**9 + 1, 10**12, 10**12 - 1, 10**12 + 7, 2**53 - 1, 2**53])
def test_far_updates_agree_with_whole_numbers(t: int) -> None:
    check("linear(1, 0, 7) | repeat()", {t: 1 - (t % 7) / 7})
    exactly("t | take(13) | repeat()", {t: float(t % 13)})
    k, begin = rounds(t, 10, 3)
    expected = float(1 - Fraction(t - begin, 10 * 3**k))
    check("linear(1, 0, 10) | repeat(stretch=3)", {t: expected})
    exactly("t | every(7)", {t: float(t - t % 7)})
    check("linear(1, 0, 2e12)", {t: float(max(1 - Fraction(t, 2 * 10**12), Fraction(0)))})
    exactly(
        "constant(1, 1e9) >> constant(2, 999e9) >> t",
        {t: 1 if t < 10**9 else 2 if t < 10**12 else t - 10**12},
    )


def test_boundaries_inside_stretched_rounds_are_exact() -> None:
    """A source that changes at 7 of 10 changes at 7 tenths of every round."""
    schedule = lrdsl.compile("(constant(1, 7) >> constant(2, 3)) | repeat(stretch=3)")
    begin, size = 0, 10
    while begin + size <= 2**52:
        change = begin + 7 * size // 10
        around = [schedule(t) for t in (begin, change - 1, change, begin + size - 1)]
        assert around == [1.0, 1.0, 2.0, 2.0], begin
        begin, size = begin + size, 3 * size


@pytest.mark.parametrize("k", ["1.1", "1.3", "0.7", "3", "2.5", "0.1", "33.3"])
def test_boundaries_inside_a_stretched_schedule_are_exact(k: str) -> None:
    """Update t of the result is t/k of the source, so the change at 30 comes at ⌈30·k⌉."""
    ratio = Fraction(k)
    for inner in range(1, 60):
        change = math.ceil(inner * ratio)
        schedule = lrdsl.compile(f"(constant(1, {inner}) >> constant(2, 60)) | stretch({k})")
        found = schedule(np.arange(change + 3))
        assert int(np.argmax(found == 2)) == change, inner


@pytest.mark.parametrize("period", ["33.3", "1.1", "2.7", "10.05", "7.3", "1562.5", "19.531"])
@pytest.mark.parametrize("modifier", ["every", "step", "repeat"])
def test_fractional_epochs_are_exact(period: str, modifier: str) -> None:
    """Boundaries at ⌊k·epoch + ½⌋, whatever the epoch."""
    size = Fraction(period)
    boundaries = [math.floor(k * size + Fraction(1, 2)) for k in range(int(20_000 / size) + 2)]
    boundaries = [b for b in boundaries if b < 20_000]
    text = {
        "every": "t | every(1ep)",
        "step": "step(1, 0.999, 1ep)",
        "repeat": "linear(1, 0, 1ep) | repeat()",
    }[modifier]
    found = lrdsl.compile(text, steps_per_epoch=float(period)).values(20_000)
    rising = found[1:] != found[:-1] if modifier != "repeat" else found[1:] >= found[:-1]
    changes = (np.nonzero(rising)[0] + 1).tolist()
    assert changes == [b for b in boundaries if b > 0]


# --- the Schedule ---------------------------------------------------------------------------------

EXAMPLE = "warmup(linear, 100) >> cosine(1, 1e-3, 800) | interval[600:*0.5]"


@pytest.fixture
def schedule() -> lrdsl.Schedule:
    return lrdsl.compile(EXAMPLE)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(np.int64(50), id="int64"),
        pytest.param(np.uint8(50), id="uint8"),
        pytest.param(np.array(50), id="an array of no dimension"),
    ],
)
def test_a_numpy_integer_gives_a_float(schedule: lrdsl.Schedule, step: Any) -> None:
    assert type(schedule(50)) is float
    assert type(schedule(step)) is float
    assert schedule(step) == 0.5


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(np.arange(1000), id="in order"),
        pytest.param(np.arange(1000)[::-1], id="backwards"),
        pytest.param(np.arange(1000).reshape(10, 4, 25), id="three dimensions"),
        pytest.param(np.arange(1000).reshape(20, 50).T, id="transposed"),
        pytest.param(np.arange(2000)[::7], id="with gaps"),
        pytest.param(np.array([], dtype=np.int64), id="empty"),
        pytest.param(np.zeros((3, 0, 2), dtype=np.int32), id="empty, three dimensions"),
        pytest.param(np.arange(256, dtype=np.uint8), id="uint8"),
        pytest.param(np.arange(100, dtype=np.int8), id="int8"),
        pytest.param(np.array([600, 0, 2**40, 600, 99, 100], dtype=np.uint64), id="uint64"),
        pytest.param(np.array([5, 5, 5]), id="repeated"),
        pytest.param([0, 50, 900], id="a list"),
        pytest.param(((0, 50), (900, 3)), id="nested tuples"),
        pytest.param(range(0, 900, 30), id="a range"),
        pytest.param(np.random.default_rng(0).integers(0, 1000, 40_000), id="many, in no order"),
        pytest.param(np.array([3, 700], dtype=">i4"), id="big-endian"),
        pytest.param([], id="an empty list"),
    ],
)
def test_arrays_of_any_shape_and_type(schedule: lrdsl.Schedule, steps: Any) -> None:
    found = schedule(steps)
    wanted = np.asarray(steps)
    assert found.dtype == np.float64
    assert found.shape == wanted.shape
    some = slice(None) if wanted.size <= 1000 else slice(None, None, 97)
    expected = [schedule(int(t)) for t in wanted.ravel()[some]]
    assert found.ravel()[some].tolist() == expected


def test_the_callers_array_is_left_alone(schedule: lrdsl.Schedule) -> None:
    steps = np.arange(1000)
    found = schedule(steps)
    found[:] = -1
    assert steps.tolist() == list(range(1000))
    assert schedule(steps)[100] == 1.0
    formula = lrdsl.compile("t")
    mine = np.arange(10)
    formula(mine)[:] = -1
    assert mine.tolist() == list(range(10))


@pytest.mark.parametrize(
    ("step", "match"),
    [
        pytest.param(-1, "0 or more, not -1", id="negative"),
        pytest.param(-(10**30), "0 or more", id="very negative"),
        pytest.param(2**53 + 1, r"at most 2\*\*53", id="too far"),
        pytest.param(10**30, r"at most 2\*\*53", id="much too far"),
        pytest.param(1.0, "whole number, not 1.0", id="float"),
        pytest.param(math.nan, "whole number, not nan", id="nan"),
        pytest.param(True, "whole number, not True", id="bool"),
        pytest.param(np.bool_(True), "whole number", id="numpy bool"),
        pytest.param("5", "whole number, not '5'", id="text"),
        pytest.param(None, "whole number, not None", id="none"),
        pytest.param({}, "whole number", id="dict"),
        pytest.param(1j, "whole number", id="complex"),
        pytest.param([1, -2], "0 or more, not -2", id="negative in a list"),
        pytest.param(np.array([1.0]), "whole number", id="float array"),
        pytest.param(np.array([True]), "whole number", id="bool array"),
        pytest.param([1, None], "whole number", id="none in a list"),
        pytest.param([[1], [2, 3]], "whole number", id="ragged"),
        pytest.param([2**70], r"at most 2\*\*53", id="too far in a list"),
        pytest.param(
            np.array([2**63], dtype=np.uint64), r"at most 2\*\*53", id="too far in an array"
        ),
        pytest.param(np.array([1], dtype="m8[s]"), "whole number", id="a time span"),
    ],
)
def test_what_is_no_step(schedule: lrdsl.Schedule, step: Any, match: str) -> None:
    with pytest.raises(SpecError, match=match) as caught:
        schedule(step)
    assert codes(caught.value) == ["LR601"]


def test_segments(schedule: lrdsl.Schedule) -> None:
    parts = schedule.segments
    assert [(s.start, s.stop) for s in parts] == [(0, 100), (100, 600), (600, 900)]
    assert [s.first for s in parts] == [schedule(0), schedule(100), schedule(600)]
    assert [s.last for s in parts] == [schedule(99), schedule(599), schedule(899)]
    assert [s.description for s in parts] == [
        "warmup(linear, 100)",
        "cosine(1, 1e-3, 800)",
        "cosine(1, 1e-3, 800) * 0.5",
    ]
    assert all(isinstance(s, Segment) for s in parts)
    assert schedule.boundaries == (100, 600, 900)


def test_segments_of_what_never_ends() -> None:
    (only,) = lrdsl.compile("0.1").segments
    assert only == (0, math.inf, 0.1, None, "0.1")
    first, second = lrdsl.compile("linear(1, 0, 10) >> step(1, 0.5, 5)").segments
    assert (first.stop, second.start, second.stop, second.last) == (10, 10, math.inf, None)
    assert lrdsl.compile("0.1").boundaries == ()
    (only,) = lrdsl.compile("0.1", total_steps=50).segments
    assert only == (0, 50, 0.1, 0.1, "0.1")


def test_a_segment_that_rounds_to_no_update() -> None:
    """A tenth of an update is no mistake where a share makes it; it is never seen."""
    text = "constant(5, 0.1%) >> linear(1, 0, 50%)"
    schedule = lrdsl.compile(text, total_steps=100)
    assert schedule(0) == 1.0
    assert [s.start for s in schedule.segments] == [0]
    alone = lrdsl.compile("linear(1, 0, 0.1%)", total_steps=100)
    assert alone.length == 0
    assert alone(0) == 0.0
    assert alone.segments == ()
    assert alone.bounds() == (0.0, 0.0)
    assert alone.values().tolist() == []


def test_values_and_bounds(schedule: lrdsl.Schedule) -> None:
    assert schedule.values().tolist() == schedule(np.arange(900)).tolist()
    assert schedule.values(0).tolist() == []
    assert schedule.values(3).tolist() == [schedule(0), schedule(1), schedule(2)]
    assert schedule.bounds() == (0.0, 1.0)
    assert schedule.bounds(100) == (0.0005, 1.0)
    assert schedule.bounds(900, 901) == (0.0005, 0.0005)
    assert schedule.bounds(10**9, 10**9 + 5) == (0.0005, 0.0005)
    assert lrdsl.compile("linear(0, 1, 10)").bounds(stop=5) == (0.0, 0.4)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("cosine(1, 0, 1e12)", id="a shape"),
        pytest.param("warmup(1e9) >> cosine(1, 0, 1e12)", id="a chain"),
        pytest.param("points[0:0, 1e12:1]", id="points"),
        pytest.param("cosine(1, 0, 1e12) | clip(0, 1)", id="clip"),
        pytest.param("cosine(1, 0, 1e12) * 1", id="a product"),
        pytest.param("cosine(1, 0, 1e12) | interval[1e9:*1]", id="interval"),
    ],
)
def test_bounds_of_a_long_run(text: str) -> None:
    with bounded():
        assert lrdsl.compile(text).bounds() == (0.0, 1.0)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        pytest.param(lambda s: s.values(-1), "0 or more", id="negative values"),
        pytest.param(lambda s: s.values(1.5), "whole number", id="fractional values"),
        pytest.param(lambda s: s.values(True), "whole number", id="true values"),
        pytest.param(lambda s: s.values("3"), "whole number", id="text values"),
        pytest.param(lambda s: s.bounds(5, 5), "no updates from 5 to before 5", id="no bounds"),
        pytest.param(lambda s: s.bounds(901), "no updates", id="bounds past the end"),
        pytest.param(lambda s: s.bounds(-1), "0 or more", id="negative bounds"),
        pytest.param(lambda s: s.bounds(0, 2.5), "whole number", id="fractional bounds"),
        pytest.param(lambda s: lrdsl.compile("1").values(), "how far", id="values without an end"),
        pytest.param(lambda s: lrdsl.compile("1").bounds(), "how far", id="bounds without an end"),
        pytest.param(
            lambda s: lrdsl.compile("linear(1, 0, 1e15)").values(),
            "do not fit",
            id="too many values",
        ),
    ],
)
def test_wrong_use(schedule: lrdsl.Schedule, call: Any, match: str) -> None:
    with pytest.raises(SpecError, match=match) as caught:
        call(schedule)
    assert codes(caught.value) == ["LR601"]


def test_not_finite_is_said_where_it_happens() -> None:
    schedule = lrdsl.compile("1 / (t - 5)")
    assert schedule(4) == -1.0
    with pytest.raises(SpecError, match=r"LR503.*no finite value at update 5"):
        schedule(5)
    with pytest.raises(SpecError, match=r"LR503.*no finite value at update 5"):
        schedule([1, 5, 7])
    with pytest.raises(SpecError, match="LR503"):
        schedule.bounds(0, 10)


@pytest.mark.parametrize("attribute", ["length", "spec", "context", "_signal", "new"])
def test_a_schedule_is_immutable(schedule: lrdsl.Schedule, attribute: str) -> None:
    with pytest.raises(AttributeError, match="immutable"):
        setattr(schedule, attribute, 1)
    with pytest.raises(AttributeError, match="immutable"):
        delattr(schedule, attribute)
    with pytest.raises(TypeError, match="item assignment"):
        schedule.segments[0] = None  # type: ignore[index]


def test_equality_and_hash() -> None:
    a = lrdsl.compile("cosine(peak, 0, 10k)", peak=1)
    b = lrdsl.compile(" cosine( peak,0, 10_000 ) # same", peak=1.0)
    assert a == b
    assert hash(a) == hash(b)
    assert a != lrdsl.compile("cosine(peak, 0, 10k)", peak=2)
    assert a != lrdsl.compile("cosine(peak, 0, 11k)", peak=1)
    assert a != lrdsl.compile("cosine(peak, 0, 10k)", peak=1, total_steps=10**4)
    assert a != "cosine(peak, 0, 10k)"
    assert len({a, b}) == 1


def test_pickle(schedule: lrdsl.Schedule) -> None:
    rich = lrdsl.compile(
        "warmup(5%) >> cosine(peak, 0) | interval[2ep:*0.5]",
        total_steps=1000, steps_per_epoch=33.3, base_lr=0.1, peak=0.3,
    )  # fmt: skip
    for one in (schedule, rich):
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            again = pickle.loads(pickle.dumps(one, protocol))
            assert again == one
            assert again.values(1000).tolist() == one.values(1000).tolist()
    spec = lrdsl.parse(EXAMPLE)
    assert pickle.loads(pickle.dumps(spec)) == spec
    built = spec >> "hold(5)"
    assert pickle.loads(pickle.dumps(built)) == built


def test_threads_get_the_same_numbers(schedule: lrdsl.Schedule) -> None:
    expected = schedule.values(1000)
    barrier = threading.Barrier(8)

    def evaluate(seed: int) -> bool:
        barrier.wait()
        steps = np.random.default_rng(seed).permutation(1000)
        same = all(schedule(int(t)) == expected[t] for t in steps)
        return (
            same
            and schedule(steps).tolist() == expected[steps].tolist()
            and bool(schedule.segments)
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(evaluate, range(8)))


FIRST_USE = """
import sys, threading
sys.setswitchinterval(1e-6)
import lrdsl, lrdsl.schedule.schedule
barrier, failures = threading.Barrier(8), []
def work():
    barrier.wait()
    try:
        lrdsl.compile("warmup(5) >> cosine(1, 0, 9) | clip(0, 1)")(3)
    except Exception as error:
        failures.append(repr(error))
threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads], [thread.join() for thread in threads]
print(failures)
"""


def test_threads_may_be_the_first_to_compile() -> None:
    """The registries are filled at the first look-up, whoever makes it."""
    for _ in range(4):
        done = subprocess.run(
            [sys.executable, "-c", FIRST_USE], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "[]"


def test_threads_compile_at_once() -> None:
    def work(i: int) -> float:
        return lrdsl.compile(f"warmup({i}) >> cosine(1, 0, 100) | clip(0, {i})")(i + 50)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(1, 65))) == pytest.approx([0.5] * 64)


# --- what is taken for a spec ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param("0.1", 0.1, id="text"),
        pytest.param(lrdsl.parse("0.1"), 0.1, id="Spec"),
        pytest.param(lrdsl.parse("0.05") * 2, 0.1, id="built"),
        pytest.param(0.1, 0.1, id="float"),
        pytest.param(3, 3.0, id="int"),
        pytest.param(-3, -3.0, id="negative"),
        pytest.param(1e-7, 1e-7, id="small float"),
        pytest.param(1.5e300, 1.5e300, id="large float"),
        pytest.param(np.float32(0.5), 0.5, id="numpy float"),
        pytest.param(np.int64(2), 2.0, id="numpy int"),
        pytest.param({"spec": "0.1"}, 0.1, id="mapping"),
        pytest.param({"spec": 0.1}, 0.1, id="mapping of a number"),
        pytest.param({"spec": lrdsl.parse("0.1")}, 0.1, id="mapping of a Spec"),
    ],
)
def test_what_is_a_spec(spec: Any, expected: float) -> None:
    assert lrdsl.compile(spec)(0) == expected


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(None, id="none"),
        pytest.param(True, id="bool"),
        pytest.param(math.nan, id="nan"),
        pytest.param(math.inf, id="inf"),
        pytest.param(-math.inf, id="-inf"),
        pytest.param(1j, id="complex"),
        pytest.param(b"0.1", id="bytes"),
        pytest.param([], id="empty list"),
        pytest.param({}, id="empty mapping"),
        pytest.param({"lr": 0.1}, id="another key"),
        pytest.param({"spec": 1, "x": 2}, id="one key too many"),
        pytest.param({"spec": None}, id="mapping of none"),
        pytest.param({1: 2}, id="a key that is no text"),
        pytest.param(object(), id="object"),
        pytest.param(np.array([0.1, 0.2]), id="array"),
        pytest.param(10**400, id="int beyond float"),
        pytest.param(np.complex64(1j), id="numpy complex"),
        pytest.param(dict, id="a class"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_is_no_spec(spec: Any) -> None:
    with pytest.raises(SpecError, match=r"error\[LR"):
        lrdsl.compile(spec)


@pytest.mark.parametrize(
    ("context", "match"),
    [
        pytest.param({"total_steps": 0}, r"total_steps.* above 0", id="total 0"),
        pytest.param({"total_steps": -5}, r"total_steps.* above 0", id="total negative"),
        pytest.param({"total_steps": 10.5}, r"total_steps.*whole number", id="total fractional"),
        pytest.param({"total_steps": "10"}, r"a number", id="total text"),
        pytest.param({"total_steps": True}, r"a number", id="total bool"),
        pytest.param({"total_steps": math.inf}, "finite", id="total inf"),
        pytest.param({"total_steps": 10**18}, r"LR303.*total_steps", id="total too far"),
        pytest.param({"total_steps": 1e300}, r"LR303.*total_steps", id="total much too far"),
        pytest.param({"steps_per_epoch": 0}, "above 0", id="epoch 0"),
        pytest.param({"base_lr": math.nan}, "finite", id="base nan"),
        pytest.param({"base_lr": "0.1"}, r"a number", id="base text"),
        pytest.param({"peak": "0.1"}, r"a number", id="variable text"),
        pytest.param({"peak": None}, r"a number", id="variable none"),
        pytest.param({"peak": math.inf}, "finite", id="variable inf"),
        pytest.param({"t": 1}, "`t`", id="reserved t"),
        pytest.param({"pi": 3}, "`pi`", id="reserved pi"),
        pytest.param({"none": 3}, "`none`", id="reserved literal"),
        pytest.param({"max": 3}, "`max`", id="reserved function"),
        pytest.param({"_x": 3}, "`_x`", id="no name"),
        pytest.param({"é": 3}, "`é`", id="no ascii"),
    ],
)
def test_context_mistakes(context: dict[str, Any], match: str) -> None:
    with pytest.raises(SpecError, match=match):
        lrdsl.compile("cosine(1, 0)", **{"total_steps": 10, **context})


def test_a_spec_nested_too_deep_in_python_is_a_diagnostic() -> None:
    deep = lrdsl.parse("1")
    for _ in range(5000):
        deep = -deep
    for use in (str, repr, lrdsl.compile, pickle.dumps):
        with pytest.raises(SpecError, match="LR109"):
            use(deep)


def test_a_deep_spec_built_in_python_compares() -> None:
    one, other = lrdsl.parse("1"), lrdsl.parse("1")
    for _ in range(5000):
        one, other = -one, -other
    assert one == other
    assert hash(one) == hash(other)


# --- the mode, which may be left out in front -----------------------------------------------------


@pytest.mark.parametrize(
    ("text", "halfway"),
    [
        pytest.param("warmup(100, 0, 4)", 2, id="left out"),
        pytest.param("warmup(_, 100, 0, 4)", 2, id="default"),
        pytest.param("warmup(sqrt, 25, 0, 4) | stretch(4)", 4 * 0.5**0.5, id="first"),
        pytest.param("warmup(100, 0, 4, mode=cosine)", 2, id="by name, at the end"),
        pytest.param("warmup(linear_steps, 0, 4)", 2, id="a variable that begins like a curve"),
        pytest.param("warmup(polynomial, 100, 0, 4, 3)", 3.5, id="the curve's own parameter"),
    ],
)
def test_mode_may_be_left_out_in_front(text: str, halfway: float) -> None:
    assert lrdsl.compile(text, linear_steps=100)(50) == pytest.approx(halfway, rel=1e-15)


def test_a_modified_part_ends_where_the_rounded_chain_does() -> None:
    """The part begins at 66.6, so its 57.6 updates end at 124.2, not at 67 + 58."""
    text = "constant(1, 2ep) >> (points[0:1, 2ep:0.3] | skip(9))"
    schedule = lrdsl.compile(text, steps_per_epoch=33.3)
    assert schedule.length == 124
    assert schedule(124) == schedule(10**6)
