"""A repeat is a chain of copies: the same boundaries and the same values, to the last bit."""

from __future__ import annotations

import gc
import re
import threading
from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import lrdsl
from tests.support.counting import calls

RUN: dict[str, Any] = {"steps_per_epoch": 10.3, "base_lr": 0.1}

Body: TypeAlias = "Callable[[Fraction], str]"
"""Writes a schedule with all its lengths and periods times a number."""


def written(length: Fraction, unit: str) -> Callable[[Fraction], str]:
    """A length as it is written, times a number."""

    def text(by: Fraction) -> str:
        whole = length * by
        return f"{whole.numerator} * 1{unit} / {whole.denominator}"

    return text


lengths = st.builds(
    written,
    st.fractions(Fraction(1, 3), 12, max_denominator=6),
    st.sampled_from(["ba", "ba", "ep"]),
)


def between(low: int, high: int) -> st.SearchStrategy[Body]:
    """Lengths of so many updates."""
    return st.builds(written, st.fractions(low, high, max_denominator=6), st.just("ba"))


BLANKS: dict[str, st.SearchStrategy[Any]] = {
    "v": st.sampled_from(["1", "0.3", "2.5", "0", "0.1", "base"]),
    "n": st.integers(1, 3).map(str),
    "d": lengths,
    "p": between(2, 5),
    "q": between(6, 9),
    "r": between(10, 14),
}

LEAVES = [
    "linear({v}, {v}, {d})",
    "cosine({v}, {v}, {d})",
    "constant({v}, {d})",
    "polynomial({v}, {v}, {d}, power=3)",
    "linear({v}, {v}, {d}, closed=true)",
    "(step({v}, 0.5, {p}) | take({d}))",
    "(step({v}, half_life={p}) | take({d}))",
    "(exponential_decay({v}, 0.5, every={p}, staircase=true) | take({d}))",
    "(exponential_decay({v}, 0.5, every={p}) | take({d}))",
    "(multistep({v}, 0.5, at=[{p}, {q}]) | take({d}))",
    "(inverse_sqrt({v}, warmup={p}) | take({d}))",
    "points[0:{v}, {p}:{v}, {q}:{v}]",
    "(linear({v}, {v}, {d}) | every({p}))",
    "(linear({v}, {v}, {d}) | interval[{p}:*0.5, {q}..{r}:{v}])",
    "(linear({v}, {v}, {d}) | interval[{p}:cosine(prev, 0, {d})])",
    "(linear({v}, {v}, {q}) | skip({p}))",
    "(linear({v}, {v}, 9) | stretch({p}))",
    "(linear({v}, {v}, {d}) | take({d}))",
    "(linear({v}, {v}, {d}) + cosine({v}, {v}, {d}))",
    "(linear({v}, {v}, {p}) >> cosine({v}, 0, until={q}))",
]
INNER = [
    "({x} >> hold({d}))",
    "({x} >> linear(_, {v}, {d}) >> {x})",
    "({x} | repeat({n}))",
    "({x} | repeat({n}, stretch=1.5))",
    "({x} | repeat({n}, stretch=2, scale=0.5, about=0.25))",
    "(({x} >> {x}) | interval[{p}..{q}:*2])",
    "(({x}) | clip(0.2, 2))",
    "({x} >> {x})",
]


@st.composite
def bodies(draw: st.DrawFn, depth: int = 2) -> Body:
    """A schedule whose every length can be stretched."""
    deep = depth > 0 and draw(st.booleans())
    template = draw(st.sampled_from(INNER if deep else LEAVES))
    parts: list[Any] = []
    while (at := template.find("{")) >= 0:
        kind = template[at + 1]
        drawn = BLANKS[kind] if kind in BLANKS else bodies(depth - 1)
        parts += [template[:at], draw(drawn)]
        template = template[at + 3 :]
    parts.append(template)
    return lambda by: "".join([x if isinstance(x, str) else x(by) for x in parts])


def bits(found: Any) -> bytes:
    return np.asarray(found, dtype=np.float64).tobytes()


def check_same(one: str, other: str, **run: Any) -> None:
    """Two specs have the same values, boundaries and length."""
    a, b = lrdsl.compile(one, **{**RUN, **run}), lrdsl.compile(other, **{**RUN, **run})
    assert a.length == b.length, (one, other)
    count = min(int(a.length), 20_000) + 20
    assert bits(a.values(count)) == bits(b.values(count)), (one, other)
    assert [a(t) for t in range(0, count, 7)] == b.values(count)[::7].tolist(), (one, other)
    if len(a.boundaries) < 300 and one.count("repeat(") <= 2:  # rounds of rounds of rounds are one
        assert a.boundaries == b.boundaries, (one, other)


@given(bodies(), st.integers(1, 4), lengths, lengths)
def test_a_repeat_is_the_written_chain(body: Body, times: int, before: Body, after: Body) -> None:
    text, once = body(Fraction(1)), Fraction(1)
    chain = " >> ".join([f"({text})"] * times)
    check_same(f"({text}) | repeat({times})", chain)
    around = f"constant(7, {before(once)}) >> ({{}}) >> linear(3, 4, {after(once)})"
    check_same(around.format(f"({text}) | repeat({times})"), around.format(chain))


@given(bodies(1), st.integers(1, 4), st.sampled_from(["2", "0.5", "3"]), lengths)
def test_a_stretched_repeat_is_the_chain_of_longer_copies(
    body: Body, times: int, ratio: str, before: Body
) -> None:
    assume(ratio != "0.5" or times <= 2)  # else a period would be shorter than an update
    once = Fraction(1)
    chain = " >> ".join([f"({body(Fraction(ratio) ** k)})" for k in range(times)])
    around = f"constant(7, {before(once)}) >> ({{}})"
    repeated = f"({body(once)}) | repeat({times}, stretch={ratio})"
    check_same(around.format(repeated), around.format(chain))


periods = st.lists(
    st.tuples(st.fractions(Fraction(1, 2), 9, max_denominator=4), st.sampled_from(["ba", "ep"])),
    min_size=1,
    max_size=4,
)

FILLING = [
    "cosine({v}, {v}{steps})",
    "(constant({v}, 0) >> cosine({v}, {v}{until}))",
    "(linear({v}, {v}, 0.3 * 1) >> cosine({v}, {v}{until}))",
    "(step({v}, 0.5, {p}){take})",
    "(0.3 * t{take})",
    "(({v} + 0 * t){take})",
]
"""Schedules that fill a period, and how each is written in a chain."""


@given(st.data(), periods, lengths, lengths)
def test_what_fills_a_period_is_the_chain_of_parts_that_long(
    data: st.DataObject, sizes: list[tuple[Fraction, str]], before: Body, after: Body
) -> None:
    once, value, period = Fraction(1), data.draw(BLANKS["v"]), data.draw(BLANKS["p"])(Fraction(1))
    body = data.draw(st.sampled_from(FILLING))

    def copy(size: str, length: str = "") -> str:
        if not length:
            return f"({body.format(v=value, p=period, until='', steps='', take='')})"
        ends = {"until": f", until={length}", "steps": f", {length}", "take": f" | take({length})"}
        return f"({body.format(v=value, p=period, **ends)})"

    written_sizes = [written(size, unit)(once) for size, unit in sizes]
    scales = data.draw(st.lists(st.sampled_from([1, 0.5, 0.25, 0]), min_size=1, max_size=4))
    scales = [scales[i % len(scales)] for i in range(len(sizes))]
    chain = " >> ".join(
        [f"{scale} * {copy(size, size)}" for scale, size in zip(scales, written_sizes, strict=True)]
    )
    listed = f"periods=[{', '.join(written_sizes)}], scales={scales}"
    around = f"constant(7, {before(once)}) >> ({{}}) >> linear(3, 4, {after(once)})"
    check_same(around.format(f"{copy('')} | repeat({listed})"), around.format(chain))


NUMBERED = [
    "({x}) * 0.7 ** {c}",
    "({x} | interval[{p}:*({c} + 1)])",
    "({x} | interval[{p}..{q}:cosine(prev, 0, {d}) * {c}])",
    "({x} * {c} >> linear(_, {v}, {d}))",
    "(warmup({d}) >> (hold({p}) + {x} / (2 + {c})))",  # never empty: what leans stays in the copy
    "(({c} | take({d})) >> {x})",
    "max({x}, {c} // 2)",
    "mix({x}, 0.3, 1 / (1 + {c}))",
    "({x} - {c} | clip(_, 0.5) | every({p}))",
    "((linear({v}, {v}, {d}) * 3 ** cycle | repeat(3)) + {x} * {c})",
    "((1.5 * {c} if base > 0 else 2) * {x})",
    "({x} * {c} | cumulative())",
]
"""Bodies with a number that differs from copy to copy."""


@given(
    st.data(),
    bodies(1),
    st.sampled_from(NUMBERED),
    st.sampled_from(["repeat({n})", "repeat({n}, stretch=2)", "repeat(periods=[{sizes}])"]),
    st.integers(1, 4),
    lengths,
)
def test_cycle_is_the_number_of_the_copy(
    data: st.DataObject, inner: Body, template: str, rounds: str, times: int, length: Body
) -> None:
    # `cumulative` counts the updates of its source, in longer rounds as well.
    assume("cumulative" not in template or rounds == "repeat({n})")
    names = [name for name in BLANKS if "{" + name + "}" in template]
    drawn = {name: data.draw(BLANKS[name]) for name in names}

    def copy(by: Fraction, cycle: object) -> str:
        blanks = {k: v if isinstance(v, str) else v(by) for k, v in drawn.items()}
        return f"(({template.format(x=inner(by), c=cycle, **blanks)}) | take({length(by)}))"

    ratios = [Fraction(1) if rounds == "repeat({n})" else Fraction(2) ** k for k in range(times)]
    rounds = rounds.format(n=times, sizes=", ".join(map(length, ratios)))
    chain = " >> ".join([copy(ratio, k) for k, ratio in enumerate(ratios)])
    around = "constant(7, 0.3ep) >> ({}) >> linear(3, 4, 2)"
    check_same(around.format(f"{copy(Fraction(1), 'cycle')} | {rounds}"), around.format(chain))


LIFTED = [
    "cosine(1, 0, 10) * 0.5**cycle",
    "cosine(1, 0, 10.5 * 1) / (1 + cycle)",
    "(linear(_, 0, 5) >> cosine(1, 0, 5) * (1 + cycle))",
    "max(cosine(1, 0, 10), mod(cycle, 7) / 9) - (-cycle) // 3",
    "(linear(1, 0, 10) * floor(0.29 * 100 * cycle) | clip(0.1, 50) | every(3))",
    "mix(cosine(1, 0, 10), 0.3, 1 / (1 + cycle)) ** (2 + cycle) | take(7)",
]
"""Bodies that are laid out once for all numbers."""


@pytest.mark.parametrize("body", LIFTED)
def test_many_numbered_rounds_take_little_more_than_few(body: str) -> None:
    def cost(times: int) -> int:
        schedule = lrdsl.compile(f"{body} | repeat({times})", **RUN)
        return calls(lambda: schedule.values(10_000))

    cost(100)
    assert cost(10_000) < 1.5 * cost(10) + 500


@pytest.mark.parametrize(
    "body",
    [
        *LIFTED,
        pytest.param("cosine(1, 0, 10) | interval[5: linear(prev, 0, 5) * cycle]", id="prev"),
        pytest.param("(hold(3) >> linear(_, 0, 5)) * cycle", id="left out"),
        pytest.param("linear(1, 0.9, 10) * (1 + cycle) | cumulative() | take(9)", id="cumulative"),
        pytest.param("(linear(1, 0, 2) * cycle | repeat(2)) + cycle", id="nested"),
    ],
)
def test_numbered_rounds_have_the_same_bits_alone(body: str) -> None:
    schedule = lrdsl.compile(f"{body} | repeat(40)", **RUN)
    count = int(schedule.length)
    values = schedule.values(count)
    assert bits([schedule(t) for t in range(count)]) == bits(values)
    order = np.random.default_rng(0).permutation(count)
    assert bits(schedule(order)) == bits(values[order])
    written = re.sub(r"\bcycle\b", "{}", body)
    chain = " >> ".join([f"({written.replace('{}', str(k))})" for k in range(40)])
    if "repeat" not in body and "_" not in body and "prev" not in body:
        assert bits(lrdsl.compile(chain, **RUN).values(count)) == bits(values)


def test_a_round_that_has_no_value_is_told_when_it_comes() -> None:
    schedule = lrdsl.compile("cosine(1, 0, 10) * (1 / (cycle - 500)) | repeat(1000)")
    assert schedule(range(30)).shape == (30,)
    for at in (5000, range(4900, 5100)):
        with pytest.raises(lrdsl.SpecError, match=r"LR501.*division by zero"):
            schedule(at)
    assert schedule(5015) == pytest.approx(0.5)
    assert schedule(range(5010, 5030))[5] == schedule(5015)


RATIOS = [Fraction(1, 2), Fraction(1), Fraction(3, 2), Fraction(2), Fraction(7, 3)]


@given(
    bodies(1),
    lengths,
    st.lists(st.sampled_from(RATIOS), min_size=1, max_size=4),
    lengths,
    st.integers(1, 2),
)
def test_what_has_a_length_is_stretched_to_the_periods(
    body: Body, length: Body, ratios: list[Fraction], before: Body, times: int
) -> None:
    def copy(by: Fraction) -> str:
        return f"({body(by)} | take({length(by)}))"

    once = Fraction(1)
    chain = " >> ".join([copy(ratio) for ratio in ratios] * times)
    repeated = f"{copy(once)} | repeat(periods=[{', '.join(map(length, ratios))}])"
    around = f"constant(7, {before(once)}) >> ({{}})"
    check_same(around.format(f"({repeated}) | repeat({times})"), around.format(chain))


@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        pytest.param("linear(_, 0, 1ep) >> hold(1)", "linear(3, 0, 1ep) >> hold(1)", id="prev"),
        pytest.param("warmup(1ep)", "warmup(1ep, 0, 2)", id="next"),
        pytest.param(
            "warmup(1ep) | clip(0.1, _)", "warmup(1ep, 0, 2) | clip(0.1, _)", id="in a pipe"
        ),
        pytest.param("linear(prev, next, 1ep)", "linear(3, 2, 1ep)", id="both"),
        pytest.param("constant(base, 1ep)", "constant(0.1, 1ep)", id="base"),
        pytest.param("warmup(1ep) | repeat(2)", "warmup(1ep, 0, 2) | repeat(2)", id="nested"),
        pytest.param(
            "hold(0.3 * 1) >> warmup(0.9 * 1)",
            "constant(3, 0.3 * 1) >> warmup(0.9 * 1, 0, 2)",
            id="parts that are empty in some rounds",
        ),
    ],
)
@pytest.mark.parametrize("rounds", ["repeat(1)", "repeat(5)"])
def test_what_leans_leans_on_what_stands_around(body: str, numbers: str, rounds: str) -> None:
    around = "constant(3, 1.2 * 1) >> ({}) >> linear(2, 0, 5)"
    count = int(rounds[7])
    written = " >> ".join([f"({numbers})"] * count)
    check_same(around.format(f"({body}) | {rounds}"), around.format(written))


def test_rounds_are_made_when_they_are_needed_whoever_asks_first() -> None:
    text = "constant(3, 5) >> ((warmup(1ep) >> cosine(_, 0, 1ep)) | repeat(9)) >> linear(2, 0, 5)"
    whole = lrdsl.compile(text, **RUN).values()
    found: dict[int, float] = {}

    def ask(t: int) -> None:
        found[t] = lrdsl.compile(f"{text} # {t}", **RUN)(t)

    threads = [threading.Thread(target=ask, args=(t,)) for t in range(len(whole) - 1, 0, -9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {t: whole[t] for t in found}


def test_no_garbage_is_left() -> None:
    text = "hold(5) >> ((warmup(1ep) >> cosine(_, 0, 1ep)) | repeat(9, stretch=1.5)) >> hold(5)"
    lrdsl.compile(text, **RUN).values()
    gc.collect()
    gc.disable()
    try:
        lrdsl.compile(f"{text} # again", **RUN).values()
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_round_without_a_value_is_told() -> None:
    spec = "(linear(1, 0, 5.5 * 1) >> constant(1 / (prev + (1 if n > 0 else 0)), 1)) | repeat(3)"
    assert lrdsl.compile(spec, n=1)(0) == 1
    with pytest.raises(lrdsl.SpecError, match=r"LR501.*division by zero"):
        lrdsl.compile(spec, n=0)
