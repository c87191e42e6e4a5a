"""The reference on chains: shares, durations, formulas, variables, mistakes."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest

import lrdsl
from lrdsl import SpecError
from tests.support.reference import RUN, check, codes, exactly


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
        pytest.param("linear(1, 0, -5)", "LR404", "it needs 0 or more", id="negative length"),
        pytest.param("points[1e154:1_000]", "LR404", "this is later than any run", id="far point"),
        pytest.param("points[0:1, 1e30:2, 1e30:3]", "LR404", "later than any run", id="far jump"),
        pytest.param("points[0:1, 9 * 1e300:2]", "LR404", "later than any", id="far product"),
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
        pytest.param("1 / log(1)", "LR501", "log.1.. is 0", id="division by a call that is zero"),
        pytest.param("1 // max(0, 0)", "LR501", "max.0, 0.. is 0", id="floor division by a call"),
        pytest.param("mod(1, 1 - 1)", "LR501", "1 - 1. is 0", id="mod of zero"),
        pytest.param("1 / mod(1, 1)", "LR501", "mod.1, 1.. is 0", id="division by a mod"),
        pytest.param("0 ** -1", "LR501", "0", id="zero to a negative power"),
        pytest.param("log(0)", "LR504", "log", id="log of 0"),
        pytest.param("sqrt(-1)", "LR504", "sqrt", id="root of a negative"),
        pytest.param("(-8) ** (1 / 3)", "LR504", "no value", id="power of a negative"),
        pytest.param("exp(1000)", "LR502", "too large", id="overflow"),
        pytest.param("1e400", "LR502", "too large", id="overflow of a literal"),
        pytest.param("1 | clip(2, 1)", "LR210", "swap", id="clip the wrong way round"),
        pytest.param("1 | interval[9:1, 6:2]", "LR211", "order", id="unsorted interval"),
        pytest.param("1 | interval[20..19:1]", "LR211", "range", id="range that ends before"),
        pytest.param(
            "linear(1, 0, 9) >> interval[5:1]", "LR203", "modifier", id="modifier in a chain"
        ),
        pytest.param("1 | linear(1, 0, 5)", "LR203", ">>", id="shape after |"),
        pytest.param("exponential(1, 0, 5)", "LR210", "0", id="exponential to 0"),
        pytest.param("exponential(1, -1, 5)", "LR210", "cross", id="exponential across 0"),
        pytest.param("cosine(1, 0, 10", "LR104", "closed", id="unclosed"),
        pytest.param("cosine(1, 0, 10))", "LR105", "has no opening", id="unopened"),
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
    text = "cosin(1, 0, 10) >> linear(peek, 5%, -1) >> linear(1, 0, 3, 4) | klip(0, 1)"
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


@pytest.mark.parametrize(
    ("text", "message", "fix"),
    [
        ("cosine(_, 0, rest / 7) | repeat(7)", "unknown under `repeat`", "shared among the rounds"),
        ("cosine(1, 0, rest) | stretch(2)", "unknown under `stretch`", "a share of the run"),
        ("hold() >> hold(rest)", "no length of its own", "give that one its length"),
    ],
)
def test_why_the_rest_is_unknown(text: str, message: str, fix: str) -> None:
    with pytest.raises(lrdsl.SpecError, match="LR401") as caught:
        lrdsl.compile(text, total_steps=700, base_lr=1)
    found = caught.value.diagnostics[0]
    assert message in found.message
    assert found.fix is not None
    assert fix in found.fix
