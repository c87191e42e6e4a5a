"""What is kept of texts that were compiled before: never what they no longer mean."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import lrdsl
from lrdsl.compiler.frontend import Analysis, analyse
from lrdsl.language.language import Language
from lrdsl.schedule import compile as module
from lrdsl.syntax.grammar import MAX_CACHED_CHARACTERS

SPEC = "warmup(linear, 100) >> cosine(1, 1e-3, 800)"


def test_the_same_text_in_the_same_context_is_the_schedule_made_before() -> None:
    assert lrdsl.compile(SPEC, peak=1) is lrdsl.compile(SPEC, peak=1.0)
    assert lrdsl.compile(SPEC) is not lrdsl.compile(SPEC, total_steps=1000)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({"base_lr": 0.1}, {"base_lr": 0.2}, id="base"),
        pytest.param({"base_lr": 0.1, "n": 5}, {"base_lr": 0.1, "n": 6}, id="variable"),
        pytest.param(
            {"base_lr": 0.1, "definitions": "def kept_a(x) = x"},
            {"base_lr": 0.1, "definitions": "def kept_b(x) = x"},
            id="definitions",
        ),
    ],
)
def test_another_context_is_another_schedule(first: dict[str, Any], second: dict[str, Any]) -> None:
    spec = "constant(base, 5)"
    assert lrdsl.compile(spec, **first) is not lrdsl.compile(spec, **second)


def test_a_definition_made_again_counts_at_once() -> None:
    lrdsl.define("def kept_peak(a) = constant(a, 5)")
    assert lrdsl.compile("kept_peak(1)")(0) == 1
    lrdsl.define("def kept_peak(a) = constant(2*a, 5)")
    assert lrdsl.compile("kept_peak(1)")(0) == 2


def test_a_shape_made_again_counts_at_once() -> None:
    def make(factor: float) -> None:
        def kept_shape(t: int, high: float = 1.0) -> float:
            return factor * high

        lrdsl.shape(kept_shape)

    make(1)
    assert lrdsl.compile("kept_shape(3)")(0) == 3
    make(2)
    assert lrdsl.compile("kept_shape(3)")(0) == 6


def test_mistakes_are_told_each_time() -> None:
    for _ in range(2):
        with pytest.raises(lrdsl.SpecError, match="there is no shape `cosin`"):
            lrdsl.compile("cosin(1, 0, 9)")
        with pytest.raises(lrdsl.SpecError, match="is never closed"):
            lrdsl.compile("cosine(1, 0, 9")


def test_one_analysis_serves_all_bases(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def counting(language: Language, source: str, *others: Any) -> Analysis:
        seen.append(source)
        return analyse(language, source, *others)

    monkeypatch.setattr(module, "analyse", counting)
    spec = "warmup(7) >> cosine(base, 0, 93)"
    made = [lrdsl.compile(spec, base_lr=0.1 * i) for i in range(1, 9)]
    assert [schedule(7) for schedule in made] == [0.1 * i for i in range(1, 9)]
    assert seen == [spec]


def test_long_texts_are_not_kept() -> None:
    long = SPEC + " " * MAX_CACHED_CHARACTERS
    assert lrdsl.compile(long) is not lrdsl.compile(long)
    assert lrdsl.compile(long) == lrdsl.compile(long)


def test_threads_may_compile_the_same() -> None:
    specs = [f"linear(1, 0, {n})" for n in range(1, 9)] * 25
    with ThreadPoolExecutor(8) as pool:
        lengths = list(pool.map(lambda spec: lrdsl.compile(spec).length, specs))
    assert lengths == [*range(1, 9)] * 25
