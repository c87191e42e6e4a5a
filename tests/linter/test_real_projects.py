"""Schedules of real projects: nothing is found, but for what is judged to be a mistake.

golden/projects.json has what the projects train with: learning rates, weight decay, averages of
weights, temperatures, exploration, each in the run that it was written for.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from lrdsl.linter import lint
from lrdsl.linter.config import Project
from lrdsl.linter.lint_source import lint_source
from lrdsl.linter.origin import SpecOrigin
from lrdsl.linter.read_source import read_text
from tests.support.paths import ROOT

CASES = json.loads((ROOT / "tests" / "golden" / "projects.json").read_text(encoding="utf-8"))

JUDGED = {
    # Its first update has a rate of 0, and trains nothing; `warmup` would say that it is meant.
    "axolotl-quadratic-warmup": {"zero-first-update"},
    # It does not compile: `restarts` never ends, and something follows.
    "timm-cosine-cycles": {"never-ends"},
}


def texts(case: dict[str, Any]) -> list[tuple[str, str]]:
    """The specs of a case, each with the number that it is for."""
    if "spec" in case:
        return [(case["number"], case["spec"])]
    found = []
    for number, spec in case["program"].items():
        found += [(number, each) for each in (spec.values() if isinstance(spec, dict) else [spec])]
    return found


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_real_schedule(case: dict[str, Any]) -> None:
    found = {
        diagnostic.name
        for number, spec in texts(case)
        for diagnostic in lint(spec, origin=SpecOrigin(key=number), **case["run"])
    }
    assert found == JUDGED.get(case["id"], set())


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
@pytest.mark.parametrize("hidden", ["base_lr", "total_steps"])
def test_with_less_known_of_the_run(case: dict[str, Any], hidden: str) -> None:
    run = {name: value for name, value in case["run"].items() if name != hidden}
    found = {
        diagnostic.name
        for number, spec in texts(case)
        for diagnostic in lint(spec, origin=SpecOrigin(key=number), **run)
    }
    assert found <= JUDGED.get(case["id"], set())


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_in_a_script(case: dict[str, Any]) -> None:
    spec = case.get("program", case.get("spec"))
    run = {name: value for name, value in case["run"].items() if name != "base_lr"}
    if "program" in case:
        call = f"lrdsl.torch.Scheduler(optimizer, {spec!r}, **{{}}"
        call = call.replace(", **{}", "")
    else:
        call = f"{case['number']} = lrdsl.compile({spec!r}"
    given = "".join([f", {name}={value!r}" for name, value in run.items()])
    text = f"import lrdsl\nimport lrdsl.torch\n\n{call}{given})\n"
    found = {x.diagnostic.name for x in lint_source(read_text("train.py", text), Project())}
    assert found <= JUDGED.get(case["id"], set())
