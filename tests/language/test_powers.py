"""Powers and quotients in less time: as exact as numpy's, and the same however asked for."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdsl.language.pointwise.blocks import BLOCK
from lrdsl.language.pointwise.powers import exp, floor_divide, powers, raised
from lrdsl.language.pointwise.times import Range

BASES = [0.5, 0.95, 0.999, 1.0, 1.0001, 2.0, 10.0, 1e-4, 3e200]
PERIODS = [1, 3, Fraction(7, 2), 1000, 10**6]
FIRSTS = [0, 5, BLOCK - 300, 3 * BLOCK, 10**6]


def bits(found: Any) -> bytes:
    return np.asarray(found, dtype=np.float64).tobytes()


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("over", PERIODS)
@pytest.mark.parametrize("first", FIRSTS)
def test_a_power_does_not_depend_on_how_it_is_asked_for(
    base: float, over: Fraction | int, first: int
) -> None:
    t = Range(float(first), BLOCK + 700)
    with np.errstate(all="ignore"):
        found = powers(base, t, over)
        order = np.random.default_rng(first).permutation(t.size)
        assert bits(powers(base, np.asarray(t)[order], over)) == bits(found[order])
        mixed = np.concatenate([[0.25], np.asarray(t)[:600], [0.75]])
        assert bits(powers(base, mixed, over)[1:-1]) == bits(found[:600])
        assert bits(powers(base, mixed[:1], over)) == bits(powers(base, mixed, over)[:1])
        for i in order[:20].tolist():
            assert bits(powers(base, Range(float(first + i), 1), over)) == bits(found[i])
            assert bits(powers(base, np.array([float(first + i)]), over)) == bits(found[i])


@pytest.mark.skipif(
    np.finfo(np.longdouble).eps > 1e-18, reason="no type here is more exact than float64"
)
@pytest.mark.parametrize("base", BASES)
def test_powers_are_exact_to_two_digits_of_the_last_place(base: float) -> None:
    far = min(600 / max(abs(np.log(base)), 1e-9), 1e6)
    part = np.random.default_rng(0).uniform(0, far, 20_000)
    for exponent, compute in ((part, raised), (np.floor(part), raised), (np.floor(part), powers)):
        exact = np.power(np.longdouble(base), exponent.astype(np.longdouble))
        error = np.abs(compute(base, exponent) - exact)
        assert (error <= 2 * np.spacing(exact.astype(np.float64))).all()


EXPONENTS = np.array([-np.inf, -5000.5, -3.0, -0.25, 0.0, 1.0, 2.5, 40.0, 5000.5, np.inf, np.nan])


@pytest.mark.parametrize("base", [-2.0, -1.0, 0.0, 0.5, 1.0, 3.0, np.inf, np.nan])
def test_special_powers_are_those_of_numpy(base: float) -> None:
    with np.errstate(all="ignore"):
        finite = np.isfinite(np.power(base, EXPONENTS))
        found, expected = raised(base, EXPONENTS), np.power(base, EXPONENTS)
        assert (np.isfinite(found) == finite).all()
        np.testing.assert_allclose(found[finite], expected[finite], rtol=1e-15)


@pytest.mark.parametrize("exponent", [-1.0, -0.5, 0.5, 1.0, 2.0, 3.0])
def test_some_exponents_are_computed_in_another_way(exponent: float) -> None:
    base = np.linspace(0.1, 50, 1000)
    np.testing.assert_array_max_ulp(raised(base, exponent), np.power(base, exponent), 2)


def test_exponentials_that_vanish() -> None:
    x = np.array([-1e300, -746.0, -745.0, -744.0, -1.0, 0.0, 700.0, np.nan])
    assert bits(exp(x)) == bits(np.exp(x))
    assert exp(-2.0) == np.exp(-2.0)


numbers = (
    st.floats(-1e6, 1e6)
    | st.floats(allow_nan=True)
    | st.integers(-(10**6), 10**6).map(float)
    | st.sampled_from([0.1, 0.3, 1e300, 5e-324, 2.0**53, 2.0**60])
)


@given(st.lists(numbers, min_size=2, max_size=30), numbers | st.just(0.0))
def test_a_quotient_is_that_of_numpy(a: list[float], b: float) -> None:
    with np.errstate(all="ignore"):
        assert bits(floor_divide(np.array(a), b)) == bits(np.floor_divide(np.array(a), b))
        assert bits(floor_divide(b, np.array(a))) == bits(np.floor_divide(b, np.array(a)))


def test_quotients_of_a_range() -> None:
    assert floor_divide(Range(8.0, 5), 10).tolist() == [0, 0, 1, 1, 1]
