"""Every rule: its bad examples fire, its good ones stay silent; its file says why."""

from __future__ import annotations

import inspect
import re

import pytest

from lrdsl.linter import Settings, lint
from lrdsl.linter.rule import RULES, Case
from tests.support.paths import ROOT


def cases(kind: str) -> list[object]:
    return [
        pytest.param(name, case, id=f"{name}-{i}")
        for name in RULES
        for i, case in enumerate(getattr(RULES[name], kind))
    ]


def fired(name: str, case: Case) -> list[str]:
    settings = Settings(select=(name,), options={name: case.options})
    return [found.name for found in lint(case.spec, settings=settings, **case.context)]


@pytest.mark.parametrize(("name", "case"), cases("invalid"))
def test_a_bad_example_is_found(name: str, case: Case) -> None:
    assert name in fired(name, case)


@pytest.mark.parametrize(("name", "case"), cases("valid"))
def test_a_good_example_is_not(name: str, case: Case) -> None:
    assert fired(name, case) == []


@pytest.mark.parametrize("name", list(RULES))
def test_a_rule_is_complete(name: str) -> None:
    rule = RULES[name]
    assert rule.__module__ == f"lrdsl.linter.rules.{name.replace('-', '_')}"
    assert rule.code.startswith("LR8")
    assert len(rule.invalid) >= 3
    assert len(rule.valid) >= 3
    what, *why = inspect.cleandoc(rule.__doc__ or "").split("\n\n")
    assert what.endswith(".")
    assert why


def test_codes_are_unique() -> None:
    codes = [RULES[name].code for name in RULES]
    assert len(set(codes)) == len(codes)


REPORT = re.compile(r"(?<![\w/.-])([\w.-]+/[\w.-]+)#(\d+)\b")


def test_rules_cite_the_reports_that_they_would_have_caught() -> None:
    cited = {name: REPORT.findall(RULES[name].__doc__ or "") for name in RULES}
    assert sum([bool(reports) for reports in cited.values()]) >= 10
    every = [report for reports in cited.values() for report in reports]
    assert all([repository.count("/") == 1 and int(number) > 0 for repository, number in every])
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    for repository, number in every:
        link = f"[{repository}#{number}](https://github.com/{repository}/issues/{number})"
        assert link in page
