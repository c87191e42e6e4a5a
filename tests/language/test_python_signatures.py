"""What the signature of a shape written in Python may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from pydantic import Field

import lrdsl
import lrdsl.build
from lrdsl import SpecError
from lrdsl.language.language import Language
from tests.support.custom_shapes import Triangle, halving, saw

SHAPES = Language().shapes


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
        pytest.param(underscore, "`_low`, which is not a name", id="underscore"),
        pytest.param(größe, "'größe' is not a name for a shape", id="name beyond ASCII"),
        pytest.param(lambda t: 1.0, "'<lambda>' is not a name for a shape", id="lambda"),
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
        pytest.param({"name": "my saw"}, "'my saw' is not a name", id="space"),
        pytest.param({"name": "my."}, "'my.' is not a name", id="dot at the end"),
        pytest.param({"name": 3}, "3 is not a name", id="number"),
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
