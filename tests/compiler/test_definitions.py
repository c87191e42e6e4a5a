"""Definitions: what calls of them mean."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl import SpecError
from lrdsl.compiler.check_definitions import check_definitions
from lrdsl.compiler.expand import expand
from lrdsl.language import library
from lrdsl.language.language import Language
from lrdsl.language.library import shipped
from lrdsl.language.reserved import complaint_if_taken
from lrdsl.syntax import ast
from lrdsl.syntax.parser import parse_definitions, parse_tree
from lrdsl.syntax.pretty_print import pretty_print
from tests.support.strategies import CONTEXT, ENDLESS, SEGMENTS, _filled, finite

RUN = {"total_steps": 1000, "steps_per_epoch": 50, "base_lr": 0.1}
STEPS = np.arange(1200)


def values(spec: object, definitions: str | None = None, **context: Any) -> np.ndarray:
    return lrdsl.compile(spec, definitions=definitions, **{**RUN, **context})(STEPS)


def expanded(spec: str, definitions: str = "") -> Any:
    language = Language().with_own(check_definitions(definitions, Language()))
    tree, mistakes = expand(parse_tree(spec), language)
    assert not mistakes
    return tree


# --- meaning --------------------------------------------------------------------------------------

TWO = """
def half(a) = a / 2
def up_down(high, n, low=high / 10, mode=linear) =
    ramp(mode, low, high, n) >> ramp(mode, high, low, n)
"""

MEANING = [
    pytest.param(TWO, "half(3)", "3 / 2", id="value"),
    pytest.param(TWO, "half(1 + 2)", "(1 + 2) / 2", id="an argument stays together"),
    pytest.param(TWO, "half(linear(1, 0, 9))", "linear(1, 0, 9) / 2", id="a schedule"),
    pytest.param(TWO, "half(a=3) + half(half(2))", "1.5 + 0.5", id="by name, nested calls"),
    pytest.param(
        TWO, "up_down(1, 10)", "linear(1 / 10, 1, 10) >> linear(1, 1 / 10, 10)", id="defaults"
    ),
    pytest.param(
        TWO,
        "up_down(n=1ep, high=0.5, low=0)",
        "linear(0, 0.5, 1ep) >> linear(0.5, 0, 1ep)",
        id="names in any order, a unit",
    ),
    pytest.param(
        TWO,
        "up_down(1, 10, _, cosine)",
        "cosine(1 / 10, 1, 10) >> cosine(1, 1 / 10, 10)",
        id="_ is the default, a curve",
    ),
    pytest.param(
        TWO,
        "up_down(1, 10, mode='cosine')",
        "cosine(1 / 10, 1, 10) >> cosine(1, 1 / 10, 10)",
        id="a quoted curve",
    ),
    pytest.param(
        f"{TWO}def twice(h, n) = up_down(h, n) >> up_down(half(h), n)",
        "twice(1, 5)",
        "linear(0.1, 1, 5) >> linear(1, 0.1, 5) >> linear(0.05, 0.5, 5) >> linear(0.5, 0.05, 5)",
        id="earlier definitions",
    ),
    pytest.param("def f(a=1, b) = a - b", "f(_, 3)", "1 - 3", id="required after optional"),
    pytest.param("def f(a, b=a * 2) = b", "f(4)", "8",
                 id="a default uses an earlier parameter"),
    pytest.param("def f() = cosine(1, 0, 9)", "f()", "cosine(1, 0, 9)", id="no parameters"),
    pytest.param("def f(a) = a\ndef f.g(a) = -a", "f.g(2)", "-2", id="dotted name"),
    pytest.param("def f(n) = t / n", "f(1ep)", "t / 1ep", id="a formula with a duration"),
    pytest.param(
        "def f(n) = linear(1, 0, n)",
        "constant(1, 5) >> f(1ep)  >> hold(20)",
        "constant(1, 5) >> linear(1, 0, 1ep) >> hold(20)",
        id="in a chain",
    ),
    pytest.param(
        "def f(a) = linear(_, a, 10) >> hold(10)",
        "linear(1, 0.5, 5) >> f(0.1)",
        "linear(1, 0.5, 5) >> (linear(_, 0.1, 10) >> hold(10))",
        id="_ in the body leans on what stands before the call",
    ),
    pytest.param(
        "def f(n) = warmup(n) >> hold()",
        "f(10) >> linear(_, 0, 100)",
        "warmup(10) >> hold() >> linear(_, 0, 100)",
        id="the body of a call runs on like brackets on the left",
    ),
    # Conditions.
    *[
        pytest.param(
            f"def f(n) = 1 if n {operator} 2 else 0", f"f({n})", f"{int(holds)}",
            id=f"{n} {operator} 2",
        )
        for operator, outcomes in {
            "==": (0, 1, 0), "!=": (1, 0, 1), "<": (1, 0, 0), "<=": (1, 1, 0), ">": (0, 0, 1),
            ">=": (0, 1, 1),
        }.items()
        for n, holds in zip((1, 2, 3), outcomes, strict=True)
    ],
    *[
        pytest.param(
            "def f(a=false, b=false) = 1 if " + condition + " else 0",
            f"f({str(a).lower()}, {str(b).lower()})",
            f"{int(eval(condition, {'a': a, 'b': b}))}",
            id=f"{condition}: {a}, {b}",
        )
        for condition in ("a and b", "a or b", "a and not b", "not a or not b", "not a and b or a")
        for a in (True, False)
        for b in (True, False)
    ],
    pytest.param(
        "def f(m in [cos, lin] = cos) = cosine(1, 0, 9) if m == 'cos' else linear(1, 0, 9)",
        "f() + f(lin) + f('cos')",
        "2 * cosine(1, 0, 9) + linear(1, 0, 9)",
        id="words",
    ),
    pytest.param(
        "def f(m) = 1 if m != 'cos' else 2", "f(cos) * 10 + f(sin_)", "21", id="unlisted words"
    ),
    pytest.param("def f(n=_) = 1 if n == _ else n", "f() + 10 * f(5)", "51", id="left out"),
    pytest.param("def f(n=none) = 1 if n == none else n", "f() + 10 * f(5)", "51", id="none"),
    pytest.param("def f(n) = 1 if 10 < n and n < 20 else 0",
                 "f(15) + f(25)", "1", id="between"),
    pytest.param("def f(n) = 1 if n == 1 else 2 if n == 2 else 3", "f(1) + 10*f(2) + 100*f(3)",
                 "321", id="else if"),
    pytest.param("def f(m=linear) = warmup(cosine if m == 'cosine' else linear, 10) >> hold()",
                 "f(cosine)", "warmup(cosine, 10) >> hold()", id="a mode may be conditional"),
    pytest.param("", "1 if total > 999 and epoch == 50 else 2", "1", id="the run decides"),
    pytest.param("", "1 if base == none else base", "base", id="base is known"),
    pytest.param("", "1 if 1ep > 49 else 2", "1", id="durations are compared"),
    pytest.param("", "linear(1, 0, 10 if total == 1000 else 20)", "linear(1, 0, 10)",
                 id="a conditional length"),
    pytest.param("", "(1 if 2 > 1 else 2) * 3", "3", id="conditional in arithmetic"),
    pytest.param("", "linear(1, 0, 9) if base > 1 else cosine(1, 0, 9)", "cosine(1, 0, 9)",
                 id="conditional schedule"),
    pytest.param("", "constant(1, 5) >> (hold(5) | clip(0, 1 if base < 1 else 2))",
                 "constant(1, 5) >> (hold(5) | clip(0, 1))", id="conditional in a modifier"),
    pytest.param("def f(x) = 1 if 1 < 2 else x / 0", "f(1)", "1",
                 id="the other part is not looked at"),
    # Brackets, modifiers, programs.
    pytest.param("def pts[e] = points[0:1, e, 900:0]", "pts[10:0.5, 20:0.25]",
                 "points[0:1, 10:0.5, 20:0.25, 900:0]", id="spliced entries"),
    pytest.param("def cuts[e] = | interval[e] | clip(0, 1)", "constant(3) | cuts[5:*0.1, 9..12:2]",
                 "constant(3) | interval[5:*0.1, 9..12:2] | clip(0, 1)", id="bracket modifier"),
    pytest.param("def all[e] = base | interval[e]",
                 "all[5:0.5]", "base | interval[5:0.5]", id="bracket schedule"),
    pytest.param("def low(h) = | clip(0, h) | take(50)", "linear(1, 0, 100) | low(0.8) | skip(5)",
                 "linear(1, 0, 100) | clip(0, 0.8) | take(50) | skip(5)", id="modifier"),
    pytest.param("def low(h) = | clip(0, h)\ndef lower(h) = | low(h / 2) | every(3)",
                 "linear(1, 0, 100) | lower(1)", "linear(1, 0, 100) | clip(0, 1 / 2) | every(3)",
                 id="modifier of a modifier"),
    pytest.param("def low(h) = | clip(0, h)", "low(0.05)", "base | clip(0, 0.05)",
                 id="a modifier by itself modifies base"),
    pytest.param("def p(a) = {lr: a, momentum: 1 - a}", "p(0.3) + p.momentum(0.3) + p.lr(1)",
                 "0.3 + (1 - 0.3) + 1", id="program"),
    pytest.param("def p(a) = {x: a, y: -a}", "p(2)", "2", id="program without lr: its first"),
    # Lists.
    pytest.param("", "product([linear(1, 0, 9), 0.5, t])", "linear(1, 0, 9) * 0.5 * t",
                 id="product"),
    pytest.param("", "product([1 + t])", "1 + t", id="product of one"),
    pytest.param("", "sequence([linear(1, 0, 9), t, 3], [5, 12])",
                 "(linear(1, 0, 9) | take(5)) >> (t | take(7)) >> 3", id="sequence"),
    pytest.param("", "sequence([linear(1, 0, 9), t, 3], [1ep, 50%])",
                 "(linear(1, 0, 9) | take(1ep)) >> (t | take(50% - 1ep)) >> 3",
                 id="sequence with units"),
    pytest.param("", "sequence([t], [])", "t", id="sequence of one"),
    pytest.param("def mean(l) = product(l) ** (1 / count(l))", "mean([1 + t, 4])",
                 "((1 + t) * 4) ** (1 / 2)", id="a list as an argument"),
    pytest.param("def f(a) = a * 2", "product([f(t), f(1)])", "t * 2 * (1 * 2)",
                 id="calls in a list"),
    # The place of the call.
    pytest.param("def f(a) = linear(9, 7, 5) >> linear(a, 0, 10)",
                 "linear(1, 0.5, 5) >> f(prev / 5)",
                 "linear(1, 0.5, 5) >> (linear(9, 7, 5) >> linear(0.1, 0, 10))", id="prev"),
    pytest.param("def f(a) = linear(9, a, 5) >> constant(7, 5)", "f(next) >> constant(3, 5)",
                 "linear(9, 3, 5) >> constant(7, 5) >> constant(3, 5)", id="next"),
    pytest.param("def f(n) = constant(9, 100) >> linear(1, 0, n)",
                 "constant(1, 500) >> f(rest / 5)",
                 "constant(1, 500) >> (constant(9, 100) >> linear(1, 0, 100))", id="rest"),
    pytest.param("def g(a) = constant(2, 3) >> linear(a, 0, 10)\n"
                 "def f(a) = linear(9, 7, 5) >> g(a)",
                 "linear(1, 0.5, 5) >> f(prev / 5)",
                 "linear(1, 0.5, 5) >> (linear(9, 7, 5) >> (constant(2, 3) >> linear(0.1, 0, 10)))",
                 id="prev through two definitions"),
    pytest.param("def g(a) = constant(2, 3) >> linear(a, 0, 10)\n"
                 "def f(n) = linear(9, 7, n) >> g(prev)",
                 "linear(1, 0.5, 5) >> f(5)",
                 "linear(1, 0.5, 5) >> (linear(9, 7, 5) >> (constant(2, 3) >> linear(7, 0, 10)))",
                 id="prev in the body, as an argument"),
    pytest.param("def f(a) = linear(9, 7, 5) >> a", "linear(1, 0.5, 5) >> f(linear(prev, 0, 10))",
                 "linear(1, 0.5, 5) >> (linear(9, 7, 5) >> linear(7, 0, 10))",
                 id="a schedule's prev is what stands before it"),
    pytest.param("def first(n) = | take(n)", "linear(1, 0, 500) | first(rest / 5)",
                 "linear(1, 0, 500) | take(rest / 5)", id="rest of a modifier"),
    pytest.param("def f(a) = a * t", "linear(1, 0.5, 5) >> f(prev)",
                 "linear(1, 0.5, 5) >> 0.5 * t", id="prev in a formula"),
    pytest.param("def f(a) = a * t", "linear(1, 0.5, 5) >> f(prev) / 1ep",
                 "linear(1, 0.5, 5) >> 0.5 * t / 1ep", id="prev in a formula with a duration"),
]  # fmt: skip


@pytest.mark.parametrize(("definitions", "spec", "meaning"), MEANING)
def test_meaning(definitions: str, spec: str, meaning: str) -> None:
    found = lrdsl.compile(spec, definitions=definitions, **RUN)
    same = lrdsl.compile(meaning, **RUN)
    assert found(STEPS) == pytest.approx(same(STEPS), rel=1e-15)
    assert found.length == same.length


@pytest.mark.parametrize(("definitions", "spec", "meaning"), MEANING)
def test_core_terms_mean_the_same(definitions: str, spec: str, meaning: str) -> None:
    tree = expanded(spec, definitions)
    if any(isinstance(node, ast.Outer) for node, _ in ast.walk(tree)):
        pytest.skip("what is meant where the call stands is not said in the text")
    core = pretty_print(tree, 30)
    assert not set(re.findall(r"(?:^|\n)def ([\w.]+)", definitions)) & {
        *re.findall(r"[\w.]+", core)
    }
    assert (values(core) == values(spec, definitions)).all()


def test_a_callers_variable_may_have_a_parameters_name() -> None:
    text = "def f(peak, n) = linear(peak, 0, n)\ndef g(n, peak) = f(n, peak)"
    spec = "g(2 * peak, n + 1) >> f(peak, n)"
    same = "linear(2 * peak, 0, n + 1) >> linear(peak, 0, n)"
    assert (values(spec, text, peak=3, n=9) == values(same, peak=3, n=9)).all()


def test_what_base_is_may_be_asked() -> None:
    text = "def f(lr=(0.01 if base == none else base)) = constant(lr)"
    assert lrdsl.compile("f()", definitions=text)(0) == 0.01
    assert lrdsl.compile("f()", definitions=text, base_lr=0.3)(0) == 0.3
    assert lrdsl.compile("f(2)", definitions=text)(0) == 2


def test_segments_of_a_call_are_those_of_its_meaning() -> None:
    def places(text: str) -> list[tuple[int, float, float, float | None]]:
        return [(s.start, s.stop, s.first, s.last) for s in lrdsl.compile(text).segments]

    written = "warmup(linear, 10) >> constant(1, 20) >> cooldown(linear, 30, 0)"
    assert places("wsd(1, 10, 20, 30)") == places(written)


# --- laws -----------------------------------------------------------------------------------------

_VALUES = st.sampled_from(["0.7", "peak", "2 * peak", "peak / 3 + 0.1", "base", "max(peak, 1)"])
_LENGTHS = st.sampled_from(["7", "n", "n + 4", "1ep", "3%", "min(n, 12)", "total / 50"])
_PLACES = ["{}", "{} >> linear(_, 0, 20)", "0.5 * {} | clip(0, 2)", "hold(5) >> {}", "-{} + {}"]


@st.composite
def _calls(draw: st.DrawFn) -> tuple[str, str, str]:
    """Definitions, a spec that calls them, and the same by hand."""
    body = draw(finite | _filled(SEGMENTS, 0) | _filled(ENDLESS, 0).map("({}) | take(50)".format))
    used = [name for name in ("peak", "n") if re.search(rf"\b{name}\b", body)]
    given = {name: draw(_VALUES if name == "peak" else _LENGTHS) for name in used}
    by_hand = re.sub(r"\b(peak|n)\b", lambda name: f"({given[name[0]]})", body)
    names = ", ".join(used)
    text = f"def inner({names}) = {body}\ndef outer({names}) = inner({names})"
    named = draw(st.booleans())
    arguments = ", ".join([f"{k}={v}" if named else v for k, v in given.items()])
    call = f"{draw(st.sampled_from(['inner', 'outer']))}({arguments})"
    place = draw(st.sampled_from(_PLACES))
    return text, place.replace("{}", call), place.replace("{}", f"({by_hand})")


@given(_calls())
def test_a_call_is_its_body_with_the_arguments_put_in(case: tuple[str, str, str]) -> None:
    text, spec, by_hand = case
    try:
        same = lrdsl.compile(by_hand, **CONTEXT)
    except SpecError as error:  # what stands beside it does not fit
        codes = {found.code for found in error.diagnostics}
        with pytest.raises(SpecError, match="LR") as caught:
            lrdsl.compile(spec, definitions=text, **CONTEXT)
        assert {found.code for found in caught.value.diagnostics} == codes
        return
    found = lrdsl.compile(spec, definitions=text, **CONTEXT)
    assert found.length == same.length
    assert (found(STEPS) == same(STEPS)).all()
    core = lrdsl.compile(pretty_print(expanded(spec, text)), **CONTEXT)
    assert (core(STEPS) == same(STEPS)).all()
    restored = pickle.loads(pickle.dumps(found))
    assert (restored(STEPS) == same(STEPS)).all()


# --- what comes with lrdsl ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "file", sorted(Path(library.__file__).parent.glob("*.lr")), ids=lambda p: p.name
)
def test_shipped_files_are_sound(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    own = [name for name, where in shipped().items() if where.file == file]
    assert own == library.DEFINED.findall(text), "and no other file has the name"
    assert list(check_definitions(text, Language(), file.name)) == own
    for name in own:
        assert Language().definitions[name] in parse_definitions(text)
        taken = complaint_if_taken(name, Language())
        assert taken == f"the name `{name}` is taken: it is a definition that comes with lrdsl"


def test_definitions_are_equal_wherever_they_stand() -> None:
    (first,) = parse_definitions("def f(a, n=5) = linear(a, 0, n)")
    (second,) = parse_definitions("\n\n  def f( a,n = 5 ) = linear(a,0,n)  # the same")
    (other,) = parse_definitions("def f(a, n=6) = linear(a, 0, n)")
    assert first == second
    assert first != other


BRANCHES = """
def cool(n, k=10) = | branch(n, linear(_, 0, k))
def trimmed(h, n) = | clip(0, h) | take(n) >> hold(3) >> linear(_, 0, 2)
def two(n) = | branch(n, hold(2)) | clip(0, 0.5)
def three(n) = | branch(n, hold(2)) >> hold(1)
"""


@pytest.mark.parametrize(
    ("text", "written_out"),
    [
        (
            "linear(1, 0) | branch(50, linear(_, 0, 10))",
            "(linear(1, 0) | take(50)) >> linear(_, 0, 10)",
        ),
        ("linear(1, 0, 9) | branch(0, hold(5))", "(linear(1, 0, 9) | take(0)) >> hold(5)"),
        (
            "hold(5) | branch(5, hold(5)) | clip(0, 0.4)",
            "(hold(5) | take(5)) >> hold(5) | clip(0, 0.4)",
        ),
        ("linear(1, 0) | cool(50)", "(linear(1, 0) | take(50)) >> linear(_, 0, 10)"),
        (
            "linear(1, 0) | trimmed(0.5, 5)",
            "(linear(1, 0) | clip(0, 0.5) | take(5)) >> hold(3) >> linear(_, 0, 2)",
        ),
        ("linear(1, 0, 20) | two(5)", "((linear(1, 0, 20) | take(5)) >> hold(2)) | clip(0, 0.5)"),
        ("linear(1, 0, 20) | three(5)", "(linear(1, 0, 20) | take(5)) >> hold(2) >> hold(1)"),
        (
            "hold(5) >> (linear(1, 0, 10) | branch(5, hold(5))) >> hold(2)",
            "hold(5) >> (linear(1, 0, 10) | take(5)) >> hold(5) >> hold(2)",
        ),
        ("branch(10, linear(_, 0, 5))", "(base | take(10)) >> linear(_, 0, 5)"),
    ],
)
def test_a_chain_may_follow_a_modifier(text: str, written_out: str) -> None:
    schedule, expected = (
        lrdsl.compile(each, total_steps=100, base_lr=1, definitions=BRANCHES)
        for each in (text, written_out)
    )
    assert schedule.length == expected.length
    assert schedule.boundaries == expected.boundaries
    assert [schedule(t) for t in range(120)] == [expected(t) for t in range(120)]


def test_in_a_spec_a_modifier_is_no_chain() -> None:
    with pytest.raises(lrdsl.SpecError, match=r"LR203.*not a chain"):
        lrdsl.compile("linear(1, 0, 10) | take(5) >> hold(5)")


PUT = """
def after(x) = constant(1, 10) >> x
def before(x) = x >> hold(5)
def twice(x) = 2 * x
"""


@pytest.mark.parametrize(
    ("call", "written"),
    [
        ("after(linear(1, 0, 4) * prev)", "constant(1, 10) >> linear(1, 0, 4) * 3"),
        ("after(prev * linear(1, 0, 4) + prev)", "constant(1, 10) >> 3 * linear(1, 0, 4) + 3"),
        ("after(max(prev, linear(1, 0, 4)))", "constant(1, 10) >> max(3, linear(1, 0, 4))"),
        ("after(t * prev)", "constant(1, 10) >> t * 3"),
        ("before(-(linear(1, 0, 4) * (prev - 1))) >> constant(7, 3)",
         "-(linear(1, 0, 4) * 2) >> hold(5) >> constant(7, 3)"),
        ("before(linear(1, 0, 4) * next) >> constant(7, 3)",
         "linear(1, 0, 4) * 7 >> hold(5) >> constant(7, 3)"),
        ("twice(step(prev, 0.5, 3) * prev)", "2 * (step(3, 0.5, 3) * 3)"),
        ("twice(twice(linear(1, 0, 4) * prev))", "2 * (2 * (linear(1, 0, 4) * 3))"),
    ],
)  # fmt: skip
def test_values_beside_schedules_mean_what_they_mean_at_the_call(call: str, written: str) -> None:
    found = lrdsl.compile(f"constant(3, 5) >> {call}", definitions=PUT)
    expected = lrdsl.compile(f"constant(3, 5) >> {written}")
    assert (found.values(40) == expected.values(40)).all()
