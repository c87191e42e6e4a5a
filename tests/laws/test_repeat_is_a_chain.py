"""A repeat is a chain of copies: the same boundaries and the same values, to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

import lrdsl

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
    assume(a.length < 20_000)
    count = int(a.length) + 20
    assert bits(a.values(count)) == bits(b.values(count)), (one, other)
    assert [a(t) for t in range(0, count, 7)] == b.values(count)[::7].tolist(), (one, other)
    if len(a.boundaries) < 300:
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
