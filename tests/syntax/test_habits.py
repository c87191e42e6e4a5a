"""Habits from other languages, keyboards and libraries, and what each is told."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrdsl
from lrdsl import SpecError
from lrdsl.syntax.ast import Number, walk
from lrdsl.syntax.grammar import MULTIPLIERS
from lrdsl.syntax.parser import parse_tree

RUN = {"total_steps": 1000, "steps_per_epoch": 10, "base_lr": 0.1}
COMMA, QUOTES = "separate arguments by `,`", "leave out the quotes"
POINT = "write a decimal number with a point: `0.1`"
TOGETHER = "write the digits of a number together: "

HABITS = {
    # Arrows, dashes and signs of other keyboards.
    "warmup(100) ≫ cosine()": "did you mean `>>`?",
    "warmup(100) ⟶ cosine()": "did you mean `>>`?",
    "warmup(100) >>> cosine()": "write one `>>`",
    "cosine(1 → 0, 800)": COMMA,
    "cosine(1 -> 0, 800)": COMMA,
    "cosine(1 => 0, 800)": COMMA,
    "cosine(1 to 0, 800)": COMMA,
    "cosine(1..0, 800)": COMMA,
    "1 ‑ 0.5": "did you mean `-`?",
    "2 ✕ 0.5": "did you mean `*`?",
    "cosine(１, 0, 800)": "did you mean `1`?",
    "cosine（1": "did you mean `(`?",
    "cosine(1，0)": "did you mean `,`?",
    "cosine(1e−3, 0)": "write an exponent as `1e-3`, and epochs as `1ep`",
    "cosine(5E‑4, 0)": "write an exponent as `5e-3`, and epochs as `5ep`",
    "1e^-3": "write an exponent as `1e-3`, and epochs as `1ep`",
    "1 | interval[10–20: 0.1]": "write a range as `10..20`",
    "1 | interval[10:20: 0.1]": "write a range as `10..20`",
    "1 | interval[10: x0.1]": "write a factor as `*0.5`",
    # Numbers as they are written elsewhere.
    "cosine(0,1, 0, 800)": "write decimal numbers with a point: `0.1`",
    "0,1": POINT,
    "1.000,5": POINT,
    "1'000": TOGETHER + "`1_000`",
    "hold(1'000'000)": "write the digits of a number together, or with `_`: `1_000`",
    "1 000": TOGETHER + "`1_000`",
    "cosine(1, 0, 10 000)": TOGETHER + "`10_000`",
    "1.e-3": "write digits on both sides of the point: `1.0e-3`",
    "3.": "write digits on both sides of the point: `3.0`",
    "cosine(1, 0, 50 %)": "write the unit directly after its number: `50%`",
    "hold(12.5 %)": "write the unit directly after its number: `12.5%`",
    # Units.
    "warmup(1000 iters)": "did you mean `1000ba`?",
    "warmup(1000iterations)": "did you mean `1000ba`?",
    "warmup(20 batches)": "did you mean `20ba`?",
    "hold(10bn)": "did you mean `10B`?",
    "hold(3mil)": "did you mean `3M`?",
    "hold(2bntok)": "did you mean `2Btok`?",
    # Words, quotes and comments around a spec.
    "lr: cosine(1, 0, 800)": "write the schedule alone, without its key",
    "schedule: cosine(1, 0, 800)": "write the schedule alone, without its key",
    "return cosine(1, 0, 800)": "write the schedule alone",
    "'cosine(1, 0, 800)'": QUOTES,
    '"cosine(1, 0, 800)"': QUOTES,
    "`cosine(1, 0, 800)`": QUOTES,
    "// the schedule": "a comment begins with `#`",
    "@cosine(1, 0)": "leave it out",
    "cosine.(1, 0)": "leave it out",
    ">> cosine(1, 0, 800)": "leave it out: a chain begins with a schedule",
    "| clip(0, 1)": "write what it modifies in front: `base | clip(0, 1)`",
    "cosine(1, 0, 800) || repeat(3)": "write one `|`",
    "cosine(1, 0, 800) | repeat 3": "write a call as `repeat(3)`",
    "sqrt 2": "write a call as `sqrt(2)`",
    "t mod 3": "write `mod(a, b)`",
    # Parameters as other libraries name them.
    "cosine(1, 0, T_max=800)": "did you mean `steps`?",
    "cosine(1, 0, n=800)": "did you mean `steps`?",
    "cosine(1, 0, duration=800)": "did you mean `steps`?",
    "cosine(1, 0, num_steps=800)": "did you mean `steps`?",
    "cosine(1, stop=0)": "did you mean `end`?",
    "cosine(1, min_lr=0)": "did you mean `end`?",
    "cosine(1, eta_min=0)": "did you mean `end`?",
    "cosine(max_lr=1)": "did you mean `start`?",
    "warmup(num_warmup_steps=100)": "did you mean `steps`?",
    "warmup(warmup_steps=100)": "did you mean `steps`?",
    "step(0.1, decay_rate=0.5, every=10)": "did you mean `gamma`?",
    "step(0.1, 0.5, step_size=10)": "did you mean `every`?",
    "torch.CosineAnnealingLR(100, min_lr=0)": "did you mean `eta_min`?",
}


@pytest.mark.parametrize("typed", HABITS)
def test_a_habit(typed: str) -> None:
    with pytest.raises(SpecError, match="LR") as caught:
        lrdsl.compile(typed, **RUN)
    assert caught.value.diagnostics[0].fix == HABITS[typed]


POWERS = {"bn": "B", "mil": "M", "mio": "M", "tsd": "k", "K": "k", "G": "B", "b": "B"}
NAMES = ["", "ep", "epochs", "epoch", "steps", "iters", "tok", "tokens", "sp", "samples", "tokn",
         "e", "percent", "x", "hours"]  # fmt: skip
SUFFIXES = [
    power + unit for power, unit in itertools.product((*MULTIPLIERS, *POWERS, "P", "E"), NAMES)
]
FORMS = ("{0}{1}", "{0} {1}", "warmup({0}{1})", "warmup({0} {1})", "hold(5) >> hold({0}{1})")


def size(number: Number) -> float:
    """The number that is written, without its unit."""
    return number.value


@given(
    st.sampled_from(["1", "5", "0.5", "12.5", "1e3", "2_000", ".5", "300"]),
    st.sampled_from(SUFFIXES),
    st.sampled_from(FORMS),
)
def test_no_suggestion_changes_the_size_of_a_number(digits: str, suffix: str, form: str) -> None:
    text = form.format(digits, suffix)
    try:
        lrdsl.parse(text)
    except SpecError as error:
        found = error.diagnostics[0]
    else:
        return
    if found.replacement is None or found.code != "LR107":
        return
    power = next((x for x in sorted(POWERS, key=len)[::-1] if suffix.startswith(x)), "")
    own = {name: name for name in MULTIPLIERS} | POWERS
    known = power if power in POWERS else suffix[:1] if suffix[:1] in MULTIPLIERS else ""
    wanted = float(digits) * 10 ** MULTIPLIERS[own[known]]
    (number,) = [x for x, _ in walk(parse_tree(found.replacement)) if isinstance(x, Number)]
    assert size(number) in (pytest.approx(wanted), pytest.approx(float(digits)))
    if size(number) != pytest.approx(wanted):  # the letter was the first of the unit
        assert suffix in NAMES


@given(st.integers(1, 10**9), st.sampled_from(["{} %", "{}.", "hold({}.)", "{} iters", "{}bn"]))
def test_advice_repeats_the_digits(number: int, form: str) -> None:
    with pytest.raises(SpecError, match="LR10") as caught:
        lrdsl.parse(form.format(number))
    assert str(number) in (caught.value.diagnostics[0].fix or "")
