"""Knowing more never finds less: what fires without the total, the epoch or the base fires with it.

A place that the run does not come to is no longer looked at once its length is known; that it does
not come there is then found instead.
"""

from __future__ import annotations

from typing import Any

import pytest

import lrdsl
from lrdsl.linter import Settings, lint
from lrdsl.linter.rule import RULES, Case

MORE: list[dict[str, Any]] = [
    {"total_steps": 100},
    {"total_steps": 1000},
    {"total_steps": 50_000},
    {"steps_per_epoch": 10},
    {"steps_per_epoch": 500},
    {"base_lr": 0.1},
]


def found(case: Case, rules: tuple[str, ...] = (), **more: Any) -> set[str]:
    settings = Settings(select=rules, options=dict.fromkeys(rules, case.options))
    settings = settings if rules else Settings()
    return {each.name for each in lint(case.spec, settings=settings, **{**more, **case.context})}


@pytest.mark.parametrize("name", list(RULES))
def test_a_rule_that_fires_fires_with_more_known(name: str) -> None:
    for case in RULES[name].invalid:
        for more in [each for each in MORE if not set(each) & set(case.context)]:
            still = name in found(case, (name,), **more)
            total = more.get("total_steps")
            assert still or (total is not None and not_reached(case, total)), (case.spec, more)


def not_reached(case: Case, total: int) -> bool:
    """Whether the run ends before the schedule does, which is told, or just where a part begins."""
    told = found(case, total_steps=total)
    if told & {"longer-than-run", "unseen-segment", "end-not-reached", "over-total"}:
        return True
    try:
        schedule = lrdsl.compile(case.spec, total_steps=total, **case.context)
    except lrdsl.SpecError:
        return True
    return any(segment.start == segment.stop == total for segment in schedule.chain_segments)


@pytest.mark.parametrize(
    ("spec", "rule"),
    [
        pytest.param("warmup(5%) >> cosine(_, 0, 90%)", "percents-not-100", id="too little"),
        pytest.param(
            "warmup(10%) >> hold(80%) >> cooldown(20%)", "percents-not-100", id="too much"
        ),
        pytest.param("wsd(0.1, 5%, 70%, 20%)", "percents-not-100", id="in a definition"),
        pytest.param("warmup(60) >> cosine(0.1, 0, 85ep)", "mixed-units", id="a bare number"),
        pytest.param("warmup(0) >> cosine(0.1, 0, 85)", "zero-length", id="a literal 0"),
    ],
)
def test_by_hand(spec: str, rule: str) -> None:
    for more in ({}, *MORE, {"total_steps": 900, "steps_per_epoch": 10, "base_lr": 1}):
        run: dict[str, Any] = {"base_lr": 0.3, "steps_per_epoch": 50, **more}
        names = {each.name for each in lint(spec, settings=Settings(select=(rule,)), **run)}
        assert rule in names, more
