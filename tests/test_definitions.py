"""Definitions: what calls of them mean, what is said about mistakes, and where they are kept."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from counting import bounded
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from strategies import CONTEXT, ENDLESS, SEGMENTS, _filled, finite, trees

import lrdsl
from lrdsl import SpecError
from lrdsl.compiler.check_definitions import check_definitions
from lrdsl.compiler.expand import expand
from lrdsl.diagnostics import Reporter
from lrdsl.language import library
from lrdsl.language.library import Library, shipped
from lrdsl.syntax import ast
from lrdsl.syntax.parser import parse_definitions, parse_tree
from lrdsl.syntax.pretty import lay_out, lay_out_definition
from lrdsl.syntax.unparse import write

GOLDEN = Path(__file__).parent / "golden" / "definitions.txt"
RUN = {"total_steps": 1000, "steps_per_epoch": 50, "base_lr": 0.1}
STEPS = np.arange(1200)


def values(spec: object, definitions: str | None = None, **context: Any) -> np.ndarray:
    return lrdsl.compile(spec, definitions=definitions, **{**RUN, **context})(STEPS)


def expanded(spec: str, definitions: str = "") -> Any:
    reporter = Reporter(spec)
    tree = expand(parse_tree(spec), Library(check_definitions(definitions)), reporter)
    reporter.check()
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
    core = lay_out(tree, 30)
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
    assert [s[:4] for s in lrdsl.compile("wsd(1, 10, 20, 30)").segments] == [
        s[:4]
        for s in lrdsl.compile(
            "warmup(linear, 10) >> constant(1, 20) >> cooldown(linear, 30, 0)"
        ).segments
    ]


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
    core = lrdsl.compile(lay_out(expanded(spec, text)), **CONTEXT)
    assert (core(STEPS) == same(STEPS)).all()
    restored = pickle.loads(pickle.dumps(found))
    assert (restored(STEPS) == same(STEPS)).all()


# --- mistakes -------------------------------------------------------------------------------------

CASES: dict[str, tuple[str, str]] = {
    # Definitions that are no good, LR701 to LR706 first.
    "duplicate-name": ("def a(x) = x\ndef a(y) = 2 * y", "1"),
    "name-of-a-shape": ("def cosine(x) = x", "1"),
    "name-of-a-modifier": ("def clip(x) = x", "1"),
    "name-of-a-function": ("def sqrt(x) = x", "1"),
    "name-of-a-function-of-lists": ("def product(x) = x", "1"),
    "name-of-a-definition-of-lrdsl": ("def wsd(x) = x", "1"),
    "name-that-is-reserved": ("def total(x) = x", "1"),
    "name-that-is-a-word": ("def if(x) = x", "1"),
    "name-of-a-field": ("def p(x) = {lr: x, m: x}\ndef p.m(x) = x", "1"),
    "field-that-is-defined": ("def p.m(x) = x\ndef p(x) = {lr: x, m: x}", "1"),
    "field-twice": ("def p(x) = {lr: x, lr: x}", "1"),
    "parameter-twice": ("def a(x, x) = x", "1"),
    "parameter-that-is-reserved": ("def a(t) = t", "1"),
    "parameter-with-a-dot": ("def a(x.y) = 1", "1"),
    "recursion": ("def a(x) = 1 + a(x / 2)", "1"),
    "defined-below": ("def a(x) = b(x)\ndef b(x) = x", "1"),
    "unused-parameter": ("def a(x, y) = x", "1"),
    "unbound-name": ("def a(high) = hihg / 2", "1"),
    "callers-variable": ("def a(x) = x * lr", "1"),
    "unquoted-word": ("def a(mode) = 1 if mode == triangular else 2", "1"),
    "file-that-is-missing": ("no/such.lr", "1"),
    "condition-that-is-none": ("def a(x) = 1 if x else 2", "a(3)"),
    "order-of-words": ("def a(x in [p, q]) = 1 if x < 'q' else 2", "1"),
    "condition-on-t": ("", "1 if t > 5 else 2"),
    "condition-on-prev": ("", "hold(5) >> constant(1 if prev > 5 else 2, 5)"),
    "condition-on-what-is-unknown": ("", "1 if epoch > 5 else 2"),
    "mistake-in-a-body": ("def a(x) = warmup(linaer, x) >> cosin(1, 0, 5%)", "1"),
    "mistake-in-a-body-once": ("def a(x) = cosin(x)\ndef b(x) = a(x) + a(x)\ndef c(x) = b(x)", "1"),
    "several": ("def a(x, y) = x\ndef b(x) = c(x)\ndef c(x) = z", "a(1) + q(2)"),
    # Syntax.
    "no-def": ("half(x) = x / 2", "1"),
    "no-equals": ("def half(x): x / 2", "1"),
    "no-brackets": ("def half x = x / 2", "1"),
    "no-name": ("def (x) = x / 2", "1"),
    "no-body": ("def half(x) =", "1"),
    "more-after-the-body": ("def half(x) = x / 2\n  return x", "1"),
    "words-without-brackets": ("def a(m in p, q) = m", "1"),
    "program-without-colon": ("def a(x) = {lr x}", "1"),
    "program-that-is-not-closed": ("def a(x) = {lr: x", "1"),
    "program-of-nothing": ("def a(x) = {}", "1"),
    "definition-in-a-spec": ("", "def a(x) = x"),
    "no-else": ("", "1 if 2 > 1"),
    "brackets-in-a-condition": ("", "1 if (2 > 1) else 0"),
    "comparisons-in-a-row": ("", "1 if 1 < 2 < 3 else 0"),
    "single-equals": ("", "1 if 1 = 1 else 0"),
    "comparison-by-itself": ("", "1 < 2"),
    "equality-by-itself": ("", "1 == 2"),
    "and-by-itself": ("", "1 and 2"),
    # Calls that do not fit.
    "unknown-definition": ("def half(x) = x / 2", "halve(1) >> hold(5)"),
    "bare-name": ("def half(x) = x / 2", "1 + half"),
    "missing-argument": ("def half(x, n=2) = x / n", "half(n=3)"),
    "default-of-what-has-none": ("def half(x, n=2) = x / n", "half(_)"),
    "too-many-arguments": ("def half(x) = x / 2", "half(1, 2)"),
    "no-arguments-at-all": ("def two() = 2", "two(1)"),
    "unknown-parameter": ("def half(value) = value / 2", "half(valeu=1)"),
    "given-twice": ("def half(x) = x / 2", "half(1, x=2)"),
    "not-one-of-the-words": ("def a(m in [cos, lin]) = 1 if m == 'cos' else 2", "a(sin)"),
    "near-one-of-the-words": ("def a(m in [cosine, lin]) = 1 if m == 'lin' else 2", "a(cosin)"),
    "no-truth-value": ("def a(up=true) = 1 if up else 2", "a(1)"),
    "square-brackets": ("def half(x) = x / 2", "half[1:2]"),
    "round-brackets": ("def pts[e] = points[e]", "pts(1, 2)"),
    "splice-in-a-spec": ("", "points[0:1, e]"),
    "schedule-after-a-bar": ("def half(x) = x / 2", "1 | half(2)"),
    "unknown-field": ("def p(x) = {lr: x, momentum: x}", "p.momentun(1)"),
    "no-list": ("", "product(1)"),
    "empty-list": ("", "count([])"),
    "list-too-many": ("", "product([1], [2])"),
    "milestones-do-not-fit": ("", "sequence([1, 2, 3], [5])"),
    "milestones-that-fall": ("", "sequence([1, 2, 3], [10, 5])"),
    # Mistakes in what a call stands for show both places.
    "in-the-body": ("def a(n) = linear(1, 0, 10) >> hold(n - 5)", "hold(3) >> a(5)"),
    "in-the-body-by-an-argument": ("def a(x) = linear(1 / x, 0, 10)", "a(0)"),
    "an-argument-of-the-wrong-kind": ("def a(x) = linear(x, 0, 10)", "a(5%)"),
    "in-a-default": ("def a(x, y=1 / x) = x + y", "a(0)"),
    "two-definitions-deep": (
        "# Down.\ndef down(n) =\n    linear(1, 0, n)\ndef a(n) =\n    hold(5)\n    >> down(n - 3)",
        "1 + a(3)",
    ),
    "in-a-modifier": ("def a(x) = | clip(x, 0)", "linear(1, 0, 5) | a(1)"),
    "in-spliced-entries": ("def a[e] = points[100:1, e]", "a[50:2]"),
    "needs-the-run": ("def a(x) = constant(x, 5%)", "a(1)"),
    "too-much": (
        "def a0(x) = x + x\n"
        + "\n".join(f"def a{i}(x) = a{i - 1}(a{i - 1}(x))" for i in range(1, 9)),
        "1",
    ),
}
CONTEXTS: dict[str, dict[str, Any]] = {
    "in-the-body": {"base_lr": 1}, "condition-on-prev": {"base_lr": 1},
    "two-definitions-deep": {"base_lr": 1},
}  # fmt: skip


def rendered(case: str) -> str:
    text, spec = CASES[case]
    with pytest.raises(SpecError, match=r"error\[LR\d{3}\]") as caught:
        lrdsl.compile(spec, definitions=text, **CONTEXTS.get(case, {}))
    return str(caught.value)


def golden() -> dict[str, str]:
    blocks = re.split(r"^=== (\S+)\n", GOLDEN.read_text(encoding="utf-8"), flags=re.M)
    return dict(zip(blocks[1::2], [block.strip("\n") for block in blocks[2::2]], strict=True))


if os.environ.get("LRDSL_UPDATE_GOLDEN"):
    GOLDEN.write_text(
        "\n".join(f"=== {case}\n{rendered(case)}\n" for case in CASES), encoding="utf-8"
    )


@pytest.mark.parametrize("case", CASES)
def test_rendered(case: str) -> None:
    assert rendered(case).strip("\n") == golden()[case]


def test_golden_file_has_no_leftovers_and_every_code() -> None:
    assert list(golden()) == list(CASES)
    assert {f"LR70{i}" for i in range(1, 7)} <= set(re.findall(r"LR\d{3}", GOLDEN.read_text()))


@pytest.mark.parametrize("case", CASES)
def test_spans_lie_in_their_sources(case: str) -> None:
    text, spec = CASES[case]
    with pytest.raises(SpecError, match="LR") as caught:
        lrdsl.compile(spec, definitions=text, **CONTEXTS.get(case, {}))
    for found in caught.value.diagnostics:
        if found.position is not None:
            assert found.source in (text, spec)
            assert 0 <= found.span.start < found.span.stop <= max(1, len(found.source))
        for site in found.span.sites:
            assert site.source == text
            assert 0 <= site.start < site.stop <= len(text)
        assert found.to_dict()["definitions"] == [site.name for site in found.span.sites]


# --- bounds ---------------------------------------------------------------------------------------


def powers(last: str, count: int = 40) -> str:
    lines = [f"def a{i}(x) = " + last.replace("f(", f"a{i - 1}(") for i in range(1, count)]
    return "\n".join(["def a0(x) = x + x", *lines])


BOMBS = [
    pytest.param(powers("f(x) + f(x)"), "1", id="calls double"),
    pytest.param(powers("f(x + x)"), "1", id="arguments double"),
    pytest.param(powers("f(f(x))"), "1", id="calls of calls"),
    pytest.param(powers("f(x) if x == 1 else f(x) * f(x)"), "1", id="in both parts of a condition"),
    pytest.param("def d(x) = x + x", "d(" * 60 + "1" + ")" * 60, id="calls of calls in the spec"),
    pytest.param("def d(x) = x >> x", "d(" * 60 + "hold(1)" + ")" * 60, id="chains"),
    pytest.param("def d(x) = x", "+".join(["d(1)"] * 13_000), id="very many calls"),
    pytest.param(
        "def d(x) = " + " + ".join(["x"] * 5000), "d(" + "+".join(["1"] * 5000) + ")",
        id="long body, long argument",
    ),
    pytest.param("def d(x) = " + "-" * 190 + "x", "d(" * 45 + "t" + ")" * 45, id="deep bodies"),
    pytest.param(powers("-" * 180 + "f(x)", 5), "a4(t)", id="bodies deep in each other"),
    pytest.param(powers("abs(" * 180 + "f(x)" + ")" * 180, 5), "a4(t)", id="calls deep in others"),
    pytest.param(powers("[" * 180 + "f(x)" + "]" * 180, 5), "a4(t)", id="lists deep in others"),
    pytest.param("def d(x) = 1 if x == 1 else 2", "d(" + "-" * 190 + "t)",
                 id="deep in a condition"),
    pytest.param("def d[e] = points[" + "e, " * 9000 + "e]", "d[1:1, 2:2, 3:3, 4:4, 5:5, 6:6]",
                 id="splices"),
    pytest.param(
        powers("f(x)", 13).replace("= a", "= 1 + a0(x) + a0(x) + a")
        + "\n" + "\n".join(f"def b{i}(x) = a12(x)" for i in range(2500)), "1",
        id="many definitions that call a large one",
    ),
    pytest.param(powers("f(x)", 60), "1", id="fifty levels"),
    pytest.param("", "1 if " + "not " * 199 + "1 < 2 else 0", id="many nots"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "spec"), BOMBS)
def test_bombs_are_bounded(text: str, spec: str) -> None:
    check_definitions.cache_clear()
    with bounded(), suppress(SpecError):
        lrdsl.compile(spec, definitions=text, base_lr=1)


def test_a_spec_as_deep_as_allowed_may_call_definitions() -> None:
    spec = "max(wsd(1, 1, 1, 1), " * 190 + "1" + ")" * 190
    assert lrdsl.compile(spec)(0) == 1


def test_one_large_definition_does_not_spoil_the_others() -> None:
    text = f"def good(x) = x\n{powers('f(x) + f(x)')}"
    with pytest.raises(SpecError, match="LR109") as caught:
        lrdsl.compile("good(1)", definitions=text)
    assert len(caught.value.diagnostics) == 1


# --- where definitions are kept -------------------------------------------------------------------


@pytest.fixture
def mine(tmp_path: Path, forgotten: None) -> Path:
    return tmp_path / "mine.lr"


def test_a_loaded_file_is_known_to_all_specs(mine: Path) -> None:
    mine.write_text("# Half.\ndef my.half(a) = a / 2\ndef my.quarter(a) = my.half(my.half(a))")
    assert lrdsl.load(mine) == ("my.half", "my.quarter")
    assert lrdsl.load(str(mine)) == ("my.half", "my.quarter")
    assert lrdsl.compile("my.quarter(8)")(0) == 2


def test_a_file_is_read_again_after_it_has_changed(mine: Path) -> None:
    mine.write_text("def f(a) = a\ndef gone(a) = a")
    lrdsl.load(mine)
    before = lrdsl.compile("f(1)")
    mine.write_text("def f(a, b=5) = a + b")
    lrdsl.load(mine)
    assert lrdsl.compile("f(1)")(0) == 6
    assert before(0) == 1
    assert pickle.loads(pickle.dumps(before))(0) == 1
    with pytest.raises(SpecError, match="there is no shape `gone`"):
        lrdsl.compile("gone(1)")


def test_a_file_with_a_mistake_changes_nothing(mine: Path) -> None:
    mine.write_text("def f(a) = a")
    lrdsl.load(mine)
    mine.write_text("def f(a) = 2 * a\ndef g(a) = b")
    with pytest.raises(SpecError, match=r"LR301.*\n  in mine\.lr:"):
        lrdsl.load(mine)
    assert lrdsl.compile("f(1)")(0) == 1
    with pytest.raises(SpecError, match="LR201"):
        lrdsl.compile("g(1)")


def test_two_files_cannot_define_the_same(mine: Path) -> None:
    other = mine.with_name("other.lr")
    mine.write_text("def f(a) = a")
    other.write_text("def g(a) = a\ndef f(a) = 2 * a")
    lrdsl.load(mine)
    with pytest.raises(SpecError, match=r"LR701.*`f` has been defined already: .*mine\.lr"):
        lrdsl.load(other)
    with pytest.raises(SpecError, match="LR201"):
        lrdsl.compile("g(1)")
    other.write_text("def g(a) = a\ndef f(a) = a  # the same")
    assert lrdsl.load(other) == ("g", "f")


def test_files_use_those_loaded_before(mine: Path) -> None:
    other = mine.with_name("other.lr")
    mine.write_text("def f(a) = a / 2")
    other.write_text("def g(a) = f(a) + 1")
    with pytest.raises(SpecError, match="there is no shape `f`"):
        lrdsl.load(other)
    lrdsl.load(mine)
    lrdsl.load(other)
    assert lrdsl.compile("g(4)")(0) == 3


@pytest.mark.parametrize(
    ("make", "match"),
    [
        pytest.param(lambda path: None, "No such file", id="missing"),
        pytest.param(lambda path: path.mkdir(), "LR705", id="a folder"),
        pytest.param(lambda path: path.write_bytes(b"\xff\xfe"), "no UTF-8", id="no text"),
    ],
)
def test_a_file_that_cannot_be_read(make: Any, match: str, mine: Path) -> None:
    make(mine)
    with pytest.raises(SpecError, match=match) as caught:
        lrdsl.load(mine)
    assert caught.value.diagnostics[0].code == "LR705"


def test_an_empty_file_defines_nothing(mine: Path) -> None:
    mine.write_text("# Nothing yet.\n")
    assert lrdsl.load(mine) == ()


def test_define_may_be_repeated_and_changed(forgotten: None) -> None:
    assert lrdsl.define("def f(a) = a") == ("f",)
    assert lrdsl.define("def f(a) = 3 * a") == ("f",)
    assert lrdsl.compile("f(1)")(0) == 3


def test_definitions_of_a_call_come_before_those_of_the_process(forgotten: None) -> None:
    lrdsl.define("def f(a) = a")
    assert lrdsl.compile("f(1)", definitions="def f(a) = 2 * a")(0) == 2
    assert lrdsl.compile("f(1)")(0) == 1


def test_definitions_of_a_call_may_use_those_of_the_process(forgotten: None) -> None:
    lrdsl.define("def f(a) = a + 1")
    schedule = lrdsl.compile("g(1)", definitions="def g(a) = 2 * f(a)")
    lrdsl.define("def f(a) = 100 * a")
    assert schedule(0) == 4
    assert pickle.loads(pickle.dumps(schedule))(0) == 4


def test_an_earlier_definition_that_comes_to_use_a_later_one(forgotten: None) -> None:
    lrdsl.define("def f(a) = a")
    lrdsl.define("def g(a) = 2 * a")
    lrdsl.define("def f(a) = g(a) + 1")
    schedule = lrdsl.compile("f(1)")
    assert pickle.loads(pickle.dumps(schedule))(0) == 3


def test_definitions_that_come_to_call_each_other_are_refused(forgotten: None) -> None:
    lrdsl.define("def f(a) = a")
    lrdsl.define("def g(a) = f(a)")
    with pytest.raises(SpecError, match="LR"):
        lrdsl.define("def f(a) = g(a)")
    assert lrdsl.compile("g(1)")(0) == 1


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(lambda path: path, id="path"),
        pytest.param(str, id="name of a file"),
        pytest.param(lambda path: [str(path), "def g(a) = f(a)"], id="list"),
        pytest.param(lambda path: path.read_text(), id="text"),
    ],
)
def test_definitions_come_with_a_spec(given: Any, mine: Path) -> None:
    mine.write_text("def f(a) = a / 2")
    assert lrdsl.compile("f(1)", definitions=given(mine))(0) == 0.5
    assert lrdsl.compile({"spec": "f(1)", "definitions": given(mine)})(0) == 0.5


def test_definitions_stand_in_a_config(mine: Path) -> None:
    mine.write_text("def f(a) = a / 2")
    node = {"spec": "g(${peak})", "definitions": [str(mine), "def g(a) = f(a) + ${peak}"]}
    config = OmegaConf.create({"peak": 4, "lr": node})
    schedule = lrdsl.compile(config.lr)
    mine.unlink()
    assert schedule(0) == 6
    assert pickle.loads(pickle.dumps(schedule))(0) == 6


def test_definitions_beside_a_spec_add_to_those_of_the_call() -> None:
    node = {"spec": "g(1)", "definitions": "def g(a) = f(a) * 3"}
    assert lrdsl.compile(node, definitions="def f(a) = a + 1")(0) == 6


def test_definitions_of_the_wrong_type() -> None:
    with pytest.raises(SpecError, match=r"LR705.*not int"):
        lrdsl.compile("1", definitions=5)  # type: ignore[arg-type]


def test_a_schedule_carries_what_it_uses(mine: Path) -> None:
    mine.write_text(
        "def unused(a) = a\ndef f(a) = a / 2\ndef g(a) = f(a)\ndef p(a) = {lr: a, m: g(a)}\n"
        "def cuts[e] = | interval[e]\n"
    )
    lrdsl.load(mine)
    schedule = lrdsl.compile("g(1) + p.m(4) | cuts[5:*0.5]")
    text = schedule.context.definitions
    assert "unused" not in text
    script = "import pickle, sys; print(pickle.load(sys.stdin.buffer)([0, 5]).tolist())"
    mine.unlink()
    done = subprocess.run(
        [sys.executable, "-c", script], input=pickle.dumps(schedule), capture_output=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.decode().strip() == "[2.5, 1.25]"


# --- text -----------------------------------------------------------------------------------------

TEXTS = [
    "def a() = 1",
    "def a(x, n=5, m in [p, q] = p, up=true) = x * n if m == 'p' and not up else 1",
    "def a[e] = points[0:1, e, 900:0]",
    "def a(h) = | clip(0, h) | interval[5:*0.5]",
    "def a(h, m=none) = {lr: h / 2, momentum: none if m == none else m}",
    "def a(x) = (x if x > 1 else 2) * 3 | clip(1 if x == _ else 2, _)",
    "def a(x, y) = x if x > 1 and y < 1 or x != 0 and not y >= 2 else y if x <= 3 else 1",
    "def a(x) = [x, 2, 3]",
]


@pytest.mark.parametrize("text", TEXTS)
def test_canonical_text_of_definitions(text: str) -> None:
    (definition,) = parse_definitions(text)
    assert str(definition) == text
    for width in (10, 40, 88):
        (again,) = parse_definitions(lay_out_definition(definition, width))
        assert str(again) == text


@given(trees, st.integers(1, 120))
def test_text_in_lines_is_the_same_tree(tree: Any, width: int) -> None:
    assert parse_tree(lay_out(tree, width)) == parse_tree(write(tree))


# --- what comes with lrdsl ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "file", sorted(Path(library.__file__).parent.glob("*.lr")), ids=lambda p: p.name
)
def test_shipped_files_are_sound(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = file.read_text(encoding="utf-8")
    others = {name: where for name, where in shipped().items() if where.file != file}
    own = set(shipped()) - set(others)
    for name in own:
        assert Library({}, {}).find(name) in parse_definitions(text)
    monkeypatch.setattr(library, "shipped", lambda: others)
    assert set(check_definitions.__wrapped__(text, file.name)) == own


def test_definitions_are_equal_wherever_they_stand() -> None:
    (first,) = parse_definitions("def f(a, n=5) = linear(a, 0, n)")
    (second,) = parse_definitions("\n\n  def f( a,n = 5 ) = linear(a,0,n)  # the same")
    (other,) = parse_definitions("def f(a, n=6) = linear(a, 0, n)")
    assert first == second
    assert first != other
