"""What rules know of a schedule, and that looking at it never fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrdsl.linter import Settings, lint
from lrdsl.linter.rule import RULES
from tests.support.strategies import CONTEXT, mangled, specs

CONTRACTS: dict[str, dict[str, Any]] = {
    "above-limit": {"max": 0.3},
    "below-limit": {"min": 0.01},
    "outside-bounds": {"bounds": (0, 0.4)},
    "final": {"final": 0.0},
    "continuous": {"continuous": True},
    "reaches": {"reaches": 0.3},
    "zero-first-update": {"warmups": True},
}


@settings(deadline=None)
@given(specs | mangled(), st.sampled_from([None, 1, 2, 7, 1000, 50_000]), st.booleans())
def test_nothing_is_raised(text: str, total: int | None, base_is_known: bool) -> None:
    context = CONTEXT | {"total_steps": total}
    if not base_is_known:
        del context["base_lr"]
    for found in lint(text, settings=Settings(options=CONTRACTS), **context):
        assert found.message
        assert 0 <= found.span.start <= found.span.stop <= max(len(text), 1)


@pytest.mark.parametrize("name", [name for name in CONTRACTS if name != "zero-first-update"])
def test_a_contract_is_silent_unless_it_is_made(name: str) -> None:
    spec = "warmup(10, 0.1, 1) >> constant(100, 20) >> constant(0.005)"
    assert lint(spec, settings=Settings(select=(name,)), total_steps=100) == []
    loud = Settings(select=(name,), options=CONTRACTS)
    assert [found.name for found in lint(spec, settings=loud, total_steps=100)] == [name]


def test_a_value_that_is_not_finite_is_reported_once() -> None:
    found = lint("constant(1, 7) >> 1 / t", total_steps=1000)
    assert [x.name for x in found] == ["not-finite"]


@pytest.mark.parametrize("spec", ["cosine(1, 0, 300) | repeat()", "1 - t", "warmup(9) >> hold()"])
def test_the_longest_run_is_no_mistake(spec: str) -> None:
    found = lint(spec, settings=Settings(options=CONTRACTS), total_steps=2**53, base_lr=0.1)
    assert all([x.code.startswith("LR8") for x in found])


def test_a_part_that_starts_before_the_run_is_no_mistake() -> None:
    spec = "warmup(100) >> cosine(1, 0, 800) | skip(1)"
    assert lint(spec, total_steps=899) == []


SPOTS = [
    ("warmup(100) >> cosine(1, 0, 400)", {"total_steps": 1000}, "cosine(1, 0, 400)"),
    ("warmup(100, 0, 1) >> cosine(0.1, 0, 400)", {}, "cosine(0.1, 0, 400)"),
    ("warmup(1%) >> cosine(1, 0)", {"total_steps": 20}, "warmup(1%)"),
    ("constant(1, 100) >> linear(1, -1, 100)", {}, "linear(1, -1, 100)"),
    ("warmup(700) >> cosine(1, 0)", {"total_steps": 1000}, "warmup(700)"),
    ("constant(1, 100) >> wsd(1, 10, 10, 10) | take(90)", {}, "wsd(1, 10, 10, 10)"),
    (
        "warmup(100, 0, 1) >> (cosine(2, 0, 800) | every(2))",
        {},
        "(cosine(2, 0, 800) | every(2))",
    ),
    (
        "warmup(100) >> (cosine(1, 0, 500) | take(400) | every(2))",
        {"total_steps": 450},
        "(cosine(1, 0, 500) | take(400) | every(2))",
    ),
    (
        "sequence([warmup(100), cosine(1, 0.5, 400), constant(0.1)], [100, 300])",
        {"base_lr": 1.0},
        "constant(0.1)",
    ),
    (
        "sequence([linear(0.1, 1, 50), cosine(0.2, 0, 100), hold(9)], [50, 150])",
        {},
        "cosine(0.2, 0, 100)",
    ),
]


@pytest.mark.parametrize(("spec", "context", "spot"), SPOTS, ids=[spot for *_, spot in SPOTS])
def test_a_finding_points_at_the_part(spec: str, context: dict[str, Any], spot: str) -> None:
    found = lint(spec, **context)
    assert {spec[x.span.start : x.span.stop] for x in found} == {spot}


def test_each_joint_is_reported_once() -> None:
    part = "linear(0.5, 1, 10)"
    found = lint(f"{part} >> ({part} >> {part}) >> ({part} >> {part})")
    assert [x.name for x in found] == ["joint-jump"] * 4
    assert len({x.span for x in found}) == 4


# --- mistakes planted into good schedules ---------------------------------------------------------

_lengths = st.integers(50, 400)
_peaks = st.sampled_from([1e-4, 3e-3, 0.1, 1.0])
_decays = st.sampled_from(["cosine", "linear", "polynomial", "rex"])


@st.composite
def recipes(draw: st.DrawFn) -> dict[str, Any]:
    """The numbers of a warmup, a plateau and a decay."""
    return {
        "peak": draw(_peaks),
        "warmup": draw(st.integers(20, 90)),
        "stable": draw(_lengths),
        "decay": draw(_lengths),
        "shape": draw(_decays),
    }


GOOD = "warmup({warmup}) >> constant({peak}, {stable}) >> {shape}(_, 0, {decay})"


def none(peak: float) -> dict[str, Any]:
    """No options."""
    return {}


PLANTED: dict[str, tuple[str, float, Callable[[float], dict[str, Any]]]] = {
    "joint-jump": (GOOD.replace("(_, 0", "({peak} / 3, 0"), 1.0, none),
    "peak-not-reached": (GOOD.replace("warmup({warmup})", "warmup(10k, 0, {peak})"), 1.0, none),
    "end-not-reached": ("constant({peak}, 2000) >> {shape}(_, 0, 20)", 1.0, none),
    "shorter-than-run": (GOOD, 2.0, none),
    "longer-than-run": (GOOD, 0.8, none),
    "unseen-segment": (GOOD.replace("{decay}", "100") + " >> hold(50)", 0.2, none),
    "rounds-to-nothing": (GOOD.replace("{warmup}", "0.01%"), 1.0, none),
    "long-warmup": (GOOD.replace("{warmup}", "60%"), 1.0, none),
    "over-total": (GOOD + " >> 0.5 * {peak}", 0.97, none),
    "zero-first-update": (GOOD.replace("warmup({warmup})", "linear(0, {peak}, 50)"), 1.0, none),
    "not-positive": (GOOD.replace("_, 0,", "_, -{peak},"), 1.0, none),
    "above-limit": (GOOD + " | interval[50:*100]", 1.0, lambda peak: {"max": 2 * peak}),
    "below-limit": (GOOD, 1.0, lambda peak: {"min": peak / 2}),
    "outside-bounds": (GOOD, 1.0, lambda peak: {"bounds": (peak / 2, peak)}),
    "rise-after-end": (GOOD + " >> linear(0, {peak}, 100)", 2.0, none),
    "final": (GOOD.replace("_, 0,", "_, {peak} / 2,"), 1.0, lambda peak: {"final": 0.0}),
    "continuous": (GOOD + " | interval[20%:*0.5]", 1.0, lambda peak: {"continuous": True}),
    "reaches": ("0.5 * ({good})", 1.0, lambda peak: {"reaches": peak}),
    "flat-zero-tail": (GOOD + " >> 0", 2.0, none),
}


def run_of(recipe: dict[str, Any]) -> int:
    return int(recipe["warmup"] + recipe["stable"] + recipe["decay"])


@settings(max_examples=5 * settings().max_examples, deadline=None)
@given(recipes())
def test_a_good_schedule_is_good(recipe: dict[str, Any]) -> None:
    spec, total = GOOD.format(**recipe), run_of(recipe)
    contracts = {
        "above-limit": {"max": recipe["peak"]},
        "final": {"final": 0.0},
        "continuous": {"continuous": True},
        "reaches": {"reaches": recipe["peak"]},
    }
    assert lint(spec, settings=Settings(options=contracts), total_steps=total) == []


@settings(max_examples=2 * settings().max_examples, deadline=None)
@given(recipe=recipes())
def test_a_planted_mistake_is_found(recipe: dict[str, Any]) -> None:
    for name, (template, times, options) in PLANTED.items():
        spec = template.format(**recipe, good=GOOD.format(**recipe))
        total = 2012 if name == "end-not-reached" else round(run_of(recipe) * times)
        contract = Settings(select=(name,), options={name: options(recipe["peak"])})
        found = lint(spec, settings=contract, total_steps=total, base_lr=1.0)
        assert name in [x.name for x in found], spec


def test_each_rule_about_values_has_a_planted_mistake() -> None:
    about_values = {name for name in RULES if "LR801" <= RULES[name].code <= "LR829"}
    assert about_values == set(PLANTED)
