"""What is taken for a spec, and what is not."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest

import lrdsl
from lrdsl import SpecError


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param("0.1", 0.1, id="text"),
        pytest.param(lrdsl.parse("0.1"), 0.1, id="Spec"),
        pytest.param(lrdsl.parse("0.05") * 2, 0.1, id="built"),
        pytest.param(0.1, 0.1, id="float"),
        pytest.param(3, 3.0, id="int"),
        pytest.param(-3, -3.0, id="negative"),
        pytest.param(1e-7, 1e-7, id="small float"),
        pytest.param(1.5e300, 1.5e300, id="large float"),
        pytest.param(np.float32(0.5), 0.5, id="numpy float"),
        pytest.param(np.int64(2), 2.0, id="numpy int"),
        pytest.param({"spec": "0.1"}, 0.1, id="mapping"),
        pytest.param({"spec": 0.1}, 0.1, id="mapping of a number"),
        pytest.param({"spec": lrdsl.parse("0.1")}, 0.1, id="mapping of a Spec"),
    ],
)
def test_what_is_a_spec(spec: Any, expected: float) -> None:
    assert lrdsl.compile(spec)(0) == expected


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(None, id="none"),
        pytest.param(True, id="bool"),
        pytest.param(math.nan, id="nan"),
        pytest.param(math.inf, id="inf"),
        pytest.param(-math.inf, id="-inf"),
        pytest.param(1j, id="complex"),
        pytest.param(b"0.1", id="bytes"),
        pytest.param([], id="empty list"),
        pytest.param({}, id="empty mapping"),
        pytest.param({"lr": 0.1}, id="another key"),
        pytest.param({"spec": 1, "x": 2}, id="one key too many"),
        pytest.param({"spec": None}, id="mapping of none"),
        pytest.param({1: 2}, id="a key that is no text"),
        pytest.param(object(), id="object"),
        pytest.param(np.array([0.1, 0.2]), id="array"),
        pytest.param(10**400, id="int beyond float"),
        pytest.param(np.complex64(1j), id="numpy complex"),
        pytest.param(dict, id="a class"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_is_no_spec(spec: Any) -> None:
    with pytest.raises(SpecError, match=r"error\[LR"):
        lrdsl.compile(spec)


@pytest.mark.parametrize(
    ("context", "match"),
    [
        pytest.param({"total_steps": 0}, r"total_steps.* above 0", id="total 0"),
        pytest.param({"total_steps": -5}, r"total_steps.* above 0", id="total negative"),
        pytest.param({"total_steps": 10.5}, r"total_steps.*whole number", id="total fractional"),
        pytest.param({"total_steps": "10"}, r"a number", id="total text"),
        pytest.param({"total_steps": True}, r"a number", id="total bool"),
        pytest.param({"total_steps": math.inf}, "finite", id="total inf"),
        pytest.param({"total_steps": 10**18}, r"LR303.*total_steps", id="total too far"),
        pytest.param({"total_steps": 1e300}, r"LR303.*total_steps", id="total much too far"),
        pytest.param({"steps_per_epoch": 0}, "above 0", id="epoch 0"),
        pytest.param({"base_lr": math.nan}, "finite", id="base nan"),
        pytest.param({"base_lr": "0.1"}, r"a number", id="base text"),
        pytest.param({"peak": "0.1"}, r"a number", id="variable text"),
        pytest.param({"peak": None}, r"a number", id="variable none"),
        pytest.param({"peak": math.inf}, "finite", id="variable inf"),
        pytest.param({"t": 1}, "`t`", id="reserved t"),
        pytest.param({"pi": 3}, "`pi`", id="reserved pi"),
        pytest.param({"none": 3}, "`none`", id="reserved literal"),
        pytest.param({"max": 3}, "`max`", id="reserved function"),
        pytest.param({"_x": 3}, "`_x`", id="no name"),
        pytest.param({"é": 3}, "`é`", id="no ascii"),
    ],
)
def test_context_mistakes(context: dict[str, Any], match: str) -> None:
    with pytest.raises(SpecError, match=match):
        lrdsl.compile("cosine(1, 0)", **{"total_steps": 10, **context})


def test_a_spec_nested_too_deep_in_python_is_a_diagnostic() -> None:
    deep = lrdsl.parse("1")
    for _ in range(5000):
        deep = -deep
    for use in (str, repr, lrdsl.compile, pickle.dumps):
        with pytest.raises(SpecError, match="LR109"):
            use(deep)


def test_a_deep_spec_built_in_python_compares() -> None:
    one, other = lrdsl.parse("1"), lrdsl.parse("1")
    for _ in range(5000):
        one, other = -one, -other
    assert one == other
    assert hash(one) == hash(other)
