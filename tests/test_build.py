"""The builder mirrors the language: the same grouping, the same text, the same numbers."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import lrdsl
from lrdsl import build, parse
from lrdsl.build import (
    base,
    clip,
    constant,
    cosine,
    count,
    hold,
    interval,
    linear,
    multistep,
    points,
    polynomial,
    prev,
    product,
    repeat,
    sequence,
    sqrt,
    t,
    take,
    total,
    var,
    warmup,
    wsd,
)
from lrdsl.language.language import Language

SAME = [
    pytest.param(cosine(1, 1e-3, 800), "cosine(1, 1e-3, 800)", id="call"),
    pytest.param(cosine(end=0, steps="5%"), "cosine(end=0, steps=5%)", id="by-name"),
    pytest.param(cosine(None, 0, 9), "cosine(_, 0, 9)", id="default"),
    pytest.param(linear(1, 0, 9, closed=True), "linear(1, 0, 9, closed=true)", id="truth-value"),
    pytest.param(linear(-1, 0.25, 10_000), "linear(-1, 0.25, 10000)", id="numbers"),
    pytest.param(
        warmup("linear", 100) >> cosine(1, 1e-3, 800) | interval[600:"*0.5"],
        "warmup(linear, 100) >> cosine(1, 1e-3, 800) | interval[600:*0.5]",
        id="headline",
    ),
    pytest.param(
        hold(5) >> (hold(6) >> hold(7)), "hold(5) >> (hold(6) >> hold(7))", id="chain-right"
    ),
    pytest.param(
        (hold(5) >> hold(6)) * 2, "(hold(5) >> hold(6)) * 2", id="product-of-a-chain"
    ),
    pytest.param(2 * hold(5) + 1 - base / 2, "2 * hold(5) + 1 - base / 2", id="arithmetic"),
    pytest.param(1 - (2 - t), "1 - (2 - t)", id="difference-on-the-right"),
    pytest.param(-(t**2), "-t ** 2", id="negative-power"),
    pytest.param((-t) ** 2, "(-t) ** 2", id="power-of-a-negative"),
    pytest.param(2 ** -t, "2 ** -t", id="power-with-a-negative"),
    pytest.param(0.1 / sqrt(t + 1) | take(500), "0.1 / sqrt(t + 1) | take(500)", id="formula"),
    pytest.param(0.1 >> hold(5), "0.1 >> hold(5)", id="number-on-the-left"),
    pytest.param("hold(5)" >> hold(6), "hold(5) >> hold(6)", id="text-on-the-left"),
    pytest.param(hold(5) | "clip(0, 1)", "hold(5) | clip(0, 1)", id="text-on-the-right"),
    pytest.param(hold(5) | clip(0, None) | repeat(3), "hold(5) | clip(0, _) | repeat(3)", id="|"),
    pytest.param(
        interval[6:"*0.5", 9:0.01, (20, "30ba"):0.1, 40 : cosine(prev, 0, 9)],
        "interval[6:*0.5, 9:0.01, 20..30ba:0.1, 40:cosine(prev, 0, 9)]",
        id="interval",
    ),
    pytest.param(points[0:0, 100:1], "points[0:0, 100:1]", id="points"),
    pytest.param(multistep(1, 0.1, at=[30, "80%"]), "multistep(1, 0.1, at=[30, 80%])", id="list"),
    pytest.param(constant(var("peak"), total - 5), "constant(peak, total - 5)", id="variable"),
    pytest.param(polynomial(1, 0, 9, power=0.9), "polynomial(1, 0, 9, power=0.9)", id="power"),
    pytest.param(wsd(1, 100, "70%", 200, mode="sqrt"), "wsd(1, 100, 70%, 200, mode=sqrt)",
                 id="definition"),
    pytest.param(product([cosine(1, 0, 9), 0.5, t]), "product([cosine(1, 0, 9), 0.5, t])",
                 id="list-of-specs"),
    pytest.param(sequence([hold(5) >> hold(6), base / 2], ["5%"]),
                 "sequence([hold(5) >> hold(6), base / 2], [5%])", id="sequence"),
    pytest.param(1 / count([t, t]), "1 / count([t, t])", id="count"),
    pytest.param(linear(1, 0, parse("9 if total > 5 else 8")),
                 "linear(1, 0, 9 if total > 5 else 8)", id="conditional"),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "text"), SAME)
def test_prints_as_the_text_and_equals_it(spec: lrdsl.Spec, text: str) -> None:
    assert str(spec) == text
    assert lrdsl.parse(text) == spec
    assert hash(lrdsl.parse(text)) == hash(spec)


def test_compiles_to_the_same_numbers() -> None:
    built = lrdsl.compile(warmup("linear", 100) >> cosine(1, 1e-3, 800) | interval[600:"*0.5"])
    text = lrdsl.compile("warmup(linear,100) >> cosine(1,1e-3,800) | interval[600:*0.5]")
    assert (built.values(1000) == text.values(1000)).all()


def test_errors_point_into_the_canonical_text() -> None:
    with pytest.raises(lrdsl.SpecError, match="LR209") as caught:
        lrdsl.compile(hold(5) >> cosine("5%", 0, 100), base_lr=1)
    assert caught.value.diagnostics[0].source == "hold(5) >> cosine(5%, 0, 100)"


@pytest.mark.parametrize(
    ("make", "match"),
    [
        pytest.param(lambda: cosine(object()), "LR602", id="object"),
        pytest.param(lambda: cosine(float("nan")), "LR602", id="nan"),
        pytest.param(lambda: cosine("1 +"), "LR106", id="bad-text"),
        pytest.param(lambda: interval[600], "update:value", id="entry"),
        pytest.param(lambda: interval[1:2:3], "update:value", id="entry-with-step"),
        pytest.param(lambda: interval[(1, 2, 3) : 4], "start, stop", id="range"),
        pytest.param(lambda: var("1 + 2"), "not a name", id="variable"),
        pytest.param(lambda: hold(5) | object(), "LR602", id="operand"),  # type: ignore[operator]
    ],
)
def test_bad_arguments(make: Any, match: str) -> None:
    with pytest.raises(lrdsl.SpecError, match=match):
        make()


def test_unknown_names_have_a_hint() -> None:
    with pytest.raises(AttributeError, match="did you mean 'cosine'"):
        build.cosin  # noqa: B018


def test_every_name_of_the_language_is_there() -> None:
    for name in dir(build):
        assert getattr(build, name) is not None
    assert {"cosine", "interval", "sqrt", "base", "poly"} <= set(dir(build))


def test_help_shows_parameters_and_docs() -> None:
    names = list(inspect.signature(warmup).parameters)
    assert names == ["mode", "steps", "start", "end", "closed"]
    assert "Goyal" in (warmup.__doc__ or "")
    assert "SpeechBrain" in (interval.__doc__ or "")


def test_a_spec_too_deep_to_print_says_so() -> None:
    spec = lrdsl.parse("t")
    for _ in range(5000):
        spec = -spec
    with pytest.raises(lrdsl.SpecError, match="LR109"):
        lrdsl.compile(spec)


MINE = """
# Up and down again.
def lab.hill(high, n, swing=true) = {lr: linear(0, high, n) >> linear(high, 0, n), momentum: 1 - high if swing else none}
def lab.deep.low(h) = | clip(0, h)
def lab.pts[e] = points[0:0, e]
def plain(a) = a / 2
"""  # noqa: E501


@pytest.fixture
def mine() -> None:
    lrdsl.define(MINE)


@pytest.mark.usefixtures("mine")
def test_definitions_are_there_when_they_are_loaded() -> None:
    lab = build.lab
    spec = lab.hill(0.1, n="5%", swing=False) | lab.deep.low(0.05)
    assert str(spec) == "lab.hill(0.1, n=5%, swing=false) | lab.deep.low(0.05)"
    assert str(lab.pts[5:1, "2ep":0.5]) == "lab.pts[5:1, 2ep:0.5]"
    assert str(lab.hill.momentum(0.1, 5)) == "lab.hill.momentum(0.1, 5)"
    assert lrdsl.compile(build.plain(lab.hill(1, 10)))(10) == 0.5
    assert lrdsl.compile(lab.hill.momentum(0.25, 5))(0) == 0.75


@pytest.mark.usefixtures("mine")
def test_names_with_dots_are_listed() -> None:
    assert {"lab", "plain"} <= set(dir(build))
    assert "lab.hill" not in dir(build)
    assert dir(build.lab) == ["deep", "hill", "pts"]
    assert dir(build.lab.deep) == ["low"]
    assert dir(build.lab.hill) == ["lr", "momentum"]


@pytest.mark.usefixtures("mine")
@pytest.mark.parametrize(
    ("reach", "match"),
    [
        pytest.param(lambda: build.lab.hil, "has no 'lab.hil'; did you mean 'lab.hill'", id="near"),
        pytest.param(lambda: build.lab.zzz, "has no 'lab.zzz'$", id="far"),
        pytest.param(lambda: build.lap, "did you mean 'lab'", id="space"),
        pytest.param(
            lambda: build.lab.hill.momentun, "did you mean 'lab.hill.momentum'", id="field"
        ),
        pytest.param(lambda: build.cosine.fast, "has no 'cosine.fast'", id="shape"),
    ],
)
def test_unknown_names_with_dots_have_a_hint(reach: Any, match: str) -> None:
    with pytest.raises(AttributeError, match=match):
        reach()


@pytest.mark.usefixtures("mine")
def test_help_shows_definitions() -> None:
    assert list(inspect.signature(build.lab.hill).parameters) == ["high", "n", "swing"]
    assert build.lab.hill.__doc__ == "Up and down again."
    assert repr(build.lab.hill) == "<lrdsl.build.lab.hill(high=None, n=None, swing=None)>"
    assert "MiniCPM" in wsd.__doc__
    assert "first milestone" in sequence.__doc__


def test_a_definition_that_is_made_again_is_the_new_one() -> None:
    lrdsl.define("def again(a) = a")
    assert list(inspect.signature(build.again).parameters) == ["a"]
    lrdsl.define("def again(b, c) = b + c")
    assert list(inspect.signature(build.again).parameters) == ["b", "c"]


@pytest.mark.parametrize("name", list(Language().definitions))
def test_every_definition_that_comes_with_lrdsl_is_there(name: str) -> None:
    found = build
    for part in name.split("."):
        assert part in dir(found)
        found = getattr(found, part)
    definition = Language().definitions[name]
    assert definition is not None
    if not definition.bracket:
        shown = list(inspect.signature(found).parameters)  # type: ignore[arg-type]
        assert shown == [parameter.name for parameter in definition.parameters]
