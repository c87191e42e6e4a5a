"""Definitions: what is said about mistakes, and what is too large."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import Any

import pytest

import lrdsl
from lrdsl import SpecError
from tests.support.counting import bounded
from tests.support.paths import ROOT

GOLDEN = ROOT / "tests" / "golden" / "definitions.txt"


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
    "in-the-body": ("def a(n) = linear(1, 0, 10) >> hold(n - 5)", "hold(3) >> a(4)"),
    "in-the-body-by-an-argument": ("def a(x) = linear(1 / x, 0, 10)", "a(0)"),
    "an-argument-of-the-wrong-kind": ("def a(x) = linear(x, 0, 10)", "a(5%)"),
    "in-a-default": ("def a(x, y=1 / x) = x + y", "a(0)"),
    "two-definitions-deep": (
        "# Down.\ndef down(n) =\n    linear(1, 0, n)\ndef a(n) =\n    hold(5)\n    >> down(n - 3)",
        "1 + a(2)",
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


@pytest.mark.slow
@pytest.mark.parametrize(("text", "spec"), BOMBS)
def test_bombs_are_bounded(text: str, spec: str) -> None:
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


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("torch.MultiStepLR([])", "`milestones` of `torch.MultiStepLR` must not be empty"),
        ("torch.MultiStepLR([80, 30])", "the milestones must increase, but 30 follows 80"),
        ("torch.MultiStepLR(30)", "`milestones` of `torch.MultiStepLR` is a list of durations"),
        ("torch.StepLR(0)", "`step_size` of `torch.StepLR` must be at least 1, not 0"),
        ("torch.StepLR(none)", "`none` is not a number, and `step_size` of `torch.StepLR` takes"),
        ("torch.ExponentialLR(-1)", "`gamma` of `torch.ExponentialLR` must be above 0, not -1"),
        ("restarts(1, 0, 10, mult=-1)", "`mult` of `restarts` must be above 0, not -1"),
        ("wsd(0.1, -5, 10, 10)", "-5 updates by `warmup` of `wsd`, but it needs 0 or more"),
        ("wsd(0.1, 1e30, 10, 10)", "1e+30 updates by `warmup` of `wsd`, which is longer than"),
    ],
)
def test_a_message_names_the_parameter_of_the_call(call: str, message: str) -> None:
    with pytest.raises(lrdsl.SpecError) as caught:
        lrdsl.compile(call, base_lr=0.1, total_steps=1000)
    found = caught.value.diagnostics[0]
    assert message in found.message
    assert call[found.span.start : found.span.stop] in call[call.index("(") :]
