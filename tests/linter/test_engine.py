"""What `lrdsl.lint` does before and around the rules."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl.compiler import frontend
from lrdsl.language.language import Language, current, use
from lrdsl.language.signal import ConstantSignal, TimelineSegment
from lrdsl.linter import context as lint_context
from lrdsl.linter import engine
from lrdsl.linter.config import Project
from lrdsl.linter.lint_source import lint_source
from lrdsl.linter.read_source import read_text
from lrdsl.linter.rule import RULES
from lrdsl.linter.sources.heuristics import calls_schedule, looks_like_spec
from lrdsl.syntax.ast import Name


def names(spec: Any, **context: Any) -> list[str]:
    return [found.name for found in lrdsl.lint(spec, **context)]


def test_definitions_beside_the_spec_are_read_once() -> None:
    spec = {"spec": "fall(1)", "definitions": "def fall(x) = cosine(x, 0, 800)"}
    assert names(spec) == []
    assert names(spec, definitions="def other(x) = x", total_steps=500) == ["longer-than-run"]
    assert names(spec, definitions="def fall(x) = x") == ["duplicate-name"]


@pytest.mark.parametrize(
    ("spec", "context"),
    [
        pytest.param("warmup(100) >> cosine(1, 0, 800)", {}, id="all known"),
        pytest.param("warmup(100) >> cosine(base, 0, 800)", {}, id="base unknown"),
        pytest.param("warmup(5%) >> cosine(peak, 0)", {}, id="run unknown"),
        pytest.param("torch.OneCycleLR(0.1)", {"total_steps": 1000}, id="definition"),
        pytest.param("cosine(1, 0, 100) | repeat()", {"total_steps": 1000}, id="modifier"),
        pytest.param("cosin(1, 0, 100)", {}, id="mistake"),
    ],
)
def test_a_spec_is_analysed_once(
    spec: str, context: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    analysed: list[str] = []

    def analyse(language: Language, source: str, *others: Any) -> frontend.Analysis:
        analysed.append(source)
        return frontend.analyse(language, source, *others)

    monkeypatch.setattr(engine, "analyse", analyse)
    monkeypatch.setattr(lint_context, "analyse", analyse)
    lrdsl.lint(spec, **context)
    assert analysed == [spec]


@pytest.mark.parametrize("count", [90, 110, 300])
def test_what_is_unknown_is_no_mistake_however_often(count: int) -> None:
    spec = " >> ".join([f"linear(peak_{i}, 0, 1ep)" for i in range(count)])
    assert names(spec) == []
    found = names(f"cosine(1, 0, 9ep, 2, 3) >> {spec}")
    assert found == ["too-many-arguments"], "and how many more are unknown is not said"


@pytest.mark.parametrize(
    ("part", "rule", "more"),
    [
        pytest.param("linear(0.5, 0.5, 5)", "constant-ramp", 51, id="a rule about parts"),
        pytest.param("linear(0.2, 0.5, 5)", "joint-jump", 50, id="a rule about joints"),
    ],
)
def test_findings_beyond_a_hundred_are_counted(part: str, rule: str, more: int) -> None:
    *found, last = lrdsl.lint(" >> ".join([part] * 151))
    assert [each.name for each in found] == [rule] * 100
    assert last.message == f"there are {more} findings more of `{rule}`"
    assert (last.name, last.severity) == ("too-many-mistakes", RULES[rule].severity)


def test_how_many_more_there_are_is_told_behind_the_spec() -> None:
    spec = " >> ".join(["linear(0.5, 0.5, 5)"] * 150)
    file = read_text("a.yaml", f"a: {{lr: '{spec}'}}\nb: {{lr: 'cosin(1)'}}\n")
    found = lint_source(file, Project())
    assert [each.diagnostic.code for each in found[-2:]] == ["LR110", "LR201"]
    assert [file.position(each.start)[0] for each in found[-3:]] == [1, 1, 2]
    assert found[-2].start == file.text.index("'}")


def test_definitions_and_shapes_are_known_from_when_they_are_made() -> None:
    assert not calls_schedule("late_fall(1)")
    assert not looks_like_spec("late_fall")
    with use(current()):
        lrdsl.define("def late_fall(x) = cosine(x, 0, 800)")
        assert calls_schedule("late_fall(1)")
        assert looks_like_spec("late_fall")
    assert not calls_schedule("late_fall(1)")


def segment(start: int, stop: float) -> TimelineSegment:
    return TimelineSegment(start, stop, Name("x"), ConstantSignal(0.0, "0"))


STOPS = st.integers(0, 6) | st.just(math.inf)
PLACES = st.tuples(st.integers(-2, 5), STOPS).map(lambda x: (x[0], max(x)))


@given(st.lists(PLACES, max_size=9))
def test_a_part_is_left_out_if_it_holds_another(places: list[tuple[int, float]]) -> None:
    every = [segment(start, stop) for start, stop in places]

    def holds_another(one: TimelineSegment) -> bool:
        return any(
            one.start <= other.start < other.stop <= one.stop
            and (one.start, one.stop) != (other.start, other.stop)
            for other in every
        )

    expected = [
        one for one in sorted(every, key=lambda x: (x.start, x.stop)) if not holds_another(one)
    ]
    found = lint_context._leaves(every)
    assert [id(one) for one in found] == [id(one) for one in expected]
