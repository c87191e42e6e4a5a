"""The contract of shapes and curves: one file, one name, a docstring whose examples run."""

from __future__ import annotations

import importlib
import math
import pkgutil
import re
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import lrdsl
from lrdsl import SpecError
from lrdsl.language import curves, shapes
from lrdsl.language.curves import CURVES
from lrdsl.language.functions import FUNCTIONS
from lrdsl.language.language import Language
from lrdsl.language.modifiers import MODIFIERS

SHAPES = Language().shapes

CONTEXT: dict[str, Any] = {"base_lr": 1, "total_steps": 1000}

HYDRA = frozenset(
    {"bool", "choice", "extend_list", "float", "glob", "int", "interval", "json_str", "range"}
    | {"shuffle", "sort", "str", "tag"}
)
"""The functions of Hydra's override grammar: none of them may be called in a spec."""

ISSUED = [
    *("constant", "hold", "linear", "cosine", "polynomial", "exponential", "ramp", "warmup"),
    *("cooldown", "step", "multistep", "exponential_decay", "inverse_sqrt", "points"),
    *("rex", "tanh", "time_based"),
]


def leaves(package: Any) -> list[str]:
    """The modules of a package that stand for one thing each."""
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    return sorted(name for name in names if name != "base")


def example(doc: str) -> str:
    """What a docstring's `Example:` line shows."""
    found = re.search(r"^\s*Example: `([^`]+)`$", doc, re.MULTILINE)
    assert found, f"there is no line Example: `…` in {doc!r}"
    return found[1]


def quoted_calls(doc: str) -> list[str]:
    """Everything in backquotes that looks like a spec."""
    return [text for text in re.findall(r"`([^`]+)`", doc) if re.match(r"[a-z_]+[(\[]", text)]


def test_every_module_is_found() -> None:
    assert leaves(shapes)
    assert set(leaves(curves)) <= set(CURVES)
    assert set(leaves(shapes)) <= set(SHAPES)
    assert set(ISSUED) <= set(SHAPES)


@pytest.mark.parametrize("name", leaves(shapes))
def test_a_shape_is_named_after_its_file(name: str) -> None:
    signature = SHAPES[name]
    assert signature.name == signature.cls.name == name
    assert signature.cls.__module__ == f"lrdsl.language.shapes.{name}"
    registered = [
        each for each in SHAPES if SHAPES[each].cls.__module__ == f"lrdsl.language.shapes.{name}"
    ]
    if name == "ramp":  # curves are called through it
        registered = [each for each in registered if each not in CURVES]
    assert registered == [name]


@pytest.mark.parametrize("name", leaves(curves))
def test_a_curve_is_named_after_its_file(name: str) -> None:
    curve = CURVES[name]
    assert curve.name == name
    assert curve.__module__ == f"lrdsl.language.curves.{name}"
    others = [each for each in CURVES if CURVES[each] is curve and each != name]
    assert sorted(others) == sorted(curve.aliases)


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_a_shape_says_what_it_is(name: str) -> None:
    """The first line is a sentence; the example is a call, as is, of a finite schedule."""
    doc = SHAPES[name].doc
    first = doc.strip().splitlines()[0]
    assert len(first) > 20
    assert first[0].isupper() or first.startswith(("start", "end", "√"))
    text = example(doc)
    values = lrdsl.compile(text, **CONTEXT).values(1100)
    assert np.isfinite(values).all()
    curve = SHAPES[name].curve
    own = {SHAPES[name].name} if curve is None else {SHAPES[name].name, curve.name}
    own |= {alias for each in own if each in CURVES for alias in CURVES[each].aliases}
    assert any(re.search(rf"\b{each}[(\[]", text) for each in own)
    for quoted in quoted_calls(doc):
        assert np.isfinite(lrdsl.compile(quoted, **CONTEXT).values(1100)).all()


@pytest.mark.parametrize("name", sorted(CURVES))
def test_a_curve_says_what_it_is(name: str) -> None:
    doc = CURVES[name].__doc__ or ""
    text = example(doc)
    assert (
        name in text
        or any(alias in text for alias in CURVES[name].aliases)
        or (name in CURVES[name].aliases)
    )
    assert np.isfinite(lrdsl.compile(text, **CONTEXT).values(1100)).all()
    if CURVES[name].is_shape or name == "sqrt":
        assert re.search(r"p = t/steps|[·√]", doc), "the formula is missing"


@pytest.mark.parametrize("name", sorted(CURVES))
@pytest.mark.parametrize("form", ["ramp({}, 0.2, 1, 40)", "warmup({}, 40, 0.2, 1)"])
def test_every_curve_is_a_mode(name: str, form: str) -> None:
    schedule = lrdsl.compile(form.format(name))
    near = 0.0 if CURVES[name].hits_endpoints else 0.8 * 2.5e-3
    values = schedule.values(50)
    assert values[0] == pytest.approx(0.2, rel=0, abs=near)
    assert values.min() >= 0.2
    assert values.max() <= 1.0
    assert (np.diff(values) >= 0).all()
    end = 0.2 if name == "constant" else 1.0
    assert values[40:].tolist() == [values[40]] * 10
    assert values[40] == pytest.approx(end, rel=0, abs=near)
    down = lrdsl.compile(f"constant(1, 10) >> cooldown({name}, 40, 0.2)").values(60)
    assert down[10] == pytest.approx(1.0, rel=0, abs=near)
    assert down[59] == pytest.approx(1.0 if name == "constant" else 0.2, rel=0, abs=near)


@pytest.mark.parametrize("name", [name for name in sorted(CURVES) if CURVES[name].is_shape])
def test_a_curve_as_a_shape_is_the_ramp_of_that_mode(name: str) -> None:
    one = lrdsl.compile(f"{name}(0.7, 0.1, 30)")
    other = lrdsl.compile(f"ramp({name}, 0.7, 0.1, 30)")
    assert one.values(40).tolist() == other.values(40).tolist()
    closed = lrdsl.compile(f"{name}(0.7, 0.1, 30, closed=true)")
    assert (closed.length, closed(0), closed(29)) == (30, one(0), one(30))
    if CURVES[name].hits_endpoints:
        assert (one(0), one(30)) == (0.7, 0.1)


def test_no_call_takes_a_name_from_hydra() -> None:
    called = {name for name in SHAPES if not SHAPES[name].bracket}
    called |= {name for name in MODIFIERS if not MODIFIERS[name].bracket}
    called |= set(FUNCTIONS)
    assert not called & HYDRA


def test_names_are_unambiguous() -> None:
    """A name after `|` is a modifier, elsewhere a shape or a function; none is two of them."""
    assert not set(SHAPES) & set(MODIFIERS)
    assert not set(MODIFIERS) & set(FUNCTIONS)
    assert not set(SHAPES) & set(FUNCTIONS)


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_a_bare_name_is_told_how_to_be_called(name: str) -> None:
    with pytest.raises(SpecError, match=r"LR202") as caught:
        lrdsl.compile(name, **CONTEXT)
    (found,) = caught.value.diagnostics
    assert found.fix is not None
    assert name in found.fix


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_too_many_arguments_name_the_signature(name: str) -> None:
    if SHAPES[name].bracket:
        with pytest.raises(SpecError, match="square brackets"):
            lrdsl.compile(f"{name}(1)")
        return
    first = "linear, " if name in ("ramp", "warmup", "cooldown") else ""
    with pytest.raises(SpecError, match="LR204") as caught:
        lrdsl.compile(f"{name}({first}{', '.join('1' * 12)})")
    (found,) = [d for d in caught.value.diagnostics if d.code == "LR204"]
    assert f"{name}(" in str(found.fix)


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_parameters_can_all_be_named(name: str) -> None:
    """Every parameter of the signature is a keyword too, and an unknown one is refused."""
    signature = SHAPES[name]
    if signature.bracket:
        return
    parameters = [parameter.name for parameter in signature.parameters]
    assert len(parameters) == len(set(parameters))
    given = ["mode=linear" if each == "mode" else f"{each}=_" for each in parameters]
    text = f"{name}({', '.join(given)}, nonsense=1)"
    with pytest.raises(SpecError, match="nonsense") as caught:
        lrdsl.compile(text, **CONTEXT)
    unknown = [d for d in caught.value.diagnostics if d.code == "LR206"]
    assert len(unknown) == 1


@pytest.mark.parametrize(
    ("text", "match"),
    [
        pytest.param("step(1, 0, 5)", "above 0", id="gamma 0"),
        pytest.param("step(1, 0.5, 0)", "every", id="every 0"),
        pytest.param("step(1, 0.5, -5)", "every", id="every negative"),
        pytest.param("step(1, 0.5)", r"`every`(.|\n)*`half_life`", id="no every"),
        pytest.param("step(1)", r"`gamma`(.|\n)*`half_life`", id="neither"),
        pytest.param("step(1, 0.5, 9, half_life=9)", "`half_life` and `gamma`", id="both"),
        pytest.param("step(1, every=9, half_life=9)", "`half_life` and `every`", id="half of both"),
        pytest.param("step(1, half_life=0)", "above 0", id="half_life 0"),
        pytest.param("step(1, half_life=[3])", "duration|number", id="half_life a list"),
        pytest.param("step(1, 0.5, 9, 9)", "at most 3", id="half_life by position"),
        pytest.param("multistep(1, 0.5, at=[])", "empty", id="no milestones"),
        pytest.param("multistep(1, 0, at=[5])", "above 0", id="factor 0"),
        pytest.param("multistep(1, [0.5, -1], at=[5, 9])", "above 0, not -1", id="factor -1"),
        pytest.param("multistep(1, [0.5], at=[5, 9])", "one factor for each", id="too few factors"),
        pytest.param("multistep(1, [1, 1], at=[5])", "one factor for each", id="too many factors"),
        pytest.param("multistep(1, [], at=[5])", "one factor for each", id="no factors"),
        pytest.param("multistep(1, [0.5, 5%], at=[5, 9])", "duration", id="a duration as factor"),
        pytest.param("multistep(1, [[0.5]], at=[5])", "not a number", id="a list of lists"),
        pytest.param("time_based(1)", "needs `rate`", id="time_based without rate"),
        pytest.param("time_based(1, -0.1)", "at least 0", id="negative rate"),
        pytest.param("time_based(1, 1e301)", r"at most 1e\+300", id="huge rate"),
        pytest.param("tanh(1, 0, 9, lb=3, ub=3)", "below `ub`", id="lb at ub"),
        pytest.param("ramp(tanh, 1, 0, 9, lb=4)", "below `ub`", id="lb above ub"),
        pytest.param("rex(1, 0, 9, power=2)", "no parameter `power`", id="rex takes no power"),
        pytest.param("multistep(1, 0.5, at=[80, 30])", "order", id="milestones out of order"),
        pytest.param("multistep(1, 0.5, at=30)", r"\[30\]", id="milestone without a list"),
        pytest.param("exponential_decay(1, 0)", "above 0", id="rate 0"),
        pytest.param("exponential_decay(1, 0.5, every=0)", "above 0", id="decay every 0"),
        pytest.param("exponential_decay(1, 0.5, staircase=1)", "true", id="staircase 1"),
        pytest.param("inverse_sqrt(1, warmup=0)", "at least 1", id="warmup 0"),
        pytest.param("polynomial(1, 0, 5, power=0)", "above 0", id="power 0"),
        pytest.param("polynomial(1, 0, 5, power=-1)", "above 0", id="power negative"),
        pytest.param("linear(1, 0, 5, closed=2)", "true", id="closed 2"),
        pytest.param("ramp(step, 1, 0, 5)", "there is no curve `step`", id="no curve"),
        pytest.param("ramp(5, 1, 0, 5)", "name of a curve", id="a number as mode"),
        pytest.param(
            "ramp(linear, 1, 0, 5, power=2)", "no parameter `power`", id="another's parameter"
        ),
        pytest.param("points[]", "points", id="no points"),
        pytest.param("points[5:1, 3:2]", "order", id="points out of order"),
        pytest.param("points[5:1, 4:2]", "increase", id="a point before another one"),
        pytest.param("points[0:*2]", "update:value", id="a factor as a point"),
        pytest.param("points[0..5:2]", "update:value", id="a range as a point"),
        pytest.param("points[0:linear(1, 0, 5)]", "schedule", id="a schedule as a point"),
        pytest.param("points[-5:1]", "before update 0", id="a point before the start"),
        pytest.param("hold(5, 6)", "at most 1 argument", id="hold takes one"),
        pytest.param("cosine(1, 0, [5])", "number", id="a list as steps"),
        pytest.param("cosine(1, true, 5)", "number", id="true as a value"),
        pytest.param("cosine('1', 0, 5)", "number", id="text as a value"),
        pytest.param("cosine(none, 0, 5)", "number", id="none as a value"),
        pytest.param("cosine(1, 0, inf)", "number|ends", id="inf as steps"),
    ],
)
def test_impossible_parameters(text: str, match: str) -> None:
    with pytest.raises(SpecError, match=match):
        lrdsl.compile(text)


@given(st.integers(2, 300), st.floats(-20, 0), st.floats(0.1, 20))
def test_rex_and_tanh_are_their_papers_formulas(steps: int, lb: float, ub: float) -> None:
    t = np.arange(steps)
    found = lrdsl.compile(f"rex(0.7, 0, {steps})")(t)
    assert found == pytest.approx(0.7 * (1 - t / steps) / (0.5 + 0.5 * (1 - t / steps)), rel=1e-12)
    found = lrdsl.compile(f"tanh(0.7, 0.1, {steps}, lb={lb!r}, ub={ub!r})")(t)
    expected = 0.1 + 0.6 / 2 * (1 - np.tanh(lb + (ub - lb) * t / steps))
    assert found == pytest.approx(expected, rel=1e-12)


def test_what_follows_a_tanh_or_leads_to_it_is_continuous() -> None:
    """It does not meet its ends, and its neighbours know."""
    schedule = lrdsl.compile("warmup(100) >> tanh(1, 0, 800) >> hold(9)")
    assert schedule(100) == pytest.approx(1 - 8.3e-7, rel=1e-8)
    assert schedule(50) == pytest.approx(schedule(100) / 2, rel=1e-15)
    assert schedule(905) == pytest.approx(0.5 * (1 - math.tanh(3)), rel=1e-12)


@given(st.floats(1e-3, 10), st.floats(0.5, 1e4), st.lists(st.integers(0, 10**4), min_size=1))
def test_half_life(start: float, half_life: float, steps: list[int]) -> None:
    found = lrdsl.compile(f"step({start!r}, half_life={half_life!r} * 1)")(steps)
    assert found == pytest.approx([start * 2 ** (-t / half_life) for t in steps], rel=1e-11)


def test_half_life_in_units() -> None:
    schedule = lrdsl.compile("step(half_life=2ep)", steps_per_epoch=33.3, base_lr=1)
    assert schedule(333) == pytest.approx(2**-5, rel=1e-14)


@given(st.lists(st.tuples(st.integers(0, 300), st.floats(0.01, 3)), min_size=1, max_size=9))
def test_multistep_with_a_factor_for_each_milestone(steps: list[tuple[int, float]]) -> None:
    steps = sorted(steps)
    at, gamma = [t for t, _ in steps], [factor for _, factor in steps]
    found = lrdsl.compile(f"multistep(0.5, {gamma!r}, at={at})").values(310)
    for t in range(310):
        passed = [factor for milestone, factor in steps if milestone <= t]
        assert found[t] == pytest.approx(0.5 * math.prod(passed), rel=1e-14)


@given(st.floats(1e-8, 10), st.floats(0, 1))
def test_time_based_is_the_recurrence(rate: float, share: float) -> None:
    """Up to 10^6 updates, or to where hardly anything is left."""
    last = int(min(10**6, 30 + 700 / rate, (1400 / rate) ** 0.5 + 100))
    n = int(share * last)
    # A sum of logarithms rounded once; log1p and rate·k are as good as exact beside it.
    log = math.fsum(np.log1p(rate * np.arange(n)).tolist())
    assume(log < 690)
    assert lrdsl.compile(f"time_based(1, {rate!r})")(n) == pytest.approx(math.exp(-log), rel=1e-12)


@given(st.floats(1e-8, 10), st.integers(0, 150))
def test_time_based_is_the_exact_recurrence(rate: float, n: int) -> None:
    exact = Fraction(1)
    for k in range(n):
        exact /= 1 + Fraction(rate) * k
    found = lrdsl.compile(f"time_based(1, {rate!r})")(n)
    assert found == pytest.approx(float(exact), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("rate", [1e-18, 3e-18, 1e-17, 1e-16])
def test_time_based_far_out(rate: float) -> None:
    """At update 10^9, where the series of the logarithm needs three terms."""
    r, n = Fraction(rate), 10**9
    log = r * n * (n - 1) / 2 - r**2 * n * (n - 1) * (2 * n - 1) / 12
    log += r**3 * (n * (n - 1)) ** 2 / 12
    assert lrdsl.compile(f"time_based(1, {rate!r})")(n) == pytest.approx(
        math.exp(-log), rel=1e-12, abs=0
    )


@pytest.mark.parametrize("rate", [0.0, 1e-300, 1e-16, 1e-9, 1e-3, 1.0, 10.0, 1e300])
def test_time_based_never_rises(rate: float) -> None:
    schedule = lrdsl.compile(f"time_based(0.3, {rate!r})")
    values = schedule.values(20_000)
    assert (values[0], values[1]) == (0.3, 0.3)
    assert (np.diff(values) <= 0).all()
    assert schedule([10**9, 2**53]).max() <= values[-1]
    assert schedule.bounds(5, 20_000) == (values[-1], values[5])


def test_every_module_documents_its_only_class() -> None:
    for package in (shapes, curves):
        for name in leaves(package):
            module = importlib.import_module(f"{package.__name__}.{name}")
            own = [
                thing
                for thing in vars(module).values()
                if isinstance(thing, type) and thing.__module__ == module.__name__
            ]
            assert (
                len([thing for thing in own if thing.__doc__ and "Example:" in thing.__doc__]) == 1
            )


def test_shapes_end_where_they_say() -> None:
    assert lrdsl.compile("step(1, 0.5, 5)").length == math.inf
    assert lrdsl.compile("points[0:1, 70:2]").length == 70


def test_bounds_of_factors_that_rise_and_fall() -> None:
    schedule = lrdsl.compile("multistep(1, [0.3, 1, 1.5], at=[3, 5, 9])")
    assert schedule.bounds(0, 20) == (0.3, 1.0)
    assert schedule.bounds(6, 20) == (0.3, pytest.approx(0.45))
