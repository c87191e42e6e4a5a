"""A spec that names another schedule of its program."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest

import lrdsl
from lrdsl.compiler.context import Context
from lrdsl.schedule.compile import compile_in

LR = lrdsl.compile("warmup(10, 0.25) >> linear(1, 0, 80) >> constant(0.5, 10)")


def beside(text: str, **context: object) -> lrdsl.Schedule:
    return compile_in(text, Context.of(**context), {"lr": LR})


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param("lr", lambda t: LR(t), id="bare"),
        pytest.param("0.1 * lr", lambda t: 0.1 * LR(t), id="pointwise"),
        pytest.param("max(lr, 0.5) ** 2", lambda t: max(LR(t), 0.5) ** 2, id="functions"),
        pytest.param("lr * t / 2ba", lambda t: LR(t) * t / 2, id="formula"),
        pytest.param("-lr | clip(-0.5, _)", lambda t: max(-LR(t), -0.5), id="filter"),
        pytest.param("constant(2, 30) >> lr", lambda t: LR(t) if t >= 30 else 2, id="chain"),
        pytest.param(
            "constant(2, 7) >> (constant(3, 8) >> (lr + 1 | take(9)) >> constant(4, 5))",
            lambda t: [2, 3, LR(t) + 1, 4][(t >= 7) + (t >= 15) + (t >= 24)],
            id="chain in a chain",
        ),
        pytest.param(
            "(constant(2, 30) >> lr) | skip(12)", lambda t: LR(t) if t >= 18 else 2, id="skip"
        ),
        pytest.param(
            "constant(2, 20) >> ((constant(3, 10) >> lr) | skip(2.5ep) | take(60))",
            lambda t: 2 if t < 20 else 3 if t < 28 else LR(min(t, 80)),
            id="skip of a part of an update in a chain",
        ),
        pytest.param("lr | take(20)", lambda t: LR(min(t, 20)), id="take"),
        pytest.param("lr | every(8)", lambda t: LR(t // 8 * 8), id="every"),
        pytest.param(
            "2 | interval[15: lr, 40..60: constant(1, 5) >> lr, 70: *lr]",
            lambda t: (2 if t < 15 else 1 if 40 <= t < 45 else LR(t)) * (LR(t) if t >= 70 else 1),
            id="entries",
        ),
    ],
)
def test_a_name_is_that_schedule_at_the_same_update_of_the_run(text, want):
    schedule = beside(text, steps_per_epoch=1)
    t = np.arange(150)
    np.testing.assert_allclose(schedule(t), [want(i) for i in t.tolist()], rtol=1e-12)


def test_bounds_of_arithmetic_with_a_schedule_that_never_changes():
    lr = lrdsl.compile("constant(0.5)")
    assert compile_in("0.5 * lr", Context.of(total_steps=9), {"lr": lr}).bounds(0, 9) == (
        0.25,
        0.25,
    )


def test_what_follows_starts_where_it_is_then():
    schedule = beside("constant(1, 20) >> (2 * lr | take(30)) >> linear(_, 0, 10)")
    assert schedule(50) == 2 * LR(50)
    schedule = beside("warmup(20) >> (lr | take(30))")
    assert schedule(10) == LR(20) / 2


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("lr + linear(1, 0, 7)", 7),
        ("linear(1, 0, 9) | interval[5:lr]", 9),
        ("lr", math.inf),
    ],
)
def test_it_has_no_say_in_lengths(text, length):
    assert beside(text).length == length


def test_segments_and_bounds_of_a_reference():
    schedule = beside("0.5 * lr", total_steps=100)
    assert schedule.boundaries == (10, 90, 100)
    assert [s.description for s in schedule.segments] == ["0.5 * lr"] * 3
    later = beside("constant(1, 50) >> lr", total_steps=100)
    assert later.boundaries == (50, 90, 100)
    assert later.bounds(50, 100) == (LR(89), 0.5)
    assert schedule.bounds(5, 100) == (min(0.5 * LR(np.arange(5, 100))), 0.5)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("linear(lr, 0, 10)", "`lr` is a schedule, which changes, and `start`.*takes a value"),
        ("linear(1, 0, lr)", "`lr` is a schedule, which changes, and `steps`.*takes a duration"),
        ("points[0:lr]", "`lr` is a schedule"),
        ("(lr * linear(1, 0, 10)) | repeat(2)", "`repeat` runs another clock"),
        ("constant(1, 5) >> (1 >> lr | stretch(2))", "`1` never ends"),
        ("((constant(1, 5) >> lr) | take(9) | stretch(2))", "`stretch` runs another clock"),
        ("lr >> linear(1, 0, 10)", "`lr` never ends(.|\n)*take"),
        ("0.1 * lrr", "`lrr` has no value(.|\n)*did you mean `lr`"),
        ("lr()", "there is no shape `lr`"),
    ],
)
def test_mistakes(text, match):
    with pytest.raises(lrdsl.SpecError, match=match):
        beside(text)


def test_a_name_means_one_thing():
    with pytest.raises(lrdsl.SpecError, match="both a variable and a schedule"):
        compile_in("lr", Context.of(lr=0.1), {"lr": LR})


def test_identity():
    schedule = beside("0.1 * lr", total_steps=50)
    other = compile_in("0.1 * lr", Context.of(total_steps=50), {"lr": lrdsl.compile("1 - t/100")})
    assert schedule == beside("0.1 * lr", total_steps=50)
    assert hash(schedule) == hash(beside("0.1 * lr", total_steps=50))
    assert schedule != other
    for again in (pickle.loads(pickle.dumps(schedule)), copy.deepcopy(schedule)):
        assert again == schedule
        assert again(33) == schedule(33)
        assert dict(again.references) == {"lr": LR}
    assert repr(schedule) == f"lrdsl.compile('0.1 * lr', total_steps=50) beside lr={LR!r}"
    assert schedule.context == Context.of(total_steps=50)
    with pytest.raises(TypeError):
        schedule.references["lr"] = LR


def test_a_reference_to_a_reference():
    momentum = beside("1 - lr")
    third = compile_in("lr + momentum", Context.of(), {"lr": LR, "momentum": momentum})
    assert third.values(120) == pytest.approx(np.ones(120))
