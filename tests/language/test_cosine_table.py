"""Cosines by angle addition: as exact as the cosine itself, and the same however asked for."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import lrdsl
from lrdsl.language.pointwise import cosine_table as module
from lrdsl.language.pointwise.blocks import BLOCK, MIN_TABLED
from lrdsl.language.pointwise.cosine_table import MAX_SPAN, cosines
from lrdsl.language.pointwise.times import Range, piecewise
from lrdsl.language.signal import CHUNK

SPANS = [
    1,
    2,
    7,
    MIN_TABLED,
    BLOCK - 1,
    BLOCK,
    BLOCK + 1,
    99_999,
    10**6,
    MAX_SPAN,
    MAX_SPAN + 1,
    10**9,
]
spans = st.sampled_from(SPANS) | st.integers(1, 3 * MAX_SPAN)
values = st.floats(-10, 10).filter(lambda x: x == 0 or abs(x) > 1e-6)


def bits(found: Any) -> bytes:
    return np.asarray(found, dtype=np.float64).tobytes()


@given(spans, st.data())
def test_a_value_does_not_depend_on_how_it_is_asked_for(span: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, span))
    size = data.draw(st.integers(1, min(span - first + 1, 3 * BLOCK)))
    radius = data.draw(st.floats(0.01, 10))
    t = Range(float(first), size)
    found = cosines(t, span, radius)
    assert found.shape == (size,)
    order = np.random.default_rng(size).permutation(size)
    assert bits(cosines(np.asarray(t), span, radius)) == bits(found)
    assert bits(cosines(np.asarray(t)[order], span, radius)) == bits(found[order])
    with_fraction = np.append(np.asarray(t)[order], 0.25)
    assert bits(cosines(with_fraction, span, radius)[:-1]) == bits(found[order])
    for i in order[:20].tolist():
        assert bits(cosines(Range(float(first + i), 1), span, radius)) == bits(found[i])
        assert bits(cosines(np.array([float(first + i)]), span, radius)) == bits(found[i])


@pytest.mark.skipif(
    np.finfo(np.longdouble).eps > 1e-18, reason="no type here is more exact than float64"
)
@pytest.mark.parametrize("span", SPANS)
def test_it_is_as_exact_as_the_cosine(span: int) -> None:
    t = np.unique(np.linspace(0, span, 20_000).astype(np.int64))
    exact = np.cos(np.arctan(np.longdouble(1)) * 4 * t.astype(np.longdouble) / span)
    found = cosines(t.astype(np.float64), span, 1.0)
    assert np.abs(found - exact).max() < 3 * np.finfo(np.float64).eps


@pytest.mark.parametrize("span", [s for s in SPANS if s > 2 * BLOCK])
@pytest.mark.parametrize(
    ("start", "end"), [(1.0, 0.0), (0.1, 1e-5), (1.0, 1.0 - 1e-9), (-0.3, 0.7), (3e-4, 1.0)]
)
def test_it_never_turns_round(start: float, end: float, span: int) -> None:
    schedule = lrdsl.compile(f"cosine({start!r}, {end!r}, {span})")
    for first in (0, BLOCK - 100, span // 2, span - BLOCK, span - 300):
        steps = np.arange(first, min(first + 2 * BLOCK, span + 1))
        found = schedule(steps)
        assert (np.diff(found) * (end - start) >= 0).all()
        assert schedule.bounds(first, int(steps[-1]) + 1) == (found.min(), found.max())


@given(values, values, spans, st.booleans())
def test_the_ends_are_met_exactly(start: float, end: float, span: int, closed: bool) -> None:
    text = f"ramp(cosine, {start!r}, {end!r}, {span}, closed={str(closed).lower()})"
    schedule, last = lrdsl.compile(text), max(span - closed, 0)
    assert schedule(last) == end
    assert bits(schedule([last, last + 1, 10**12])) == bits([end] * 3)
    if last > 0:
        assert schedule(0) == start
        assert bits(schedule(np.arange(min(last, 3 * MIN_TABLED)))[0]) == bits(start)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("warmup(100k) >> cosine(1, 1e-3, 900k)", id="warmup and cosine"),
        pytest.param(" >> ".join(["cosine(1, 0.1, 125k)"] * 8), id="eight segments"),
    ],
)
def test_few_cosines_serve_many_updates(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[int] = []
    turned: Callable[..., Any] = module._rotation

    def counted(t: Any, *rest: float) -> Any:
        computed.append(np.size(t))
        return turned(t, *rest)

    monkeypatch.setattr(module, "_rotation", counted)
    module._table.cache_clear()
    lrdsl.compile(text).values(10**6)
    assert 0 < sum(computed) < 50_000


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("warmup(100k) >> cosine(1, 1e-3, 4.9M)", id="warmup and cosine"),
        pytest.param("linear(1, 0.5, 5M) * cosine(1, 0, 5M)", id="a product"),
        pytest.param("polynomial(1, 0, 2M) >> cosine(1, 0, 1M) | repeat()", id="repeated"),
    ],
)
def test_memory_does_not_grow_with_the_updates(text: str) -> None:
    schedule = lrdsl.compile(text)
    tracemalloc.start()
    try:
        found = schedule.values(5 * 10**6)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - found.nbytes < 2 * 2**20


def calls(work: Callable[[], object]) -> int:
    """How many functions are called for it, those written in C as well."""
    count = 0

    def look(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(look)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_one_value_of_a_long_chain_costs_what_it_costs_of_a_short_one() -> None:
    pair = "linear(0, 1, 5) >> cosine(1, 0, 5)"
    short, long = lrdsl.compile(pair), lrdsl.compile(" >> ".join([pair] * 500))
    for t in (2, 7):
        for far in (t, t + 10 * 250, t + 10 * 499):
            assert long(far) == short(t)
            assert calls(lambda far=far: long(far)) == calls(lambda t=t: short(t)) < 80  # type: ignore[misc]
    assert calls(lambda: long(10**12)) == calls(lambda: long(10**9)) < 100


# --- ranges ---------------------------------------------------------------------------------------


def test_a_range_is_taken_for_its_array() -> None:
    t = Range(3.0, 4)
    assert np.asarray(t).tolist() == [3.0, 4.0, 5.0, 6.0]
    assert np.asarray(t + 2).tolist() == [5.0, 6.0, 7.0, 8.0]
    assert np.asarray(t - 0.5).tolist() == [2.5, 3.5, 4.5, 5.5]
    assert np.asarray(t[1:3]).tolist() == [4.0, 5.0]
    assert np.minimum(t, 4).tolist() == [3.0, 4.0, 4.0, 4.0]
    assert (t.last, (t + 2).last, np.asarray(Range(2.0**53, 1)).tolist()) == (6, 8, [2.0**53])


@given(st.lists(st.integers(1, 9), max_size=6), st.integers(0, 40), st.integers(0, 40))
def test_pieces_come_in_any_order(lengths: list[int], first: int, size: int) -> None:
    starts = np.cumsum([0, *lengths]).astype(np.float64)

    def part(i: int, t: Any) -> NDArray[np.float64]:
        assert np.size(np.asarray(t)) == t.size
        return 1000.0 * i + np.asarray(t)

    t = np.asarray(Range(float(first), size))
    expected = t + 1000.0 * (np.searchsorted(starts, t, "right") - 1)
    order = np.random.default_rng(size).permutation(size)
    assert piecewise(Range(float(first), size), starts, part).tolist() == expected.tolist()
    assert piecewise(t, starts, part).tolist() == expected.tolist()
    assert piecewise(t[order], starts, part).tolist() == expected[order].tolist()


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(np.arange(5, 5 + CHUNK + 9), id="int64"),
        pytest.param(np.arange(200, dtype=np.uint8), id="uint8"),
        pytest.param(np.array([250, 251, 252, 3, 4], dtype=np.uint8), id="no range"),
        pytest.param(np.array([3, 3, 5]), id="twice the same"),
        pytest.param(np.arange(24).reshape(2, 3, 4).T, id="transposed"),
        pytest.param(np.arange(0, 90, 3)[::2], id="strided"),
    ],
)
def test_arrays_of_steps(steps: Any) -> None:
    schedule = lrdsl.compile("cosine(1, 0, 100) >> linear(1, 0, 70k)")
    found = schedule(steps)
    assert found.shape == steps.shape
    assert found.ravel().tolist() == [schedule(int(t)) for t in steps.ravel()]
