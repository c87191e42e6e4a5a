"""The Schedule: its values, segments, bounds, copies, and use by threads."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import lrdsl
from lrdsl import SpecError
from lrdsl.schedule.schedule import Segment
from tests.support.counting import bounded
from tests.support.reference import codes

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
    assert list(only.facts().values()) == [0, math.inf, 0.1, None, "0.1"]
    first, second = lrdsl.compile("linear(1, 0, 10) >> step(1, 0.5, 5)").segments
    assert (first.stop, second.start, second.stop, second.last) == (10, 10, math.inf, None)
    assert lrdsl.compile("0.1").boundaries == ()
    (only,) = lrdsl.compile("0.1", total_steps=50).segments
    assert list(only.facts().values()) == [0, 50, 0.1, 0.1, "0.1"]


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
