"""Laws that hold for every spec, tried on specs that Hypothesis makes up."""

from __future__ import annotations

import itertools
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, reject, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

import lrdsl
from lrdsl import Schedule, Spec, SpecError
from lrdsl.language.signal import CHUNK
from lrdsl.syntax.unparse import unparse
from tests.support import strategies
from tests.support.counting import MOST_CALLS, bounded

FAR = 3000
"""How many updates of a schedule are looked at."""


def compiled(text: str) -> Schedule:
    try:
        return lrdsl.compile(text, **strategies.CONTEXT)
    except SpecError as error:
        # Rounds of rounds may take more than the run, and then nothing is left for the last part.
        if {found.code for found in error.diagnostics} == {"LR405"}:
            reject()
        raise


def seen(schedule: Schedule) -> int:
    """How many of its updates to look at: a little more than the length."""
    return int(min(schedule.length + 30, FAR))


def bits(values: Any) -> bytes:
    return np.asarray(values, dtype=np.float64).tobytes()


# --- text -----------------------------------------------------------------------------------------


@given(strategies.trees)
def test_text_round_trip(tree: Any) -> None:
    spec = Spec(tree)
    text = str(spec)
    again = lrdsl.parse(text)
    assert again == spec
    assert hash(again) == hash(spec)
    assert str(again) == text


@given(strategies.specs)
def test_formatting_a_valid_spec_keeps_its_meaning(text: str) -> None:
    spec = lrdsl.parse(text)
    canonical = str(spec)
    assert str(lrdsl.parse(canonical)) == canonical
    assert lrdsl.parse(canonical) == spec
    one, other = compiled(text), compiled(canonical)
    assert one == other
    assert one.length == other.length
    assert bits(one.values(200)) == bits(other.values(200))


@given(strategies.specs)
def test_canonical_text_is_a_plain_yaml_scalar(text: str) -> None:
    canonical = str(lrdsl.parse(text))
    found = OmegaConf.create(f"spec: {canonical}").spec
    assert str(found) == canonical


@given(strategies.trees, st.randoms())
def test_spaces_and_comments_never_matter(tree: Any, random: Any) -> None:
    words = unparse(tree).split(" ")
    gaps = [" ", "  ", "\n", "\t", " # (a >> comment\n", "\r\n"]
    text = "".join(word + random.choice(gaps) for word in words)
    if '"' not in text and "'" not in text:
        assert lrdsl.parse(text) == Spec(tree)


# --- schedules ------------------------------------------------------------------------------------


@given(strategies.specs, st.randoms())
def test_scalar_equals_array_bit_for_bit(text: str, random: Any) -> None:
    schedule = compiled(text)
    count = seen(schedule)
    values = schedule(np.arange(count))
    assert bits(schedule.values(count)) == bits(values)
    steps = [random.randrange(count) for _ in range(200)]
    assert bits(schedule(np.array(steps))) == bits(values[steps])
    for t in {0, count - 1, *steps[:40]}:
        assert bits(schedule(t)) == bits(values[t]), t


@settings(max_examples=settings().max_examples // 4)
@given(strategies.specs, st.integers(1, 2 * CHUNK), st.integers(1, CHUNK))
def test_chunks_leave_no_trace(text: str, offset: int, size: int) -> None:
    schedule = compiled(text)
    whole = schedule.values(3 * CHUNK + 7)
    assert bits(schedule(np.arange(offset, len(whole)))) == bits(whole[offset:])
    assert bits(schedule(np.arange(offset, offset + size))) == bits(whole[offset : offset + size])
    shuffled = np.random.default_rng(size).permutation(len(whole))
    assert bits(schedule(shuffled)) == bits(whole[shuffled])
    assert bits(schedule(np.arange(len(whole))[::-3])) == bits(whole[::-3])
    for t in (0, CHUNK - 1, CHUNK, offset, offset + size - 1):
        assert bits(schedule(t)) == bits(whole[t]), t


@given(strategies.specs, st.integers(0, FAR))
def test_resumed_equals_never_stopped(text: str, k: int) -> None:
    """What a fresh process computes from update k on is what the first would have."""
    schedule = compiled(text)
    count = seen(schedule)
    k = min(k, count)
    straight = schedule.values(count)
    resumed = compiled(text)
    assert bits(resumed(np.arange(k, count))) == bits(straight[k:])


@given(strategies.specs)
def test_finite_everywhere(text: str) -> None:
    schedule = compiled(text)
    assert np.isfinite(schedule.values(seen(schedule))).all()
    assert all(math.isfinite(schedule(t)) for t in (10**6, 10**9, 10**12))


@example("hold(2ep) >> ((hold(2) >> linear(1, 0, 2ep)) | repeat(1))")  # from 66.6 to 135.2
@example("hold(2ep) >> ((hold(2) >> linear(1, 0, 2ep)) | repeat(2, stretch=2))")
@given(strategies.finite)
def test_past_its_length_a_schedule_holds_its_final_value(text: str) -> None:
    schedule = compiled(text)
    length = int(schedule.length)
    after = schedule(np.arange(length, length + 100))
    assert set(after.tolist()) == {schedule(10**12)}


@given(strategies.specs, st.integers(0, FAR), st.integers(1, FAR))
def test_bounds_are_the_lowest_and_the_highest_value(text: str, start: int, count: int) -> None:
    schedule = compiled(text)
    values = schedule(np.arange(start, start + count))
    low, high = schedule.bounds(start, start + count)
    assert low <= values.min()
    assert values.max() <= high
    assert (low, high) == (values.min(), values.max())


@given(strategies.specs)
def test_segments_tile_the_schedule(text: str) -> None:
    schedule = compiled(text)
    stop = schedule.length
    if math.isinf(stop):
        stop = strategies.CONTEXT["total_steps"]
    segments = schedule.segments
    assert segments[0].start == 0
    assert segments[-1].stop == stop
    for one, following in itertools.pairwise(segments):
        assert one.stop == following.start
    for segment in segments:
        assert segment.start < segment.stop
        assert type(segment.start) is int
        assert bits(segment.first) == bits(schedule(segment.start))
        assert segment.last is not None
        assert bits(segment.last) == bits(schedule(int(segment.stop) - 1))
        assert segment.description
    assert schedule.boundaries == tuple(segment.stop for segment in segments)


@given(strategies.specs)
def test_pickled_equals_the_original(text: str) -> None:
    schedule = compiled(text)
    again = pickle.loads(pickle.dumps(schedule))
    assert again == schedule
    assert hash(again) == hash(schedule)
    assert again.length == schedule.length
    assert again.segments == schedule.segments
    assert bits(again.values(300)) == bits(schedule.values(300))


EXPLICIT = st.sampled_from(
    [
        "linear(1, 0.5, {})",
        "cosine(0.1, 1e-3, {})",
        "polynomial(1, 0, {}, power=3)",
        "exponential(1, 1e-3, {})",
        "constant(0.7, {})",
        "warmup({}, end=0.4)",
        "(step(1, 0.5, 7) | take({}))",
        "(0.1 / (1 + 0.05*t) | take({}))",
        "(linear(1, 0, 5) | repeat() | take({}))",
        "linear(1, 0, {}) * cosine(1, 0.5, 11)",
        "(cosine(1, 0, {}) | every(5) | clip(0.1, _))",
        "(linear(1, 0, {}) | interval[3:*0.5, 6..9:7])",
    ]
)


@given(st.lists(st.tuples(EXPLICIT, st.integers(11, 50)), min_size=2, max_size=5))
def test_a_chain_equals_its_pieces(parts: list[tuple[str, int]]) -> None:
    texts = [text.format(n) for text, n in parts]
    pieces = [lrdsl.compile(text) for text in texts]
    chain = lrdsl.compile(" >> ".join(texts))
    assert chain.length == sum(piece.length for piece in pieces)
    at = 0
    for piece, (_, steps) in zip(pieces, parts, strict=True):
        assert piece.length == steps
        assert bits(chain(np.arange(at, at + steps))) == bits(piece.values(steps))
        at += steps
    assert bits(chain(np.arange(at, at + 20))) == bits(pieces[-1](np.arange(steps, steps + 20)))


@given(strategies.finite, strategies.finite)
def test_operators_work_update_by_update(a: str, b: str) -> None:
    one, other, steps = compiled(a), compiled(b), np.arange(500)
    x, y = one(steps), other(steps)
    for text, expected in [
        (f"({a}) + ({b})", x + y),
        (f"({a}) - ({b})", x - y),
        (f"({a}) * ({b})", x * y),
        (f"-({a})", -x),
        (f"max(({a}), ({b}))", np.maximum(x, y)),
        (f"({a}) | clip(0.2, 0.4)", np.clip(x, 0.2, 0.4)),
        (f"({a}) | take(100)", x[np.minimum(steps, 100)]),
        (f"({a}) | interval[50:*0.5]", np.where(steps >= 50, x * 0.5, x)),
        (f"({a}) | interval[50..60:{'0.25'}]", np.where((steps >= 50) & (steps < 60), 0.25, x)),
    ]:
        found = compiled(text)
        assert bits(found(steps)) == bits(expected), text
    assert compiled(f"({a}) * ({b})").length == max(one.length, other.length)


@given(st.integers(1, 10**7), st.lists(st.integers(1, 9999), min_size=1, max_size=8))
def test_shares_always_make_the_whole_run(total: int, cuts: list[int]) -> None:
    """Hundredths of a percent that add up to 100%: each boundary rounds half up on its own."""
    edges = [0, *sorted(set(cuts)), 10_000]
    shares = [later - earlier for earlier, later in itertools.pairwise(edges)]
    schedule = lrdsl.compile(
        " >> ".join(f"linear(1, 0, {share / 100!r}%)" for share in shares), total_steps=total
    )
    assert schedule.length == total
    wanted = {(2 * total * edge + 10_000) // 20_000 for edge in edges[1:]}
    assert set(schedule.boundaries) <= wanted | {total}
    assert schedule(total) == 0.0


# --- any text at all ------------------------------------------------------------------------------


def speaks(error: SpecError, source: str) -> None:
    """Every diagnostic of an error points into the source and can be shown."""
    assert error.diagnostics
    for diagnostic in error.diagnostics:
        start, stop = diagnostic.span[:2]
        if diagnostic.position is not None:
            assert 0 <= start < stop or start == stop == len(source)
            assert stop <= max(len(source), 1)
        lines = diagnostic.render().split("\n")
        assert lines[0].startswith(f"error[{diagnostic.code}]: ")
        assert "\r" not in diagnostic.render()
        assert "Traceback" not in diagnostic.message
        assert diagnostic.to_dict()["code"] == diagnostic.code
        if diagnostic.replacement is not None:
            assert diagnostic.fix
    assert pickle.loads(pickle.dumps(error)).diagnostics == error.diagnostics


def survives(text: str) -> None:
    """Text is a schedule, or it is told why not."""
    try:
        spec = lrdsl.parse(text)
    except SpecError as error:
        speaks(error, text)
        spec = None
    try:
        schedule = compiled(text)
        assert spec is not None
        schedule([0, 1, 10, 1000, 10**12])
        schedule.bounds(0, 100)
        assert schedule.segments or schedule.length == 0
    except SpecError as error:
        speaks(error, text)
    if spec is not None:
        assert lrdsl.parse(str(spec)) == spec


@given(st.text())
@example("")
@example("\ud800")
@example("\x00")
@example("'")
@example("1 # \ud800")
@example("_")
@example("none")
@example("linear(1,0,5)|repeat()|repeat()")
def test_any_text(text: str) -> None:
    survives(text)


@given(st.text(alphabet="()[],:.|>+-*/=_#'\" \n0123456789ektM%abx", max_size=40))
def test_any_text_of_the_languages_own_characters(text: str) -> None:
    survives(text)


@settings(max_examples=3 * settings().max_examples)
@given(st.lists(st.sampled_from(strategies.SCRAPS), max_size=12).map("".join))
def test_any_heap_of_scraps(text: str) -> None:
    survives(text)


@settings(max_examples=3 * settings().max_examples)
@given(strategies.mangled())
def test_mangled_specs(text: str) -> None:
    survives(text)


@settings(max_examples=2 * settings().max_examples)
@given(strategies.trees)
def test_nonsense_that_parses(tree: Any) -> None:
    survives(unparse(tree))


# --- size and time --------------------------------------------------------------------------------


LONGEST = 65_500
ROOM = LONGEST if settings().max_examples >= 100 else LONGEST * 2 // 5
"""Bytes that are filled: 64 KiB in continuous integration, by hand a part, in so much less work."""


def filled(unit: str, joint: str = "", head: str = "", tail: str = "") -> str:
    """As much of a unit as there is room for."""
    room = ROOM - len((head + tail).encode())
    return head + joint.join([unit] * (room // len((unit + joint).encode()))) + tail


HUGE: list[Any] = [
    pytest.param(lambda: filled("linear(1, 0, 5)", " >> "), id="long chain"),
    pytest.param(lambda: filled("hold(1)", ">>"), id="long chain of holds"),
    pytest.param(lambda: filled("warmup(1)", ">>"), id="long chain of warmups"),
    pytest.param(lambda: filled("constant(next,1)", ">>", tail=">>hold(1)"), id="chain of next"),
    pytest.param(lambda: filled("linear(_,next,1)", ">>"), id="chain of prev and next"),
    pytest.param(lambda: filled("warmup(1)>>hold(1)", ">>"), id="warmups and holds"),
    pytest.param(lambda: filled("1", "+"), id="long sum"),
    pytest.param(lambda: filled("t", "*"), id="long product"),
    pytest.param(lambda: filled("hold(1)", "+"), id="long sum of shapes"),
    pytest.param(lambda: filled("2", "**"), id="long power"),
    pytest.param(lambda: filled("1", "+", "max(", ",1)"), id="long sum in a call"),
    pytest.param(lambda: filled("1", ",", "max(", ")"), id="many arguments"),
    pytest.param(lambda: filled("t", ",", "max(", ")"), id="many schedules in a function"),
    pytest.param(lambda: filled("1", ",", "linear(", ")"), id="too many arguments"),
    pytest.param(lambda: filled("x=1", ",", "linear(", ")"), id="too many names"),
    pytest.param(lambda: filled("1", ",", "multistep(1,.5,[", "])"), id="long list"),
    pytest.param(lambda: filled("("), id="open brackets"),
    pytest.param(lambda: filled(")"), id="closing brackets"),
    pytest.param(lambda: filled("["), id="open square brackets"),
    pytest.param(lambda: filled("()"), id="empty brackets"),
    pytest.param(lambda: filled("-"), id="minus signs"),
    pytest.param(lambda: filled("-", tail="1"), id="minus signs before a number"),
    pytest.param(lambda: filled("- ", tail="1"), id="minus signs and spaces"),
    pytest.param(lambda: filled("*"), id="stars"),
    pytest.param(lambda: filled(">>"), id="arrows"),
    pytest.param(lambda: filled("|"), id="bars"),
    pytest.param(lambda: filled(","), id="commas"),
    pytest.param(lambda: filled("a("), id="nested calls"),
    pytest.param(lambda: filled("max(1,"), id="nested functions"),
    pytest.param(lambda: filled("9"), id="long number"),
    pytest.param(lambda: filled("9", head="0."), id="many decimals"),
    pytest.param(lambda: filled("0", head="1e-"), id="long exponent"),
    pytest.param(lambda: filled("_", head="1"), id="number of underscores"),
    pytest.param(lambda: filled("a"), id="long name"),
    pytest.param(lambda: filled("a", "."), id="long dotted name"),
    pytest.param(lambda: filled("a "), id="many names"),
    pytest.param(lambda: filled("1 "), id="many numbers"),
    pytest.param(lambda: filled("cosin(1,0,5)", ">>"), id="many unknown shapes"),
    pytest.param(lambda: filled("peek", "+"), id="many unbound names"),
    pytest.param(lambda: filled("hold(0)", ">>"), id="many empty segments"),
    pytest.param(lambda: filled("linear()", ">>"), id="many open segments"),
    pytest.param(lambda: filled("$"), id="stray characters"),
    pytest.param(lambda: filled("日"), id="wide stray characters"),
    pytest.param(lambda: filled("\n"), id="newlines"),
    pytest.param(lambda: filled("\n", head="1", tail="$"), id="newlines and a mistake"),
    pytest.param(lambda: filled("#"), id="a long comment"),
    pytest.param(lambda: filled("#(\n", tail="1"), id="many comments"),
    pytest.param(lambda: filled("'"), id="quotes"),
    pytest.param(lambda: filled("''"), id="empty strings"),
    pytest.param(lambda: filled("clip(0,1)", "|", "1|"), id="many modifiers"),
    pytest.param(lambda: filled("repeat(1)", "|", "hold(5)|"), id="many repeats"),
    pytest.param(
        lambda: "1|interval[" + ",".join(f"{i}:1" for i in range(1, 8000)) + "]", id="interval"
    ),
    pytest.param(
        lambda: "1|interval[" + ",".join(f"{i}:*2" for i in range(1, 900)) + "]", id="factors"
    ),
    pytest.param(
        lambda: "1|interval[" + ",".join(f"{i}:prev" for i in range(1, 5000)) + "]", id="prevs"
    ),
    pytest.param(lambda: "points[" + ",".join(f"{i}:1" for i in range(1, 8000)) + "]", id="points"),
    pytest.param(lambda: filled("1:1", ",", "1|interval[", "]"), id="unsorted interval"),
    pytest.param(lambda: "1" + "|interval[5:1" * 190 + "]" * 190, id="interval in interval"),
    pytest.param(
        lambda: " >> ".join(["constant(next+next,1)"] * 30), id="next twice, again and again"
    ),
    pytest.param(
        lambda: " >> ".join(["constant(prev+next,1)"] * 30), id="prev and next, again and again"
    ),
    pytest.param(
        lambda: " >> ".join(["warmup(1,start=next,end=next)"] * 30), id="start and end are next"
    ),
    pytest.param(lambda: "hold(5)" + "|repeat(2)" * 45, id="repeats of repeats"),
    pytest.param(lambda: "hold(5)" + "|repeat(2,stretch=0.5)" * 40, id="shorter and shorter"),
    pytest.param(lambda: "hold(5)" + "|repeat(2,stretch=2)" * 30, id="longer and longer"),
    pytest.param(lambda: "hold(5)|repeat(1e15)", id="very many rounds"),
    pytest.param(lambda: "hold(5)|repeat(1e5,stretch=1.0001)", id="many uneven rounds"),
    pytest.param(lambda: "hold(5)|repeat(99999,stretch=0.9999)", id="many shorter rounds"),
    pytest.param(lambda: "2**(2**(2**(2**(2**9))))", id="tower of powers"),
    pytest.param(lambda: f"hold({'9**' * 30}9)", id="tower of powers in a duration"),
    pytest.param(lambda: f"hold({'*'.join(['1.23456789'] * 5000)})", id="long exact product"),
    pytest.param(lambda: f"hold({'/'.join(['1e9'] + ['7'] * 5000)})", id="long exact quotient"),
]


@pytest.mark.slow
@pytest.mark.parametrize("make", HUGE)
def test_size_and_time_are_bounded(make: Callable[[], str]) -> None:
    text, complaint = make(), None
    with bounded(MOST_CALLS * ROOM // LONGEST):
        try:
            schedule = lrdsl.compile(text, **strategies.CONTEXT)
            schedule([0, 1, 100, 10**9])
            described = sum(len(segment.description) for segment in schedule.segments)
            assert described < 10_000_000
        except SpecError as error:
            complaint = error
    if complaint is not None:
        assert len(str(complaint)) < 2_000_000, "more than anybody will read"
        speaks(complaint, text)


@pytest.mark.parametrize("depth", [50, 90, 190])
@pytest.mark.parametrize(
    ("head", "tail"),
    [
        pytest.param("(", ")", id="brackets"),
        pytest.param("-", "", id="minus signs"),
        pytest.param("max(1,", ")", id="functions"),
        pytest.param("1**", "", id="powers"),
        pytest.param("constant(1,1)>>(", ")", id="chains"),
        pytest.param("1+(", ")", id="sums"),
        pytest.param("(", "|clip(0,9))", id="modifiers"),
        pytest.param("1|interval[1:", "]", id="intervals"),
    ],
)
def test_allowed_depth_compiles(head: str, tail: str, depth: int) -> None:
    """Nesting is bounded, but what is within the bound works all the way to a pickle."""
    if "interval" in head:
        depth //= 2  # a bracket, an entry and a pipe each are a level
    with bounded():
        schedule = lrdsl.compile(head * depth + "1" + tail * depth)
        again = pickle.loads(pickle.dumps(schedule))
        assert bits(again([0, 1, 5])) == bits(schedule([0, 1, 5]))
        assert lrdsl.parse(str(schedule.spec)) == schedule.spec


def test_64_kib_is_the_limit() -> None:
    fits = "1" + " " * (2**16 - 1)
    assert lrdsl.compile(fits)(0) == 1.0
    with pytest.raises(SpecError, match="LR108"):
        lrdsl.parse(fits + " ")
    with pytest.raises(SpecError, match="LR108"):
        lrdsl.parse("1 #" + "é" * 2**15)


@pytest.mark.parametrize("text", ["(" * 201 + "1" + ")" * 201, "-" * 500 + "1", "1" + "**1" * 500])
def test_deeper_is_a_diagnostic(text: str) -> None:
    with pytest.raises(SpecError, match="LR109"):
        lrdsl.compile(text)
