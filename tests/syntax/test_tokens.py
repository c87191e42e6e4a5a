"""The reference on tokens: numbers, units, literals, ways to write a line."""

from __future__ import annotations

import math

import pytest

import lrdsl
from lrdsl import SpecError
from tests.support.reference import exactly


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("1", 1.0, id="integer"),
        pytest.param("0.5", 0.5, id="decimal"),
        pytest.param(".5", 0.5, id="no leading digit"),
        pytest.param("1e-3", 1e-3, id="exponent"),
        pytest.param("1E+3", 1e3, id="capital exponent"),
        pytest.param("1_000", 1000.0, id="underscore"),
        pytest.param("1_0.2_5", 10.25, id="underscores around the point"),
        pytest.param("10k", 1e4, id="kilo"),
        pytest.param("2M", 2e6, id="mega"),
        pytest.param("1B", 1e9, id="giga"),
        pytest.param("15T", 15e12, id="tera"),
        pytest.param("1.5k", 1500.0, id="decimal kilo"),
        pytest.param("0.1k", 100.0, id="decimal kilo is exact"),
        pytest.param("1e-3k", 1.0, id="exponent and kilo"),
        pytest.param("1e-400", 0.0, id="too small is 0"),
        pytest.param("1e-000000001", 0.1, id="zeros in an exponent"),
        pytest.param("pi", math.pi, id="pi"),
    ],
)
def test_numbers(text: str, value: float) -> None:
    exactly(text, {0: value, 10**12: value})


UNITS = {
    "total_steps": 1000,
    "steps_per_epoch": 50,
    "samples_per_step": 8,
    "tokens_per_step": 4096,
}


@pytest.mark.parametrize(
    ("duration", "updates"),
    [
        pytest.param("300", 300, id="updates"),
        pytest.param("300ba", 300, id="ba"),
        pytest.param("2k", 2000, id="k"),
        pytest.param("2kba", 2000, id="kba"),
        pytest.param("2ep", 100, id="ep"),
        pytest.param("0.5ep", 25, id="half an epoch"),
        pytest.param("0.03ep", 2, id="1.5 updates round up"),
        pytest.param("5%", 50, id="percent"),
        pytest.param("0.05dur", 50, id="dur"),
        pytest.param("150%", 1500, id="more than the run"),
        pytest.param("800sp", 100, id="sp"),
        pytest.param("8ksp", 1000, id="ksp"),
        pytest.param("1Msp", 125000, id="Msp"),
        pytest.param("40960tok", 10, id="tok"),
        pytest.param("4.096Mtok", 1000, id="Mtok"),
        pytest.param("2Btok", 488281, id="Btok rounds down"),
        pytest.param("0.002Ttok", 488281, id="Ttok"),
        pytest.param("7 // 2", 3, id="floor division"),
        pytest.param("1ep // 7 * 7", 49, id="floor division of an epoch"),
        pytest.param("0.3ep // 0.1ep", 3, id="floor division is exact"),
        pytest.param("mod(total, 1ep - 1)", 20, id="mod"),
        pytest.param("mod(0.7ep, 0.1ep) + 1", 1, id="mod is exact"),
        pytest.param("mix(100, 200, 0.5)", 150, id="mix"),
        pytest.param("1e2", 100, id="exponent"),
        pytest.param("100.0", 100, id="integral float"),
    ],
)
def test_units(duration: str, updates: int) -> None:
    schedule = lrdsl.compile(f"constant(1, {duration})", **UNITS)
    assert schedule.length == updates


@pytest.mark.parametrize(
    ("duration", "needs"),
    [
        pytest.param("5%", "total_steps", id="percent"),
        pytest.param("0.5dur", "total_steps", id="dur"),
        pytest.param("total", "total_steps", id="total"),
        pytest.param("rest", "total_steps", id="rest"),
        pytest.param("1ep", "steps_per_epoch", id="ep"),
        pytest.param("epoch", "steps_per_epoch", id="epoch"),
        pytest.param("10sp", "samples_per_step", id="sp"),
        pytest.param("10tok", "tokens_per_step", id="tok"),
    ],
)
def test_a_unit_names_the_context_it_needs(duration: str, needs: str) -> None:
    with pytest.raises(SpecError, match=rf"LR302.*needs {needs}"):
        lrdsl.compile(f"linear(1, 0, {duration})")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("linear(1,0,10)", id="no spaces"),
        pytest.param("  linear ( 1 , 0 , 10 )  ", id="many spaces"),
        pytest.param("linear(\n  1,\n\t0,\r\n  10\n)", id="newlines and tabs"),
        pytest.param("linear(1, 0, 10)  # the end", id="comment at the end"),
        pytest.param("# first\nlinear(1, # ) ] \n0, 10)# last", id="comments anywhere"),
        pytest.param("((linear(((1)), (0), 10)))", id="needless brackets"),
        pytest.param("linear(start=1, end=0, steps=10)", id="by name"),
        pytest.param("linear(steps=10, end=0, start=1)", id="by name in another order"),
        pytest.param("linear(1, steps=10, end=0)", id="position, then names"),
        pytest.param("linear(1.0, 0.0, 1e1)", id="another notation"),
        pytest.param("linear(1, _, 10)", id="underscore for a default"),
        pytest.param("ramp(linear, 1, 0, 10)", id="ramp"),
        pytest.param("ramp('linear', 1, 0, 10)", id="mode in quotes"),
        pytest.param('ramp("linear", 1, 0, 10)', id="mode in double quotes"),
        pytest.param("linear(1, 0, 10, closed=false)", id="default written out"),
        pytest.param("points[0:1, 10:0]", id="points"),
    ],
)
def test_ways_to_write_a_line(text: str) -> None:
    schedule = lrdsl.compile(text)
    assert schedule.length == 10
    assert schedule.values(12).tolist() == pytest.approx(
        [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0, 0]
    )


def test_literals() -> None:
    exactly("linear(1, 0, 11, closed=true)", {0: 1.0, 5: 0.5, 10: 0.0})
    assert lrdsl.compile("linear(1, 0, 10) | repeat(inf)").length == math.inf


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("cosine(1, 1e-3, 800) | interval[ 600 : * 0.5 ]", id="interval"),
        pytest.param("a # b: c", id="comment"),
        pytest.param("points[ 0 : 0 , 100 : 1 ]", id="points"),
        pytest.param("ramp('sqrt', 1, 0, 3)", id="quotes"),
    ],
)
def test_canonical_text_survives_as_a_plain_yaml_scalar(text: str) -> None:
    canonical = str(lrdsl.parse(text))
    assert ": " not in canonical
    assert " #" not in canonical
