"""`next` in an entry of an `interval` is what really comes next."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from tests.support.reference import RUN, check

LINE = "linear(1, 0, 100)"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param(f"{LINE} | interval[20..50: warmup(30)]", {35: 0.25, 50: 0.5}, id="a range"),
        pytest.param(
            f"{LINE} | interval[20..50: warmup(10)]", {25: 0.25, 49: 0.5}, id="a shorter one"
        ),
        pytest.param(f"{LINE} | interval[20..50: warmup(90)]", {35: 1 / 12}, id="one that is cut"),
        pytest.param(
            f"{LINE} | interval[20..50: constant(next)]", {20: 0.5, 50: 0.5}, id="written"
        ),
        pytest.param(f"{LINE} | interval[20..50: next / 2]", {20: 0.25, 49: 0.25}, id="arithmetic"),
        pytest.param(
            f"{LINE} | interval[20..50: linear(_, next, 30)]", {20: 0.8, 35: 0.65}, id="both"
        ),
        pytest.param(f"{LINE} | interval[20: warmup(30)]", {35: 0.25, 50: 0.5, 90: 0.5}, id="open"),
        pytest.param(
            f"{LINE} | interval[20: hold(10) >> warmup(30)]", {45: 0.2, 60: 0.4}, id="an open chain"
        ),
        pytest.param(
            f"{LINE} | interval[20..50: *warmup(30)]", {35: 0.325, 50: 0.5}, id="a factor"
        ),
        pytest.param(
            f"{LINE} | interval[20: *warmup(30)]", {35: 0.325, 60: 0.4}, id="an open factor"
        ),
        pytest.param(f"{LINE} | interval[20: *constant(next)]", {20: 0.8}, id="next of a factor"),
        pytest.param(
            f"{LINE} | interval[20..50: warmup(30), 50:3]", {35: 1.5, 50: 3}, id="an entry"
        ),
        pytest.param(
            f"{LINE} | interval[20..50: warmup(30), 40..60:3]",
            {35: 1.5, 40: 3},
            id="one that covers",
        ),
        pytest.param(
            f"{LINE} | interval[20..50: warmup(30), 40..45:3]", {35: 0.25, 40: 3}, id="one inside"
        ),
        pytest.param(
            f"{LINE} | interval[10:*4, 20..50: warmup(30)]", {35: 1, 50: 2}, id="one before"
        ),
        pytest.param(
            f"{LINE} | interval[20..50: warmup(30), 50..60: cosine(prev, 0, 10)]",
            {35: 0.25, 50: 0.5},
            id="one that leans on what lies beneath",
        ),
        pytest.param(
            f"{LINE} | interval[20..50: warmup(30), 30..60: linear(prev, 0, 30)]",
            {25: 0.1 / 6, 30: 0.1 / 3, 45: 0.1 / 6},
            id="a circle",
        ),
        pytest.param("1 | interval[20: 2 * next]", {20: 0.2}, id="never ends"),
        pytest.param("1 | interval[20: step(next, 0.5, 10)]", {20: 0.1}, id="an endless shape"),
        pytest.param("1 | interval[20..30: 2 * next]", {20: 2}, id="a number in a range"),
        pytest.param(
            f"hold(5) >> ({LINE} | interval[20..50: warmup(30)])",
            {40: 0.25, 55: 0.5},
            id="in a chain",
        ),
        pytest.param(
            f"({LINE} | interval[20..50: warmup(30)]) | repeat(2)",
            {35: 0.25, 135: 0.25},
            id="repeated",
        ),
    ],
)
def test_next(spec: str, expected: dict[int, float]) -> None:
    check(spec, expected, **RUN)


ENTRY = st.tuples(
    st.integers(0, 60),
    st.none() | st.integers(0, 40),
    st.sampled_from(
        ["warmup(9)", "constant(next, 7)", "0.3", "*0.5", "linear(prev, next, 12)", "*warmup(5)"]
    ),
)


@given(st.lists(ENTRY, min_size=1, max_size=5))
def test_a_range_leads_to_what_stands_at_its_end(entries: list[tuple[int, Any, str]]) -> None:
    """A range of one value, before whatever entries do not lean on it, equals what comes next."""
    written = []
    for start, length, value in sorted(entries, key=lambda entry: entry[0]):
        stop = "" if length is None else f"..{start + length}"
        factor, text = ("*", value[1:]) if value[0] == "*" else ("", value)
        written.append((start, f"{start}{stop}:{factor}{text}"))
    first = written[0][0]
    others = [text for _, text in written]
    spec = f"linear(1, 0, 100) | interval[{', '.join(others)}]"
    plain = lrdsl.compile(spec, **RUN)
    leading = f"linear(1, 0, 100) | interval[{', '.join(['0..' + str(first) + ': next', *others])}]"
    found = lrdsl.compile(leading, **RUN)
    assert first == 0 or found(0) == plain(first)
    assert found.values(150)[first:].tolist() == plain.values(150)[first:].tolist()
