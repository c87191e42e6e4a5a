"""Shapes written in Python: what their signatures say, what they may return, where they come from.

Each test's shapes are gone after it: see conftest.py.
"""

from __future__ import annotations

import copy
import functools
import importlib
import inspect
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import Field

import lrdsl
import lrdsl.build
from lrdsl import Schedule, SpecError, diagnostics
from lrdsl.language.parameters import Value
from lrdsl.language.python_functions import CheckedFunction, FunctionSpec, qualified_name
from lrdsl.language.shapes import SHAPES, Shape
from lrdsl.torch import Scheduler

RUN = {"total_steps": 1000, "steps_per_epoch": 20, "base_lr": 0.1}


def saw(t: int, low: float = 0.0, high: float = 1.0, period: int = 100) -> float:
    """A tooth every `period` updates."""
    return low + (high - low) * (t % period) / period


class Triangle:
    """Up from low to high and down again, counted from 1, as MXNet calls its schedulers."""

    made = 0

    def __init__(self, low, high, cycle, share=0.5):  # type: ignore[no-untyped-def]
        type(self).made += 1
        if low > high:
            raise ValueError("low is above high")
        self.low, self.high, self.cycle, self.share = low, high, cycle, share

    def __call__(self, iteration: int) -> float:
        at = iteration % self.cycle / self.cycle
        up = at / self.share if at <= self.share else (1 - at) / (1 - self.share)
        return self.low + (self.high - self.low) * up


def halving(update: int) -> float:
    return 0.5 ** (update // 100)


def error_of(action: Callable[[], object]) -> str:
    with pytest.raises(SpecError) as caught:
        action()
    return str(caught.value)


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


# --- options --------------------------------------------------------------------------------------


def test_first_is_what_the_first_update_counts_as() -> None:
    @lrdsl.shape(name="one_up", first=1)
    def counted(n: int) -> int:
        return n

    assert lrdsl.compile("hold(3) >> one_up()", base_lr=9)([3, 4]).tolist() == [1.0, 2.0]


def test_vectorized() -> None:
    sizes: list[int] = []

    @lrdsl.shape(vectorized=True, first=1)
    def root(t: NDArray[np.float64], scale: float = 1.0) -> NDArray[np.float64]:
        assert t.dtype == np.float64
        sizes.append(t.size)
        t **= -0.5  # the array is the function's own
        t *= scale
        return t

    schedule = lrdsl.compile("root(2) | take(100)")
    assert schedule(3) == 1.0
    steps = np.arange(100)
    assert schedule(steps) == pytest.approx(2 / np.sqrt(steps + 1))
    assert (sizes[-1], steps[5]) == (100, 5)


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        pytest.param(lambda t: 1.0, r"float64 of shape \(\) for an array of", id="one number"),
        pytest.param(lambda t: t[:-1], "for an array of", id="too short"),
        pytest.param(lambda t: t[None], "for an array of", id="two dimensions"),
        pytest.param(lambda t: t + 1j, "complex128", id="complex"),
        pytest.param(lambda t: t > 0, "bool", id="truth values"),
        pytest.param(lambda t: [[1], [2, 3]], "ValueError", id="ragged"),
        pytest.param(lambda t: 1 / 0, "ZeroDivisionError", id="raises"),
        pytest.param(lambda t: t / 0, "nan at update 0", id="not finite"),
    ],
)
def test_what_a_vectorized_function_may_not_return(
    returned: Callable[[Any], Any], words: str
) -> None:
    lrdsl.shape(name="odd", vectorized=True)(returned)
    with pytest.raises(SpecError, match=words) as caught:
        lrdsl.compile("odd()")
    assert "`odd`" in str(caught.value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        pytest.param("a", "returns 'a', a str, at update 0", id="text"),
        pytest.param(None, "returns None, a NoneType", id="None"),
        pytest.param(True, "returns True, a bool", id="truth value"),
        pytest.param(1j, "a complex", id="complex"),
        pytest.param([1.0], "a list", id="list"),
        pytest.param(float("nan"), "gives nan at update 0", id="nan"),
        pytest.param(float("-inf"), "gives -inf at update 0", id="infinite"),
        pytest.param(10**400, "gives inf at update 0", id="too large"),
    ],
)
def test_what_a_function_may_not_return(value: object, words: str) -> None:
    lrdsl.shape(name="odd")(lambda t: value)
    with pytest.raises(SpecError, match=words) as caught:
        lrdsl.compile("odd()")
    assert "`odd`" in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [2, np.float32(2), np.int64(2), np.array(2.0), torch.tensor(2.0)],
    ids=lambda value: type(value).__name__,
)
def test_numbers_of_any_kind_are_values(value: Any) -> None:
    lrdsl.shape(name="two")(lambda t: value)
    assert lrdsl.compile("two()")(5) == 2.0


def test_an_error_names_the_shape_and_the_update() -> None:
    table = [0.1] * 2000

    @lrdsl.shape(name="my.table", first=1)
    def look_up(n: int) -> float:
        return table[n]

    schedule = lrdsl.compile("hold(5) >> my.table()", base_lr=1)
    assert schedule(2003) == 0.1
    with pytest.raises(SpecError, match="LR606") as caught:
        schedule([1, 2004, 2005])
    place = "update 1999, which it counts as 2000: IndexError: list index out of range"
    assert f"`my.table` fails at {place}" in str(caught.value)
    assert isinstance(caught.value.__cause__, IndexError)


def test_interrupts_are_not_caught() -> None:
    def interrupted(t: int) -> float:
        raise KeyboardInterrupt

    lrdsl.shape(interrupted)
    with pytest.raises(KeyboardInterrupt):
        lrdsl.compile("interrupted()")


# --- classes --------------------------------------------------------------------------------------


def test_a_callable_class_works_as_it_is() -> None:
    lrdsl.shape(first=1)(Triangle)
    schedule = lrdsl.compile("Triangle(0.1, 0.5, 10, share=0.25)")
    original = Triangle(0.1, 0.5, 10, 0.25)
    assert schedule.values(50).tolist() == [original(n) for n in range(1, 51)]


def test_an_object_is_made_once_per_compile_and_only_from_checked_parameters() -> None:
    lrdsl.shape(name="once")(Triangle)
    Triangle.made = 0
    for spec in ("once(1)", "once(1, 2, 3, 4, 5)", "once(1, 2, 5%)", "once(1, peak, 10)"):
        with pytest.raises(SpecError):
            lrdsl.compile(spec)
    assert Triangle.made == 0
    schedule = lrdsl.compile("hold(3) >> once(0, 1, 10)", base_lr=1)
    schedule.values(100)
    assert Triangle.made == 1


def test_an_object_that_cannot_be_made_is_a_diagnostic() -> None:
    lrdsl.shape(Triangle)
    with pytest.raises(SpecError, match="ValueError: low is above high") as caught:
        lrdsl.compile("hold(1) >> Triangle(2, 1, 10)", base_lr=1)
    (found,) = caught.value.diagnostics
    assert found.source[found.span.start : found.span.stop] == "Triangle(2, 1, 10)"


def test_a_shape_class_declares_itself() -> None:
    @lrdsl.shape(name="my.flat")
    class Flat(Shape):
        """One value."""

        level: Annotated[Value, Field(gt=0)]

        def values(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.full_like(t, self.level)

    assert lrdsl.compile("my.flat(2)")(5) == 2.0
    with pytest.raises(SpecError, match="`level` must be above 0"):
        lrdsl.compile("my.flat(-2)")
    with pytest.raises(SpecError, match="a Shape takes arrays"):
        lrdsl.shape(first=1)(Flat)


def test_a_shape_class_must_say_what_its_fields_are() -> None:
    class Vague(Shape):
        level: float

    with pytest.raises(SpecError, match="does not say what may be written there"):
        lrdsl.shape(Vague)


# --- decoration -----------------------------------------------------------------------------------


def no_time() -> float:
    return 0.0


def time_by_name(*, t: int) -> float:
    return 0.0


def many(t: int, *rest: float) -> float:
    return 0.0


def any_name(t: int, **rest: float) -> float:
    return 0.0


def by_position(t: int, low: float, /) -> float:
    return 0.0


def mapping(t: int, options: dict[str, float]) -> float:
    return 0.0


def union(t: int, low: float | None = None) -> float:
    return 0.0


def words(t: int, names: list[str]) -> float:
    return 0.0


def unknown(t: int, low: Undefined) -> float:  # type: ignore[name-defined] # noqa: F821
    return 0.0


def not_annotated(t, mode="up"):  # type: ignore[no-untyped-def]
    return 0.0


def number_for_truth(t: int, flag: bool = 1) -> float:
    return 0.0


def truth_for_number(t: int, low: float = True) -> float:
    return 0.0


def fraction_for_count(t: int, period: int = 2.5) -> float:  # type: ignore[assignment]
    return 0.0


def outside(t: int, low: Annotated[float, Field(gt=0)] = 0.0) -> float:
    return 0.0


def bound_of_nothing(t: int, low: Annotated[bool, Field(max_length=3)] = True) -> float:
    return 0.0


def fixed_steps(t: int, steps: int = 10) -> float:
    return 0.0


def real_steps(t: int, steps: float) -> float:
    return 0.0


def until(t: int, until: int) -> float:
    return 0.0


def underscore(t: int, _low: float) -> float:
    return 0.0


def größe(t: int) -> float:
    return 0.0


class NotCallable:
    def __init__(self, low: float) -> None: ...


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        pytest.param(no_time, "takes no time", id="no parameter"),
        pytest.param(time_by_name, "takes no time", id="keyword only"),
        pytest.param(many, r"takes `\*rest: 'float'`", id="*args"),
        pytest.param(any_name, r"takes `\*\*rest: 'float'`", id="**kwargs"),
        pytest.param(by_position, "cannot give by name", id="positional only"),
        pytest.param(mapping, "`options` with `dict\\[str, float\\]`", id="dict"),
        pytest.param(union, "`low` with `float | None`", id="union"),
        pytest.param(words, "`names` with `list\\[str\\]`", id="list of words"),
        pytest.param(unknown, "`Undefined`, which cannot be read: name", id="unknown annotation"),
        pytest.param(not_annotated, "has the default 'up' for `mode`", id="default not annotated"),
        pytest.param(number_for_truth, "has the default 1 for `flag`", id="default of a bool"),
        pytest.param(truth_for_number, "has the default True for `low`", id="default of a float"),
        pytest.param(
            fraction_for_count, "has the default 2.5 for `period`", id="default of an int"
        ),
        pytest.param(outside, "the default 0.0 for `low`: .*greater than 0", id="default outside"),
        pytest.param(bound_of_nothing, "has bounds for `low` that do not fit", id="odd bound"),
        pytest.param(fixed_steps, "has the default 10 for `steps`", id="default of steps"),
        pytest.param(real_steps, "has `steps` that is a float", id="steps that is no int"),
        pytest.param(until, "has a parameter `until`", id="until"),
        pytest.param(underscore, "`_low`, which is no name", id="underscore"),
        pytest.param(größe, "'größe' is no name for a shape", id="name beyond ASCII"),
        pytest.param(lambda t: 1.0, "'<lambda>' is no name for a shape", id="lambda"),
        pytest.param(NotCallable, "has no `__call__`", id="class without __call__"),
        pytest.param(3, "decorates a function or a class, not 3", id="number"),
        pytest.param(Triangle(0, 1, 2), "decorates a function or a class", id="object"),
    ],
)
def test_a_signature_that_no_call_could_have(target: Any, expected: str) -> None:
    before = set(SHAPES)
    with pytest.raises(SpecError, match=expected) as caught:
        lrdsl.shape(target)
    assert [found.code for found in caught.value.diagnostics] == ["LR606"]
    assert set(SHAPES) == before


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({"name": "my saw"}, "'my saw' is no name", id="space"),
        pytest.param({"name": "my."}, "'my.' is no name", id="dot at the end"),
        pytest.param({"name": 3}, "3 is no name", id="number"),
        pytest.param({"first": 0.5}, "`first` is a whole number, not 0.5", id="first"),
        pytest.param({"name": "cosine"}, "`cosine` is taken: it is a shape", id="curve's shape"),
        pytest.param({"name": "warmup"}, "`warmup` is taken: it is a shape", id="shape"),
        pytest.param({"name": "poly"}, "`poly` is taken: it is a shape", id="alias"),
        pytest.param({"name": "sqrt"}, "`sqrt` is taken: it is a function", id="mode"),
        pytest.param({"name": "clip"}, "`clip` is taken: it is a modifier", id="modifier"),
        pytest.param({"name": "exp"}, "`exp` is taken: it is a function", id="function"),
        pytest.param({"name": "count"}, "`count` is taken: it is a function", id="of lists"),
        pytest.param({"name": "wsd"}, "`wsd` is taken: it is a definition", id="definition"),
        pytest.param({"name": "t"}, "`t` is taken: it is a word", id="clock"),
        pytest.param({"name": "rest"}, "`rest` is taken: it is a word", id="duration"),
        pytest.param({"name": "true"}, "`true` is taken: it is a word", id="literal"),
        pytest.param({"name": "if"}, "`if` is taken: it is a word", id="word of the grammar"),
        pytest.param({"name": "halve"}, "`halve` is taken: it is the shape `.*halving", id="own"),
    ],
)
def test_names_and_options_that_are_refused(options: dict[str, Any], expected: str) -> None:
    lrdsl.shape(name="halve")(halving)
    with pytest.raises(SpecError, match=expected):
        lrdsl.shape(**options)(saw)
    assert lrdsl.compile("halve()")(100) == 0.5


def test_the_same_function_again_replaces_the_shape() -> None:
    def version(result: float) -> Callable[..., float]:
        def shape(t: int, scale: float = 1.0) -> float:
            return result * scale

        return shape

    lrdsl.shape(name="again")(version(1.0))
    old = lrdsl.compile("again(2)")
    lrdsl.shape(name="again")(version(3.0))
    assert (old(0), lrdsl.compile("again(2)")(0)) == (2.0, 6.0)


def test_a_refused_replacement_leaves_the_old_shape() -> None:
    source = "import lrdsl\n@lrdsl.shape\ndef redone(t, {}):\n    return 2.0\n"
    scope = {"__name__": "notebook"}
    exec(source.format("low=0.0"), scope)
    with pytest.raises(SpecError, match="dict"):
        exec(source.format("low: dict = 0.0"), scope)
    assert lrdsl.compile("redone(low=1)")(0) == 2.0
    exec(source.format("high=0.0"), scope)
    assert lrdsl.compile("redone(high=1)")(0) == 2.0


# --- packages that bring shapes -------------------------------------------------------------------


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts a package on the path that offers shapes: its modules, and its entry points."""
    modules = set(sys.modules)

    def put(name: str, entries: dict[str, str], **files: str) -> None:
        folder = tmp_path / name
        info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = [f"{entry} = {value}" for entry, value in entries.items()]
        (info / "entry_points.txt").write_text("\n".join(["[lrdsl.shapes]", *lines]))
        for module, text in files.items():
            (folder / f"{module}.py").write_text(text)
        monkeypatch.syspath_prepend(folder)
        importlib.invalidate_caches()

    yield put
    for each in set(sys.modules) - modules:
        if each.startswith("acme"):
            del sys.modules[each]


ACME = """
import lrdsl

@lrdsl.shape(name="acme.flat")
def flat(t, level=2.0):
    return level

@lrdsl.shape
def slope(t, rate=1.0):
    return rate * t
"""

FLAT = {"acme.flat": "acme_shapes:flat", "slope": "acme_shapes:slope"}


def test_a_package_is_imported_when_its_shape_is_used(install: Callable[..., None]) -> None:
    install("acme-lr", FLAT, acme_shapes=ACME)
    assert lrdsl.compile("linear(1, peak, 10)", peak=0.5)(10) == 0.5
    assert FLAT.keys() <= set(SHAPES)
    assert "acme_shapes" not in sys.modules
    assert lrdsl.compile("acme.flat(3) + slope(2)")(5) == 13.0
    assert "acme_shapes" in sys.modules
    assert str(lrdsl.build.acme.flat(3)) == "acme.flat(3)"


def test_a_package_that_is_imported_by_hand_is_not_imported_twice(
    install: Callable[..., None],
) -> None:
    install("acme-lr", FLAT, acme_shapes=ACME)
    module = importlib.import_module("acme_shapes")
    assert lrdsl.compile("slope(2)")(5) == 10.0
    importlib.reload(module)
    assert lrdsl.compile("slope(2)")(5) == 10.0


def test_names_that_packages_offer_are_suggested(install: Callable[..., None]) -> None:
    install("acme-lr", FLAT, acme_shapes=ACME)
    with pytest.raises(SpecError, match="did you mean `slope`"):
        lrdsl.compile("slop(1)")
    assert "acme_shapes" not in sys.modules


@pytest.mark.parametrize(
    ("value", "files", "words"),
    [
        pytest.param(
            "acme_gone:flat", {}, "ModuleNotFoundError: No module named 'acme_gone'", id="no module"
        ),
        pytest.param("acme_a:flat", {"acme_a": ""}, "AttributeError", id="no such thing"),
        pytest.param("acme_b:f", {"acme_b": "1 / 0"}, "ZeroDivisionError", id="module that fails"),
        pytest.param("acme_c:f", {"acme_c": "f = ("}, "SyntaxError", id="module with an error"),
        pytest.param(
            "acme_d:flat",
            {"acme_d": "def flat(t): return 1.0"},
            "nothing registers itself there under that name",
            id="not decorated",
        ),
        pytest.param(
            "acme_e:clip",
            {"acme_e": "import lrdsl\n@lrdsl.shape\ndef clip(t): return 1.0"},
            "the name `clip` is taken",
            id="taken name",
        ),
        pytest.param("what: is: this", {}, "cannot be loaded", id="no reference"),
    ],
)
def test_a_broken_package_is_a_diagnostic_where_it_is_used(
    install: Callable[..., None], value: str, files: dict[str, str], words: str
) -> None:
    install("acme-broken", {"fragile": value}, **files)
    assert lrdsl.compile("linear(1, 0, 10)")(5) == 0.5
    assert lrdsl.compile("2 * fragile_rate", fragile_rate=3)(0) == 6.0
    for _ in range(2):
        with pytest.raises(SpecError, match="LR606") as caught:
            lrdsl.compile("hold(5) >> fragile(1)", base_lr=1)
        (found,) = caught.value.diagnostics
        assert found.source[found.span.start : found.span.stop] == "fragile"
        assert "`acme-broken`" in found.message
        assert words in found.message
    with pytest.raises(AttributeError, match="acme-broken"):
        lrdsl.build.fragile  # noqa: B018
    assert lrdsl.compile("2 * fragile", fragile=3)(0) == 6.0, "as a variable it is nobody's"


def test_two_packages_with_one_name(install: Callable[..., None]) -> None:
    install("acme-one", FLAT, acme_shapes=ACME)
    install("acme-two", {"slope": "acme_two:slope"}, acme_two="1 / 0")
    with pytest.raises(SpecError, match="`acme-two` and `acme-one` both bring a `slope`"):
        lrdsl.compile("slope(1)")
    assert lrdsl.compile("acme.flat(1)")(0) == 1.0


def test_metadata_that_cannot_be_read_disturbs_nobody(
    install: Callable[..., None], tmp_path: Path
) -> None:
    install("acme-odd", {"odd": "acme_odd:odd"})
    (tmp_path / "acme-odd" / "acme_odd-1.0.dist-info" / "entry_points.txt").write_text(
        "[lrdsl.shapes]\nthis is no entry\n"
    )
    install("acme-lr", FLAT, acme_shapes=ACME)
    assert lrdsl.compile("slope(2)")(5) == 10.0


def test_what_lrdsl_brings_comes_first(install: Callable[..., None]) -> None:
    install("acme-lr", {"cosine": "acme_cosine:cosine"}, acme_cosine="1 / 0")
    assert lrdsl.compile("cosine(1, 0, 10)")(5) == 0.5


def test_a_fresh_process_finds_the_shape_of_a_package(
    install: Callable[..., None], tmp_path: Path
) -> None:
    """As a worker does that gets a pickled schedule."""
    install("acme-lr", FLAT, acme_shapes=ACME)
    pickled = pickle.dumps(lrdsl.compile("slope(2)"))
    script = f"import pickle, sys; sys.path.insert(0, {str(tmp_path / 'acme-lr')!r})\n"
    script += f"print(pickle.loads({pickled!r})(5))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "10.0\n", done.stderr


# --- functions in the place of a spec -------------------------------------------------------------


def test_a_function_is_a_schedule() -> None:
    schedule = lrdsl.compile(halving)
    assert (schedule(0), schedule(250), schedule.length) == (1.0, 0.25, float("inf"))
    assert schedule([0, 100, 200]).tolist() == [1.0, 0.5, 0.25]
    assert schedule.values(3).tolist() == [1.0, 1.0, 1.0]
    assert schedule.bounds(50, 150) == (0.5, 1.0)
    name = f"{halving.__module__}.halving"
    (segment,) = schedule.segments
    assert segment == (0, float("inf"), 1.0, None, name)
    assert str(schedule.spec) == name
    assert repr(schedule) == f"lrdsl.compile({name})"


def test_a_function_goes_on_for_the_run() -> None:
    asked: list[int] = []

    def recorded(t: int) -> float:
        asked.append(t)
        return float(t)

    schedule = lrdsl.compile(recorded, total_steps=300)
    assert (schedule.length, schedule(300), schedule(10**6)) == (300, 300.0, 300.0)
    assert max(asked) == 300, "it is never asked for what is past the run"
    assert all([type(t) is int for t in asked])
    assert schedule.boundaries == (300,)
    assert repr(schedule).endswith("recorded, total_steps=300)")


@pytest.mark.parametrize(
    "function",
    [halving, functools.partial(saw, period=50), Triangle(0, 1, 10), np.sqrt],
    ids=["function", "partial", "object", "ufunc"],
)
def test_schedules_of_functions_are_values(function: Any) -> None:
    schedule = lrdsl.compile(function, total_steps=100)
    assert schedule == lrdsl.compile(function, total_steps=100)
    assert schedule == lrdsl.compile(schedule.spec, total_steps=100)
    assert hash(schedule) == hash(lrdsl.compile(function, total_steps=100))
    assert schedule != lrdsl.compile(function, total_steps=101)
    assert schedule != lrdsl.compile(lambda t: 1.0, total_steps=100)
    assert schedule != lrdsl.compile("1", total_steps=100)
    for again in (pickle.loads(pickle.dumps(schedule)), copy.deepcopy(schedule)):
        assert again.values().tolist() == schedule.values().tolist()
        assert repr(again) == repr(schedule)


def test_a_function_that_cannot_be_pickled_says_so() -> None:
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickle.dumps(lrdsl.compile(lambda t: 1.0))


@pytest.mark.parametrize(
    ("function", "words"),
    [
        pytest.param(lambda t: "1", "<lambda>` returns '1', a str", id="text"),
        pytest.param(lambda t: 1 / t, "fails at update 0: ZeroDivisionError", id="raises"),
        pytest.param(lambda: 1.0, "fails at update 0: TypeError", id="no parameter"),
        pytest.param(lambda t: float("nan"), "gives nan at update 0", id="nan"),
        pytest.param(Triangle, r"fails at update 0: TypeError: .*missing", id="class"),
    ],
)
def test_functions_are_checked(function: Any, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        lrdsl.compile(function)


def test_a_function_inside_a_spec_is_told_how() -> None:
    with pytest.raises(SpecError, match=r"function is no part of a spec\n.*@lrdsl.shape"):
        lrdsl.parse("hold(5)") >> halving  # type: ignore[operator]


def test_a_schedule_is_no_function() -> None:
    """Its `base` would not be the parameter group's, nor its run this one."""
    with pytest.raises(SpecError, match="pass its `spec`"):
        lrdsl.compile(lrdsl.compile("linear(1, 0, 10)"))


def test_names_of_functions() -> None:
    assert qualified_name(Schedule.values) == "lrdsl.schedule.schedule.Schedule.values"
    assert qualified_name(lrdsl.compile("1")) == "lrdsl.schedule.schedule.Schedule"
    assert qualified_name(len) == "builtins.len"
    assert qualified_name(Triangle(0, 1, 2).__call__).endswith("Triangle.__call__")
    assert repr(FunctionSpec(len)) == "FunctionSpec(builtins.len)"
    assert pickle.loads(pickle.dumps(FunctionSpec(len))) == FunctionSpec(len)


def test_values_in_any_order() -> None:
    asked: list[float] = []
    CheckedFunction("f", lambda t: asked.append(t) or 0.0).values(np.array([5.0, 0.5, 5.0]))  # type: ignore[func-returns-value]
    assert asked == [5, 0.5, 5]
    assert [type(t) for t in asked] == [int, float, int]


# --- driving an optimizer -------------------------------------------------------------------------


def optimizer() -> torch.optim.Optimizer:
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": lr} for lr in (0.1, 0.2)]
    return torch.optim.SGD(groups)


def rates(of: torch.optim.Optimizer) -> list[float]:
    return [float(group["lr"]) for group in of.param_groups]


def test_a_scheduler_takes_a_function() -> None:
    driven = optimizer()
    scheduler = Scheduler(driven, halving)
    seen = []
    for _ in range(201):
        seen.append(rates(driven))
        driven.step()
        scheduler.step()
    assert seen == [[halving(t)] * 2 for t in range(201)]


def test_a_schedulers_state_names_the_function(recwarn: pytest.WarningsRecorder) -> None:
    driven = optimizer()
    scheduler = Scheduler(driven, halving, total_steps=500)
    scheduler.step(150)
    state = scheduler.state_dict()
    assert state["spec"] == f"{halving.__module__}.halving"
    again = Scheduler(optimizer(), halving, total_steps=500)
    again.load_state_dict(state)
    assert again.get_last_lr() == [0.5, 0.5]
    assert not recwarn.list
    other = Scheduler(optimizer(), lambda t: 1.0, total_steps=500)
    with pytest.warns(UserWarning, match="halving' instead of .*lambda"):
        other.load_state_dict(state)


def test_a_scheduler_takes_a_function_to_the_end_of_its_table() -> None:
    """Values are evaluated ahead; what lies past the run need not be there."""
    table = [0.1 * i for i in range(1300)]
    driven = optimizer()
    scheduler = Scheduler(driven, lambda t: table[t], total_steps=1299)
    scheduler.step(1100)
    assert rates(driven) == [table[1100]] * 2
    scheduler.step(5000)
    assert rates(driven) == [table[1299]] * 2


def test_a_program_takes_functions() -> None:
    driven = optimizer()
    scheduler = Scheduler(
        driven, {"lr": {0: halving, "*": 0.5}, "weight_decay": "hold(50) >> 0.1 * lr"}
    )
    scheduler.step(250)
    assert rates(driven) == [0.25, 0.5]
    assert [group["weight_decay"] for group in driven.param_groups] == pytest.approx([0.025, 0.05])
    assert f"{halving.__module__}.halving" in str(scheduler.state_dict())
    again = Scheduler(
        optimizer(), {"lr": {0: halving, "*": 0.5}, "weight_decay": "hold(50) >> 0.1 * lr"}
    )
    again.load_state_dict(scheduler.state_dict())
    assert again.get_last_lr() == [0.25, 0.5]


def test_a_function_at_fault_changes_nothing() -> None:
    driven = optimizer()
    with pytest.raises(SpecError, match="LR606"):
        Scheduler(driven, lambda t: "1")
    assert rates(driven) == [0.1, 0.2]
    assert "initial_lr" not in driven.param_groups[0]


def test_own_shapes_drive_an_optimizer() -> None:
    lrdsl.shape(saw)
    driven = optimizer()
    Scheduler(driven, "saw(base, 2*base, 10)").step(5)
    assert rates(driven) == pytest.approx([0.15, 0.3])


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
