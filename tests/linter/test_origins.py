"""Rules that go by what the place of a spec tells, and what is put in place of a finding."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
import yaml
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hypothesis import given, settings

import lrdsl
from lrdsl.diagnostics import Diagnostic
from lrdsl.linter import Settings
from lrdsl.linter.origin import NO_ORIGIN, SpecOrigin
from lrdsl.linter.rule import RULES
from tests.support import strategies


def findings(rule: str, spec: str, **context: Any) -> list[Diagnostic]:
    return lrdsl.lint(spec, settings=Settings(select=(rule,)), **context)


def replaced(found: Diagnostic) -> str:
    assert found.replacement is not None
    text = found.source
    return text[: found.span.start] + found.replacement + text[found.span.stop :]


FIXABLE = [
    "warmup(100) >> cosine(0.1, 0, 800) * 1",
    "warmup(100) >> 1 * cosine(_, 0, 800)",
    "(linear(0.1, 0, 100) >> hold(5)) * 1",
    "linear(0.1, 0, 100) / 1 + 0",
    "0 + linear(0.1, 0, 100) - 0",
    "(linear(0.1, 0, 100) | stretch(1)) >> hold(5)",
    "linear(0.1 ** 1, 0, 100 * 1)",
    "linear(0.1, 0, 100)\n  * 1  # for now",
]


@pytest.mark.parametrize("spec", FIXABLE)
def test_what_is_cut_changes_nothing(spec: str) -> None:
    before, text = lrdsl.compile(spec, base_lr=0.1), spec
    while found := findings("no-effect", text, base_lr=0.1):
        text = replaced(found[0])
    after = lrdsl.compile(text, base_lr=0.1)
    assert text != spec
    assert before.length == after.length
    assert before.values().tolist() == after.values().tolist()


@pytest.mark.parametrize(
    "spec",
    [
        "1 * linear(0.1, 0, 100) # 1 *",
        "points[0:1, 100:0] | stretch(2) | clip(0.1, _)",
        "2 ** 1 ** 2",
        "base * 1 if base == 1 else linear(base, 0, 5)",
    ],
)
def test_a_replacement_can_always_be_compiled(spec: str) -> None:
    for found in findings("no-effect", spec, base_lr=0.1):
        if found.replacement is not None:
            lrdsl.compile(replaced(found), base_lr=0.1)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1e-4", "1.0e-4"),
        ("3E5", "3.0e+5"),
        ("-2e3", "-2.0e+3"),
        ("1e+3", "1.0e+3"),
        ("1.5e3", "1.5e+3"),
        (".5e3", "0.5e+3"),
    ],
)
def test_a_number_is_written_as_yaml_reads_it(text: str, number: str) -> None:
    settings = Settings(select=("numeric-string",), options={"numeric-string": {"pyyaml": True}})
    (found,) = lrdsl.lint(text, settings=settings, origin=SpecOrigin(yaml_text_number=True))
    assert found.replacement == number
    assert isinstance(yaml.safe_load(text), str)
    assert yaml.safe_load(number) == float(text)


OVERRIDES = [
    "0.1",
    "base / 2",
    "base ** 2",
    "2 * base / 3 - 1",
    "5%",
    "warmup_cosine",
    "peak if true else 1",
    "cosine(0.1, 0)",
    "warmup(100) >> cosine(1, 0, 800)",
    "points[0:0, 100:1]",
    "0.1 if total > 500 else 0.2",
    "0.1 * base # half of it",
    "(base)",
    "base | clip(0, 1)",
]


@pytest.mark.parametrize("text", OVERRIDES)
def test_overrides_that_are_found_are_those_that_hydra_cannot_read(text: str) -> None:
    try:
        value = OverridesParser.create().parse_override(f"lr={text}").value()
        readable = str(value) == text
    except HydraException:
        readable = False
    found = findings("unquoted-override", text, origin=SpecOrigin(is_override=True))
    assert bool(found) != readable


def test_groups_are_told_apart_by_what_the_schedule_does_with_base() -> None:
    origin = SpecOrigin(group_lrs=(0.1, 0.001))
    # It is named, and has no say.
    (found,) = findings("groups-without-base", "cosine(0.1, 0, 9) + 0 * base", origin=origin)
    assert "0.001, 0.1" in found.message
    # It is not named, and has one.
    assert not findings("groups-without-base", "warmup(10) >> cosine(_, 0, 9)", origin=origin)


def test_all_that_needs_a_metric_is_found() -> None:
    spec = "(hold(10) | plateau()) >> (hold(10) | newbob()) >> (hold() | anchor())"
    assert len(findings("metric-never-given", spec, origin=SpecOrigin(gives_metrics=False))) == 3


ORIGIN = SpecOrigin(
    group_lrs=(0.1, 0.2),
    gives_metrics=False,
    yaml_text_number=True,
    preset_names=("wsd",),
    definitions_used_elsewhere=(),
    is_override=True,
)


@settings(max_examples=60, deadline=None)
@given(spec=strategies.specs)
def test_no_rule_fails_on_any_spec(spec: str) -> None:
    run: dict[str, Any] = {"total_steps": 20_000, "steps_per_epoch": 100.0, "base_lr": 0.1}
    for context in ({}, run):
        for found in lrdsl.lint(spec, origin=ORIGIN, **context):
            assert 0 <= found.span.start <= found.span.stop <= len(spec)


@pytest.mark.parametrize("piece", ["1 * ", "(1 ** 1) * ", "0 + "])
def test_very_long_specs_are_not_compiled_for_each_piece(piece: str) -> None:
    spec = "constant(1, 10) >> " + piece * 1200 + "linear(1, 0, 10)"
    assert not findings("no-effect", spec)


@pytest.mark.parametrize("name", ["no-effect", "interval-without-effect", "idle-clip"])
def test_what_changes_nothing_is_not_looked_for_where_metrics_decide(name: str) -> None:
    spec = "constant(0.1) | plateau() | interval[50:0.1] | clip(1e-4, _)"
    assert not findings(name, spec, total_steps=100)


def told(origin: SpecOrigin) -> set[str]:
    """The fields of an origin that say anything."""
    return {x.name for x in fields(SpecOrigin) if getattr(origin, x.name) != x.default}


def test_cases_with_origins_tell_what_they_go_by() -> None:
    """The examples that the reference shows hold all a reader needs."""
    driven = {
        name
        for rule in RULES
        for example in RULES[rule].invalid
        for name in told(example.context.get("origin", NO_ORIGIN))
    }
    assert driven >= told(ORIGIN)
