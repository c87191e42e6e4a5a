"""Every kind of mistake, with the whole text that the user sees, kept in golden files."""

from __future__ import annotations

import os
import pickle
import re
from pathlib import Path

import pytest

import lrdsl
from lrdsl import diagnostics
from lrdsl.diagnostics import (
    Diagnostic,
    Mistake,
    Problem,
    Reporter,
    Span,
    SpecError,
    Suggestion,
)

GOLDEN = Path(__file__).parent / "golden" / "diagnostics.txt"
RUN = {"total_steps": 1000, "base_lr": 0.1}

CASES: dict[str, tuple[object, dict[str, object]]] = {
    # Text that is no spec.
    "empty": ("", {}),
    "only-a-comment": ("  # cosine(1, 0, 100)\n", {}),
    "stray-character": ("cosine(1; 0, 100)", {}),
    "stray-dollar": ("cosine(${peak}, 0, 100)", {}),
    "stray-arrow": ("warmup(100) → cosine(1, 0, 100)", {}),
    "single-greater-than": ("warmup(100) > cosine(1, 0, 100)", {}),
    "caret-for-power": ("0.9 ^ t", {}),
    "letter-beyond-ascii": ("größe * cosine(1, 0, 100)", {}),
    "unclosed-quote": ("warmup('linear, 100)", {}),
    "separate-percent": ("warmup(5 %)", RUN),
    "unclosed-bracket": ("warmup(linear, 100 >> cosine(1, 0, 100)", {}),
    "two-unclosed-brackets": ("((cosine(1, 0, 100)", {}),
    "unclosed-interval": ("cosine(1, 0, 100) | interval[60:*0.5", {}),
    "unopened-bracket": ("cosine(1, 0, 100))", {}),
    "mismatched-bracket": ("cosine(1, 0, 100]", {}),
    "ends-after-operator": ("warmup(100) >>", {}),
    "ends-after-pipe": ("cosine(1, 0, 100) |", {}),
    "missing-argument-between-commas": ("cosine(1,, 100)", {}),
    "trailing-comma": ("cosine(1, 0, 100,)", {}),
    "missing-comma": ("cosine(1 0, 100)", {}),
    "missing-operator": ("warmup(100) cosine(1, 0, 100)", {}),
    "comma-between-segments": ("warmup(100), cosine(1, 0, 100)", {}),
    "assignment": ("lr = cosine(1, 0, 100)", {}),
    "entry-in-a-call": ("cosine(1, 0, 100) | interval(60: 0.5)", {}),
    "entry-without-value": ("cosine(1, 0, 100) | interval[60]", {}),
    "doubled-operator": ("warmup(100) >> >> cosine(1, 0, 100)", {}),
    "plus-sign": ("cosine(+1, 0, 100)", {}),
    "unknown-unit": ("warmup(5epochs) >> cosine(1, 0, 100)", {}),
    "unknown-unit-without-near-name": ("warmup(5zz) >> cosine(1, 0, 100)", {}),
    "number-too-large": ("constant(1e999)", {}),
    "too-long": ("cosine(1, 0, 100)" + " " * 70_000, {}),
    "too-deep": ("(" * 201 + "1" + ")" * 201, {}),
    "too-deep-without-brackets": ("-" * 500 + "1", {}),
    "too-many-modifiers": ("cosine(1, 0, 9)" + "|clip(0, 1)" * 200, {}),
    "several-lines": (
        "warmup(linear, 100)\n  >> cosin(1, 0, 100)  # then down\n  | clipp(0, 1)",
        {},
    ),
    "far-into-a-long-line": (
        ">>".join(f"linear(_, {i}, 10)" for i in range(40)) + ">> cosin(_, 0, 10)",
        {"base_lr": 1},
    ),
    # Names.
    "unknown-shape": ("cosin(1, 0, 100)", {}),
    "unknown-shape-without-near-name": ("zzzz(1, 0, 100)", {}),
    "unknown-modifier": ("cosine(1, 0, 100) | clp(0, 1)", {}),
    "unknown-function": ("cosine(squrt(2), 0, 100)", {}),
    "unknown-curve": ("warmup(linaer, 100) >> cosine(1, 0, 100)", {}),
    "bare-shape": ("cosine", {}),
    "bare-shape-in-a-chain": ("warmup(100) >> cosine", {}),
    "bare-modifier": ("cosine(1, 0, 100) | clip", {}),
    "bare-unknown-name": ("wsd", {}),
    "modifier-as-shape": ("warmup(100) >> clip(0, 1)", {}),
    "shape-as-modifier": ("warmup(100) | cosine(1, 0, 100)", {}),
    "chain-after-pipe": ("warmup(100) | clip(0, 1) >> cosine(1, 0, 100)", {}),
    "round-brackets-for-square": ("cosine(1, 0, 100) | interval(60)", {}),
    "square-brackets-for-round": ("cosine[100:1]", {}),
    "text-as-schedule": ("'cosine'", {}),
    "list-as-schedule": ("[1, 2]", {}),
    # Arguments.
    "too-many-arguments": ("cosine(1, 0, 100, 2)", {}),
    "too-many-arguments-mode-left-out": ("warmup(100, 0, 1, 2)", {}),
    "too-few-arguments": ("exponential(1)", RUN),
    "too-few-arguments-of-a-modifier": ("cosine(1, 0, 100) | take()", {}),
    "no-default": ("exponential_decay(1, _, 30)", {}),
    "step-without-a-rhythm": ("step(1, _, 30)", {}),
    "step-with-two-rhythms": ("step(1, 0.5, 30, half_life=9)", {}),
    "factors-and-milestones": ("multistep(1, [0.5, 0.1], at=[30])", {}),
    "unknown-parameter": ("cosine(1, 0, stepz=100)", {}),
    "argument-given-twice": ("cosine(1, 0, 100, end=2)", {}),
    "steps-and-until": ("cosine(1, 0, 100, until=200)", {}),
    "positional-after-named": ("cosine(end=0, 1)", RUN),
    "function-arguments": ("constant(sqrt(2, 3)) + max(1)", RUN),
    "duration-as-value": ("cosine(5%, 0, 100)", RUN),
    "total-as-value": ("cosine(1, total, 100)", RUN),
    "epochs-as-value": ("constant(3ep, 100)", RUN),
    "value-as-duration": ("cosine(1, 0, base)", RUN),
    "schedule-as-value": ("cosine(linear(1, 0, 10), 0, 100)", {}),
    "schedule-as-duration": ("cosine(1, 0, linear(1, 0, 10))", {}),
    "clock-as-value": ("cosine(t, 0, 100)", {}),
    "duration-as-schedule": ("cosine(1, 0, 100) * 5%", RUN),
    "truth-value-as-value": ("cosine(true, 0, 100)", {}),
    "number-as-truth-value": ("cosine(1, 0, 100, closed=1)", {}),
    "number-as-mode": ("ramp(0.5, 1, 0, 100)", {}),
    "number-as-list": ("multistep(1, 0.5, at=30)", {}),
    "fractional-count": ("cosine(1, 0, 10) | repeat(2.5)", {}),
    "prev-in-a-modifier": ("cosine(1, 0, 10) | clip(prev, 1)", {}),
    "factor-in-points": ("points[0:0, 100:*2]", {}),
    "power-out-of-range": ("polynomial(1, 0, 100, power=0)", {}),
    "rate-out-of-range": ("exponential_decay(1, -0.5)", {}),
    "clip-the-wrong-way-round": ("cosine(1, 0, 100) | clip(1, 0)", {}),
    "exponential-to-zero": ("exponential(1, 0, 100)", {}),
    "exponential-warmup": ("warmup(exponential, 100) >> constant(1)", {}),
    "unsorted-interval": ("cosine(1, 0, 100) | interval[60:*0.5, 30:*0.5]", {}),
    "unsorted-interval-with-a-mistake-inside": (
        "cosine(1, 0, 100) | interval[60:constant(1 / 0, 5), 30:peek]",
        {},
    ),
    "interval-range-backwards": ("cosine(1, 0, 100) | interval[60..30:0]", {}),
    "interval-before-zero": ("cosine(1, 0, 100) | interval[-5:0]", {}),
    "unsorted-points": ("points[0:0, 100:1, 80:0]", {}),
    "unsorted-milestones": ("multistep(1, 0.5, at=[80, 30])", {}),
    # What the context must supply.
    "unbound-variable": ("cosine(peek, 0, 100)", {"peak": 0.1}),
    "unbound-variable-without-near-name": ("cosine(peak, 0, 100)", {}),
    "needs-base": ("warmup(100) >> cosine()", {"total_steps": 1000}),
    "epochs-need-their-size": ("warmup(2ep) >> cosine(1, 0, 100)", {}),
    "share-needs-total": ("warmup(5%) >> cosine(1, 0, 95%)", {}),
    "samples-need-batch": ("warmup(10ksp) >> cosine(1, 0, 100)", {}),
    "tokens-need-batch": ("cosine(1, 0, 2Btok)", {}),
    "rest-needs-total": ("linear(1, 0, rest / 2)", {}),
    "no-length-and-no-total": ("warmup(100) >> cosine(1, 0)", {}),
    # Lengths.
    "repeat-of-nothing": ("cosine(1, 0, 0) | repeat()", {}),
    "negative-length": ("cosine(1, 0, -5)", {}),
    "negative-computed-length": ("cosine(1, 0, 50% - 600)", RUN),
    "fractional-length": ("cosine(1, 0, 0.3)", RUN),
    "until-before-the-start": ("hold(100) >> linear(1, 0, until=50)", RUN),
    "two-open-segments": ("warmup() >> cosine(1, 0)", RUN),
    "after-a-number": ("0.1 >> cosine(1, 0, 100)", {}),
    "after-a-formula": ("0.1 / (1 + t) >> cosine(1, 0, 100)", {}),
    "after-a-shape-without-end": ("exponential_decay(1, 0.9) >> cosine(1, 0, 100)", {}),
    "after-an-endless-repeat": ("(cosine(1, 0, 10) | repeat()) >> cosine(1, 0, 100)", {}),
    "repeat-what-never-ends": ("0.1 | repeat(3)", {}),
    "nothing-left-of-the-run": ("warmup(600) >> constant(1) >> cosine(1, 0, 600)", RUN),
    "skip-backwards": ("cosine(1, 0, 100) | skip(-100)", {}),
    "until-after-an-open-segment": ("cosine(1, 0) >> linear(_, 1, until=900)", RUN),
    "shrinking-for-ever": ("cosine(1, 0, 100) | repeat(stretch=0.5)", {}),
    "longer-than-any-run": ("cosine(1, 0, 1e300)", {}),
    # Arithmetic.
    "division-by-zero": ("cosine(1 / 0, 0, 100)", {}),
    "division-by-a-variable-at-zero": ("cosine(1 / (peak - 1), 0, 100)", {"peak": 1}),
    "duration-divided-by-zero": ("cosine(1, 0, 100 / 0)", {}),
    "zero-to-a-negative-power": ("constant(0 ** -1)", {}),
    "overflow": ("constant(1e200 * 1e200)", {}),
    "root-of-a-negative-number": ("constant(sqrt(-1))", {}),
    "logarithm-of-zero": ("constant(log(0))", {}),
    "formula-divides-by-zero": ("1 / t", RUN),
    "formula-overflows": ("exponential_decay(1, 10)", RUN),
    # All the mistakes of a spec in one go.
    "many-mistakes": (
        "warmup(linaer, -1) >> cosin(1, 5%) >> linear(1 / 0, peek, 3ep) | clip(2, 1) | repeet()",
        {"peak": 1},
    ),
    "syntax-and-names": ("warmup(linear 100) >> cosin(1, 0, 100", {}),
    # Use from Python.
    "context-not-positive": ("cosine(1, 0)", {"total_steps": 0}),
    "context-not-whole": ("cosine(1, 0)", {"total_steps": 10.5}),
    "context-is-text": ("cosine(peak, 0, 9)", {"peak": "0.1"}),
    "reserved-variable": ("cosine(1, 0, 9)", {"total": 10}),
    "spec-is-a-set": ({1, 2}, {}),
    "spec-in-a-mapping-with-more": ({"spec": "0.1", "steps": 10}, {}),
    "spec-is-nan": (float("nan"), {}),
}


def rendered(case: str) -> str:
    spec, context = CASES[case]
    with pytest.raises(SpecError, match=r"error\[LR\d{3}\]") as caught:
        lrdsl.compile(spec, **context)  # type: ignore[arg-type]
    return str(caught.value)


def golden() -> dict[str, str]:
    blocks = re.split(r"^=== (\S+)\n", GOLDEN.read_text(encoding="utf-8"), flags=re.M)
    return dict(zip(blocks[1::2], [block.strip("\n") for block in blocks[2::2]], strict=True))


if os.environ.get("LRDSL_UPDATE_GOLDEN"):
    text = "\n".join(f"=== {case}\n{rendered(case)}\n" for case in CASES)
    GOLDEN.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("case", CASES)
def test_rendered(case: str) -> None:
    assert rendered(case).strip("\n") == golden()[case]


def test_golden_file_has_no_leftovers() -> None:
    assert list(golden()) == list(CASES)


@pytest.mark.parametrize("case", CASES)
def test_spans_lie_in_the_source(case: str) -> None:
    spec, context = CASES[case]
    with pytest.raises(SpecError, match="LR") as caught:
        lrdsl.compile(spec, **context)  # type: ignore[arg-type]
    for found in caught.value.diagnostics:
        assert found.message[-1] not in ".!"
        assert not re.search(r"\b(RPAR|LPAR|NAME|COMMA|token|\$END)\b", found.message)
        if found.position is not None:
            assert 0 <= found.span.start < found.span.stop <= max(1, len(found.source))


@pytest.mark.parametrize(
    ("spec", "fixed"),
    [
        pytest.param("cosin(1, 0, 100)", "cosine(1, 0, 100)", id="shape"),
        pytest.param("cosine", "cosine()", id="bare-name"),
        pytest.param("warmup(linaer, 100)", "warmup(linear, 100)", id="curve"),
        pytest.param("cosine(5%, 0, 100)", "cosine(0.05, 0, 100)", id="share-as-value"),
        pytest.param("warmup(100) > hold(5)", "warmup(100) >> hold(5)", id="greater-than"),
        pytest.param("hold(5epochs)", "hold(5ep)", id="unit"),
        pytest.param("hold(1Kba)", "hold(1kba)", id="multiplier"),
        pytest.param("hold(1Kepoch)", "hold(1kep)", id="multiplier-and-unit"),
        pytest.param("hold(5eopch)", "hold(5ep)", id="mistyped-name-of-a-unit"),
        pytest.param(
            "lambda epoch: 0.95 ** (epoch // 30)", "base * 0.95 ** (t // 30)", id="lambda"
        ),
        pytest.param("lambda e: 1 - math.cos(e)", "base * (1 - cos(t))", id="lambda-of-a-sum"),
        pytest.param("cosine(1, 0, 100]", "cosine(1, 0, 100)", id="bracket"),
        pytest.param("cosine(1, 0, stepz=9)", "cosine(1, 0, steps=9)", id="parameter"),
    ],
)
def test_replacement_mends_the_spec(spec: str, fixed: str) -> None:
    context = {"total_steps": 100, "steps_per_epoch": 10, "base_lr": 1}
    with pytest.raises(SpecError, match="LR") as caught:
        lrdsl.compile(spec, **context)  # type: ignore[arg-type]
    (found,) = caught.value.diagnostics
    assert found.replacement is not None
    mended = spec[: found.span.start] + found.replacement + spec[found.span.stop :]
    assert mended == fixed
    lrdsl.compile(mended, **context)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", ["15Ptok", "5m", "5ms", "3mtok", "7Qba"])
def test_no_suggestion_changes_the_size_of_a_number(number: str) -> None:
    with pytest.raises(SpecError, match="LR107") as caught:
        lrdsl.compile(f"hold({number})", base_lr=1)
    assert [found.replacement for found in caught.value.diagnostics] == [None]


@pytest.mark.parametrize(
    ("spec", "fix"),
    [
        pytest.param("t % 10", "`mod(t, 10)`", id="percent"),
        pytest.param("1 + (t mod 2)", "`mod(a, b)`", id="mod"),
        pytest.param("lambda e: 1 if e < 10 else 0.1", "`base * 0.95 ** t`", id="lambda-with-if"),
        pytest.param("lambda e, f: e", "`base * 0.95 ** t`", id="lambda-of-two"),
    ],
)
def test_habits_of_python_get_advice(spec: str, fix: str) -> None:
    with pytest.raises(SpecError, match="LR10") as caught:
        lrdsl.compile(spec, base_lr=1)
    first = caught.value.diagnostics[0]
    assert first.replacement is None
    assert first.fix is not None
    assert fix in first.fix


def test_codes_are_unique_and_well_formed() -> None:
    problems = [value for value in vars(diagnostics).values() if isinstance(value, Problem)]
    assert len({p.code for p in problems}) == len({p.name for p in problems}) == len(problems)
    assert all(re.fullmatch(r"LR\d{3}", p.code) for p in problems)


def test_every_language_problem_is_in_the_golden_file() -> None:
    shown = set(re.findall(r"LR\d{3}", GOLDEN.read_text(encoding="utf-8")))
    problems = [value for value in vars(diagnostics).values() if isinstance(value, Problem)]
    of_the_language = {p.code for p in problems if p.code < "LR6"}
    assert of_the_language - {"LR110"} <= shown


def test_mistakes_beyond_a_hundred_are_counted() -> None:
    with pytest.raises(SpecError, match="there are 50 mistakes more") as caught:
        lrdsl.compile("zzz(1) >> " * 149 + "zzz(1)")
    assert len(caught.value.diagnostics) == 101
    assert caught.value.diagnostics[-1].code == "LR110"


def test_syntax_errors_beyond_a_hundred_are_counted() -> None:
    with pytest.raises(SpecError, match="there are 51 mistakes more") as caught:
        lrdsl.parse("[" * 150)
    assert len(caught.value.diagnostics) == 101


def test_those_of_parts_that_are_no_numbers_are_counted_once() -> None:
    with pytest.raises(SpecError, match="there are 50 mistakes more") as caught:
        lrdsl.compile(" >> ".join([f"hold({i}xy)" for i in range(150)]))
    assert len(caught.value.diagnostics) == 101


def test_exception_survives_pickling() -> None:
    with pytest.raises(SpecError, match="LR201") as caught:
        lrdsl.compile("cosin(1)")
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.diagnostics == caught.value.diagnostics
    assert str(again) == str(caught.value)


def test_caret_stands_under_wide_characters() -> None:
    found = Diagnostic(diagnostics.UNKNOWN_NAME, "no", Span(5, 8), "# 学习率abc").render()
    _, line, carets = found.split("\n")
    assert line == "  | # 学习率abc"
    assert carets == "  |         ^^^"


def test_to_dict_is_plain_data() -> None:
    with pytest.raises(SpecError, match="LR201") as caught:
        lrdsl.compile("hold(5) >>\n cosin(1, 0, 9)", base_lr=1)
    assert caught.value.diagnostics[0].to_dict() == {
        "code": "LR201",
        "name": "unknown-name",
        "severity": "error",
        "message": "there is no shape `cosin`",
        "start": 12,
        "stop": 17,
        "line": 2,
        "column": 2,
        "fix": "did you mean `cosine`?",
        "replacement": "cosine",
        "definitions": [],
        "file": None,
        "place": None,
    }


class Watched(tuple[str, ...]):
    """Names that count how often they are looked through."""

    looks = 0

    def __iter__(self):
        Watched.looks += 1
        return super().__iter__()


def test_near_names_are_looked_for_only_where_a_mistake_is_shown():
    meant = Suggestion("cosin", Watched(["linear", "cosine"]))
    mistake = Mistake(diagnostics.UNKNOWN_NAME, "there is no shape `cosin`", Span(0, 5), meant)
    reporter = Reporter("cosin(1, 0, 9)")
    assert Watched.looks == 0
    found = reporter.report_all([mistake, mistake]).report_all([mistake]).diagnostics
    assert [(each.fix, each.replacement) for each in found] == [
        ("did you mean `cosine`?", "cosine")
    ]
    assert Watched.looks == 1


def test_a_search_goes_on_and_a_fix_is_for_where_it_fails():
    first, then = Suggestion("hed", ["zzz"]), Suggestion("hed", ["head"], "{}()")
    assert first.find() is None
    assert first._replace(otherwise=then).find() == "head()"
    mistake = Mistake(diagnostics.UNKNOWN_NAME, "no `hed`", Span(0, 3), first, "write a name")
    assert mistake.diagnostic("hed").fix == "write a name"
    assert first.before("there is `zzz`") == "there is `zzz`"


def test_there_is_no_replacement_where_there_is_no_text_of_the_user():
    mistake = Mistake(diagnostics.UNKNOWN_NAME, "no `hed`", meant=Suggestion("hed", ["head"]))
    found = mistake.diagnostic()
    assert (found.fix, found.replacement) == ("did you mean `head`?", None)
