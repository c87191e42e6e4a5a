"""The reference on modifiers: numbers of each, calculated by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import lrdsl
from tests.support.reference import RUN, check, exactly


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


def test_a_modified_part_ends_where_the_rounded_chain_does() -> None:
    """The part begins at 66.6, so its 57.6 updates end at 124.2, not at 67 + 58."""
    text = "constant(1, 2ep) >> (points[0:1, 2ep:0.3] | skip(9))"
    schedule = lrdsl.compile(text, steps_per_epoch=33.3)
    assert schedule.length == 124
    assert schedule(124) == schedule(10**6)


def test_a_repeat_with_a_top_and_a_floor() -> None:
    """The highest value is halved in each round, and the lowest one stays: timm's cycle_decay."""
    schedule = lrdsl.compile("cosine(1, 0.1, 10) | repeat(5, scale=0.5, about=0.1, top=1)")
    for t in range(50):
        k, update = divmod(t, 10)
        weight = (1 + math.cos(math.pi * update / 10)) / 2
        assert schedule(t) == pytest.approx(0.1 + max(0, 0.5**k - 0.1) * weight, abs=1e-12)
    assert schedule.bounds() == (0.1, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("times=2, periods=[4]", "LR208.*`times` and `periods` both say how many rounds"),
        ("2, periods=[4, 8]", "LR208.*`times` and `periods`"),
        ("periods=[4], stretch=1", r"LR208.*`stretch` and `periods`(.|\n)*leave one of them out"),
        ("periods=[4], scale=0.5", r"LR208.*`scale` and `periods`(.|\n)*list them as `scales`"),
        ("periods=[]", r"LR210.*`periods` must not be empty"),
        ("periods=[4, 0]", r"LR210.*above 0, not 0\n.*\n  \| {38}\^$"),
        ("periods=[4, 3 - n]", r"LR210.*above 0, not -2"),
        ("periods=4", r"LR209.*`periods` of `repeat` is a list of lengths(.|\n)*write `\[4\]`"),
        ("periods=[4.5]", "LR406.*not a whole number of updates"),
        ("periods=[1ep]", "LR302.*needs steps_per_epoch"),
        ("periods=[t]", "LR209.*`periods` of `repeat` takes a duration"),
        ("periods=[1e30]", "LR404.*longer than any run"),
        ("periods=[4, 5], scales=[1]", "LR210.*1 scale for 2 periods"),
        ("periods=[4], scales=[]", "LR210.*0 scales for 1 period"),
        ("periods=[4], scales=[-1]", "LR210.*`scales` must be at least 0, not -1"),
        ("periods=[4], scales=0.5", r"LR209.*`scales` of `repeat` is a list of values"),
        ("scales=[1]", r"LR203.*`scales` go with `periods`(.|\n)*or one `scale`"),
        ("[4, 8]", r"LR209.*`times` of `repeat` is one number(.|\n)*`periods=\[…\]`"),
        ("period=[4]", "LR206(.|\n)*did you mean `periods`"),
    ],
)
def test_periods_of_a_repeat_that_cannot_be(arguments: str, message: str) -> None:
    with pytest.raises(lrdsl.SpecError, match=message):
        lrdsl.compile(f"linear(1, 0, 4) | repeat({arguments})", n=5)


@pytest.mark.parametrize("source", ["step(1, 0.5, 2)", "0.3", "cosine(1, 0)", "cosine(1, 0, 4)"])
def test_a_repeat_with_periods_ends_after_the_last(source: str) -> None:
    schedule = lrdsl.compile(f"({source}) | repeat(periods=[4, 1ep])", steps_per_epoch=6.5)
    assert (schedule.length, [*schedule.cycle_ends(0, 99)]) == (11, [4, 11])
    assert lrdsl.compile(f"({source} | repeat(periods=[4, 6])) >> hold(5)").length == 15


def test_heights_of_listed_rounds() -> None:
    body = "linear(1, 0.2, 4) | repeat(periods=[4, 4], scales=[1, 0.5], {})"
    about = lrdsl.compile(body.format("about=0.2"))
    assert about([0, 2, 4, 6]).tolist() == pytest.approx([1, 0.6, 0.6, 0.4])
    top = lrdsl.compile(body.format("about=0.2, top=1"))
    assert top([0, 2, 4, 6]).tolist() == pytest.approx([1, 0.6, 0.5, 0.35])


@pytest.mark.parametrize("top", ["0.1", "0.05"])
def test_a_top_lies_above_the_floor(top: str) -> None:
    with pytest.raises(lrdsl.SpecError, match=r"LR210.*does not lie above `about`"):
        lrdsl.compile(f"cosine(1, 0.1, 10) | repeat(3, scale=0.5, about=0.1, top={top})")


def test_factors_are_multiplied_in_their_order_whoever_asks() -> None:
    """Those that overlap by the hundred, with some that change, that replace, and that last."""
    rng = np.random.default_rng(3)
    entries, starts = [], sorted(rng.integers(0, 400, 300).tolist())
    for start in starts:
        kind, stop = rng.integers(9), start + int(rng.integers(0, 90))
        value = f"{rng.uniform(0.9, 1.1):.4f}"
        span = f"{start}" if kind < 3 else f"{start}..{stop}"
        changing = f"linear({value}, 1, 50)"
        text = {8: value, 7: f"*{changing}", 6: changing}.get(int(kind), f"*{value}")
        entries.append((start, math.inf if kind < 3 else stop, text, span))
    spec = f"constant(0.3) | interval[{', '.join([f'{span}:{x}' for *_, x, span in entries])}]"
    schedule = lrdsl.compile(spec)
    for t in range(0, 520, 7):
        expected = 0.3
        for start, stop, text, _ in entries:
            if start <= t < stop:
                value = lrdsl.compile(text.lstrip("*"))(t - start)
                expected = expected * value if text.startswith("*") else value
        assert schedule(t) == pytest.approx(expected, rel=1e-12)
    whole = schedule.values(520)
    for segment in schedule.segments:
        if segment.start < min(segment.stop, 520):
            assert segment.first == whole[segment.start]
