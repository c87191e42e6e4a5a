"""Shapes written in Python: calls of them in specs."""

from __future__ import annotations

import inspect
from typing import Annotated, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

import lrdsl
import lrdsl.build
from lrdsl import SpecError, diagnostics
from lrdsl.shapes import Shape
from tests.support.custom_shapes import RUN, error_of, saw

# --- calls in specs -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "update", "expected"),
    [
        pytest.param("saw()", 150, 0.5, id="defaults"),
        pytest.param("saw(1, 2, 50)", 75, 1.5, id="by position"),
        pytest.param("saw(period=50, high=2, low=1)", 75, 1.5, id="by name"),
        pytest.param("saw(_, 2)", 50, 1.0, id="a default in between"),
        pytest.param("saw(base, 2*base, period=50)", 25, 0.15, id="values"),
        pytest.param("saw(period=2.5ep)", 75, 0.5, id="epochs"),
        pytest.param("saw(period=10%)", 50, 0.5, id="share of the run"),
        pytest.param("saw(period=total/3)", 332, 332 / 333, id="rounded to whole updates"),
        pytest.param("warmup(10) >> saw(1, 2)", 5, 0.5, id="first of what follows"),
        pytest.param("hold(30) >> saw()", 80, 0.5, id="own clock"),
        pytest.param("(saw() | take(50)) >> linear(_, 0, 10)", 55, 0.25, id="prev of what follows"),
        pytest.param("2 * saw() + 1", 50, 2.0, id="arithmetic"),
        pytest.param("max(saw(), 0.5)", 10, 0.5, id="function"),
        pytest.param("saw() | clip(0, 0.3)", 50, 0.3, id="modifier"),
        pytest.param("saw() | stretch(4)", 50, 0.125, id="fractional times"),
        pytest.param("saw() | take(50) | repeat()", 75, 0.25, id="repeat"),
        pytest.param("1 | interval[10:saw()]", 60, 0.5, id="entry"),
    ],
)
def test_a_function_is_called_like_any_shape(spec: str, update: int, expected: float) -> None:
    assert lrdsl.shape(saw) is saw
    assert lrdsl.compile(spec, **RUN)(update) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("spec", "code", "words"),
    [
        pytest.param("saw(1, 2, 3, 4)", "LR204", r"saw\(low=0, high=1, period=100\)", id="many"),
        pytest.param("saw(hi=2)", "LR206", "did you mean `high`", id="unknown name"),
        pytest.param("saw(low=1, low=2)", "LR207", "twice", id="repeated"),
        pytest.param("saw(period=2.5)", "LR406", "whole number", id="fractional duration"),
        pytest.param("saw(5%)", "LR209", "takes a value", id="duration as a value"),
        pytest.param("saw(period=base)", "LR209", "takes a duration", id="value as a duration"),
        pytest.param("saw(peak)", "LR301", "has no value", id="unbound variable"),
        pytest.param("saw", "LR202", r"did you mean `saw\(\)`", id="bare name"),
        pytest.param("saww(1)", "LR201", "did you mean `saw`", id="mistyped"),
        pytest.param("1 | saw()", "LR203", "is a shape", id="after |"),
        pytest.param("saw() >> hold(5)", "LR403", "never ends", id="something after it"),
        pytest.param("saw[0:1]", "LR203", "round brackets", id="square brackets"),
    ],
)
def test_mistakes_are_the_usual_diagnostics(spec: str, code: str, words: str) -> None:
    lrdsl.shape(saw)
    with pytest.raises(SpecError, match=words) as caught:
        lrdsl.compile(spec, **RUN)
    assert [found.code for found in caught.value.diagnostics] == [code]


@pytest.mark.parametrize(
    ("written", "given"),
    [
        pytest.param("1", {"value": 1.0}, id="value"),
        pytest.param("1, 2", {"plain": 2.0}, id="not annotated"),
        pytest.param("1, count=2.5ep", {"count": 50}, id="duration"),
        pytest.param("1, flag=true", {"flag": True}, id="truth value"),
        pytest.param("1, word=up", {"word": "up"}, id="bare word"),
        pytest.param("1, word='up'", {"word": "up"}, id="quoted word"),
        pytest.param("1, word=cosine", {"word": "cosine"}, id="a word that is a curve"),
        pytest.param("1, values=[1, 2*base]", {"values": [1.0, 0.2]}, id="values"),
        pytest.param("1, values=[]", {"values": []}, id="no values"),
        pytest.param("1, times=[1, 5%]", {"times": [1, 50]}, id="milestones"),
        pytest.param("1, copy=3, steps_=4", {"copy": 3.0, "steps_": 4.0}, id="names of a model's"),
    ],
)
def test_annotations_say_what_is_given(written: str, given: dict[str, Any]) -> None:
    seen: dict[str, Any] = {}

    @lrdsl.shape
    def taker(
        t: int,
        value: float,
        plain=0.5,  # type: ignore[no-untyped-def]
        *,
        count: int = 3,
        flag: bool = False,
        word: str = "down",
        values: list[float] = [0.5],  # noqa: B006
        times: list[int] = [7],  # noqa: B006
        copy: float = 0,
        steps_: float = 0,
        model_size: float = 0,
    ) -> float:
        seen.update({k: v for k, v in locals().items() if k != "seen"})
        return 0.0

    lrdsl.compile(f"taker({written})", **RUN)
    defaults = {"plain": 0.5, "count": 3, "flag": False, "word": "down", "values": [0.5]}
    defaults |= {"value": 1.0, "times": [7], "copy": 0.0, "steps_": 0.0, "model_size": 0.0}
    seen.pop("t")
    assert seen == {**defaults, **given}
    assert {k: type(v) for k, v in seen.items()} == {
        k: type(v) for k, v in {**defaults, **given}.items()
    }


@pytest.mark.parametrize(
    ("written", "words"),
    [
        pytest.param("flag=1", "is `true` or `false`", id="truth value"),
        pytest.param("word=1", "is a word", id="word"),
        pytest.param("values=1", r"write `\[1\]`", id="one value"),
        pytest.param("values=[5%]", "an item of `values`", id="duration among values"),
        pytest.param("times=30", r"write `\[30\]`", id="one milestone"),
        pytest.param("times=[2.5]", "whole number", id="fractional milestone"),
    ],
)
def test_what_an_annotation_refuses(written: str, words: str) -> None:
    @lrdsl.shape
    def taker(
        t: int,
        flag: bool = False,
        word: str = "",
        values: list[float] = [],  # noqa: B006
        times: list[int] = [],  # noqa: B006
    ) -> float:
        return 0.0

    with pytest.raises(SpecError, match=words):
        lrdsl.compile(f"taker({written})", **RUN)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        pytest.param("0, 5", "`gain` must be above 0, not 0", id="above"),
        pytest.param("1.5, 5", "`gain` must be at most 1, not 1.5", id="at most"),
        pytest.param("1, 0.4ba*1", "`period` must be at least 1, not 0.4", id="a whole number"),
        pytest.param("1, 5, []", "`rates` must not be empty", id="length of a list"),
    ],
)
def test_bounds(written: str, words: str) -> None:
    @lrdsl.shape
    def bounded(
        t: int,
        gain: Annotated[float, Field(gt=0, le=1)],
        period: Annotated[int, Field(ge=1)],
        rates: Annotated[list[float], Field(min_length=1)] = [1],  # noqa: B006
    ) -> float:
        return gain * rates[0]

    assert lrdsl.compile("bounded(1, 0.5ba*1)")(0) == 1.0  # half an update is rounded up to one
    message = error_of(lambda: lrdsl.compile(f"bounded({written})"))
    assert words in message
    assert "LR210" in message


def test_steps_is_the_length_of_the_segment() -> None:
    asked: list[int] = []

    @lrdsl.shape
    def fall(t: int, start: float = 1.0, steps: int | None = None) -> float:
        asked.append(t)
        return start * (1 - t / steps)

    schedule = lrdsl.compile("fall(2, 40) >> linear(_, 1, 10)")
    assert schedule.length == 50
    assert schedule([0, 20, 40, 45]).tolist() == [2.0, 1.0, 0.0, 0.5]
    assert lrdsl.compile("fall(until=40) >> hold(5)")(30) == 0.25
    rest = lrdsl.compile("hold(200) >> fall()", **RUN)
    assert (rest.length, rest(600), rest(5000)) == (1000, 0.5, 0.0)
    assert max(asked) == 800, "it is never asked for what is past its end"
    with pytest.raises(SpecError, match="LR302"):
        lrdsl.compile("fall()")
    with pytest.raises(SpecError, match="LR208"):
        lrdsl.compile("fall(steps=3, until=4)")


@given(st.floats(-10, 10), st.floats(-10, 10), st.integers(1, 50), st.lists(st.integers(0, 10**6)))
def test_a_spec_gives_what_the_function_gives(
    low: float, high: float, period: int, updates: list[int]
) -> None:
    lrdsl.shape(saw)
    schedule = lrdsl.compile(f"hold(7) >> saw({low!r}, {high!r}, {period})", base_lr=1)
    expected = [saw(t, low, high, period) for t in updates]
    assert schedule(np.array(updates, dtype=np.int64) + 7).tolist() == expected
    assert [schedule(t + 7) for t in updates[:5]] == expected[:5]


def test_the_builder_knows_it() -> None:
    lrdsl.shape(saw)
    lrdsl.shape(name="my.saw")(saw)
    assert str(0.5 * lrdsl.build.saw(0, 1, period="5%")) == "0.5 * saw(0, 1, period=5%)"
    assert str(lrdsl.build.my.saw(2)) == "my.saw(2)"
    assert list(inspect.signature(lrdsl.build.saw).parameters) == ["low", "high", "period"]
    assert lrdsl.build.saw.__doc__ == "A tooth every `period` updates."
    assert {"saw", "my"} <= set(dir(lrdsl.build))
    assert dir(lrdsl.build.my) == ["saw"]
    with pytest.raises(AttributeError, match=r"did you mean 'my\.saw'"):
        lrdsl.build.my.saww  # noqa: B018


# --- the public name ------------------------------------------------------------------------------


def test_shape_is_public() -> None:
    assert "shape" in lrdsl.__all__
    assert diagnostics.BAD_SHAPE.code == "LR606"


def test_a_shape_that_fails_where_its_segment_starts_is_found_before_the_run() -> None:
    def harmonic(t):
        return 1 / t

    lrdsl.shape(harmonic)
    with pytest.raises(SpecError, match="`harmonic` fails at update 0: ZeroDivisionError"):
        lrdsl.compile("constant(1, 1000) >> harmonic()", total_steps=2000)


def test_what_a_shape_keeps_is_not_changed():
    kept = np.linspace(0.9, 1.0, 100_000)

    @lrdsl.shape
    class KeptFactors(Shape):
        """Factors that it has."""

        def values(self, t, xp):
            times = np.asarray(t).astype(int)
            return kept[times[0] : times[-1] + 1]

    before = kept.copy()
    product = lrdsl.compile("KeptFactors() | cumulative()")
    assert product(2) == kept[1] * kept[2]
    assert (kept == before).all()
