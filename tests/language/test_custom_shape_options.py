"""Shapes written in Python: options, and classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pydantic import Field

import lrdsl
import lrdsl.build
from lrdsl import SpecError
from lrdsl.language.parameters import Steps, Value
from lrdsl.language.pointwise.functions import PointwiseFunctions
from lrdsl.language.shapes import Shape
from tests.support.custom_shapes import Triangle

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

        def values(self, t: Any, xp: PointwiseFunctions) -> Any:
            return xp.full_like(t, self.level)

    assert lrdsl.compile("my.flat(2)")(5) == 2.0
    with pytest.raises(SpecError, match="`level` must be above 0"):
        lrdsl.compile("my.flat(-2)")
    with pytest.raises(SpecError, match="a Shape takes arrays"):
        lrdsl.shape(first=1)(Flat)


def test_a_shape_class_holds_its_value_after_its_steps() -> None:
    @lrdsl.shape(name="my.line")
    class Line(Shape):
        """Down to 0."""

        steps: Steps

        def values(self, t: Any, xp: PointwiseFunctions) -> Any:
            return xp.where(t <= self.steps, 1 - t / self.steps, -1.0)

    schedule = lrdsl.compile("my.line(10)")
    assert schedule.length == 10
    assert schedule([0, 5, 10, 11, 1000]).tolist() == [1, 0.5, 0, 0, 0]


def test_the_formula_of_a_shape_class_takes_the_functions() -> None:
    class Old(Shape):
        level: Value

        def values(self, t: Any) -> Any:  # type: ignore[override]
            return t * self.level

    with pytest.raises(SpecError, match=r"does not take the times(.|\n)*values\(self, t, xp\)"):
        lrdsl.shape(Old)


def test_a_shape_class_must_say_what_its_fields_are() -> None:
    class Vague(Shape):
        level: float

    with pytest.raises(SpecError, match="does not say what may be written there"):
        lrdsl.shape(Vague)
