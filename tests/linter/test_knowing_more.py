"""Knowing more never finds less: what is found without a fact of the run is found with it."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest

import lrdsl
from lrdsl import SpecError
from lrdsl.linter import Settings, lint
from lrdsl.linter.rule import RULES, Case
from tests.fuzz.choices import Choices
from tests.fuzz.specs import CALM_DURATIONS, CALM_NUMBERS, SpecWriter

FACTS = {"steps_per_epoch": 500, "base_lr": 0.05}
"""Facts that no example of a rule contradicts."""


def more_known(case: Case) -> dict[str, Any]:
    """Facts that agree with an example: those above, and a run as long as its schedule."""
    facts = {name: value for name, value in FACTS.items() if name not in case.context}
    if "total_steps" not in case.context:
        run = {name: x for name, x in {**case.context, **facts}.items() if name != "origin"}
        try:
            length = lrdsl.compile(case.spec, **run).length
        except SpecError:  # it needs the run's length
            length = math.inf
        facts["total_steps"] = 12_000 if math.isinf(length) else max(math.ceil(length), 1)
    return facts


def finds(name: str, case: Case, facts: dict[str, Any]) -> bool:
    settings = Settings(select=(name,), options={name: case.options})
    return bool(lint(case.spec, settings=settings, **case.context, **facts))


ALL = {"total_steps": 1000, "steps_per_epoch": 50, "base_lr": 0.1}


def drawn(count: int) -> list[str]:
    """Specs drawn by the grammar that make sense in a run where all is known."""
    found: list[str] = []
    for i in itertools.count():
        choices = Choices(("knowing more", i))
        writer = SpecWriter(choices)
        writer.numbers, writer.durations = CALM_NUMBERS, CALM_DURATIONS
        writer.values = ("base", "prev", "next", "_")
        text = writer.spec(choices.below(3))
        try:
            lrdsl.compile(text, **ALL)
        except SpecError:
            continue
        if " if " not in text:  # what is chosen may be another part
            found.append(text)
        if len(found) == count:
            return found
    raise AssertionError


@pytest.mark.parametrize("spec", drawn(200))
def test_no_finding_about_a_drawn_spec_is_lost(spec: str) -> None:
    def rules(*facts: str) -> set[str]:
        found = lint(spec, **{fact: ALL[fact] for fact in facts})
        return {each.name for each in found} & {*RULES}

    some = rules()
    for fact in ALL:
        assert some <= rules(fact)
        others = [each for each in ALL if each != fact]
        assert rules(fact) | rules(*others) <= rules(*ALL)


CASES = [
    pytest.param(name, case, id=f"{name}-{i}")
    for name in RULES
    for i, case in enumerate(RULES[name].invalid)
]


@pytest.mark.parametrize(("name", "case"), CASES)
def test_no_finding_is_lost(name: str, case: Case) -> None:
    facts = more_known(case)
    for count in range(len(facts) + 1):
        for chosen in itertools.combinations(facts, count):
            known = {fact: facts[fact] for fact in chosen}
            assert finds(name, case, known), known


@pytest.mark.parametrize("total", [None, 1000, 12_345])
@pytest.mark.parametrize(
    "spec",
    [
        "warmup(5%) >> cosine(_, 0, 90%)",
        "warmup(10%) >> hold(50%) >> cooldown(30%)",
        "warmup(0.05dur) >> linear(base, 0, 0.98dur)",
    ],
)
@pytest.mark.parametrize("base", [None, 0.1])
def test_percentages_are_added_up_in_any_run(
    spec: str, total: int | None, base: float | None
) -> None:
    found = [x.name for x in lint(spec, total_steps=total, base_lr=base)]
    assert "percents-not-100" in found
