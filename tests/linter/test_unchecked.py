"""A spec that could not be checked in full: what is missing, and what would supply it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lrdsl.cli.main import cli
from lrdsl.linter import Settings, lint
from lrdsl.linter.origin import SpecOrigin

RUN = {"total_steps": 1000, "steps_per_epoch": 50, "base_lr": 0.1}


@pytest.mark.parametrize(
    ("spec", "without", "missing"),
    [
        ("cosine(1, 0, 5ep)", "steps_per_epoch", ["--steps-per-epoch"]),
        ("cosine(1, 0, 5%) >> hold(3%)", "total_steps", ["--total-steps"]),
        ("cosine(1, 0)", "total_steps", ["--total-steps"]),
        ("cosine(1, 0, 1000)", "total_steps", ["--total-steps"]),
        ("cosine(base, 0, 1000)", "base_lr", ["--base-lr"]),
        ("cosine(1, 0, 1000)", "base_lr", []),
        ("cosine(1, 0, 1000)", "steps_per_epoch", []),
        ("cosine(peak, 0, 1000)", "", ["--set peak=…"]),
        ("linear(1, a, b)", "", ["--set a=…", "--set b=…"]),
        ("hold(640sp) >> hold(4096tok)", "", ["--samples-per-step", "--tokens-per-step"]),
        ("cosine(1, 0, 1000)", "", []),
    ],
)
def test_what_is_missing(spec: str, without: str, missing: list[str]) -> None:
    found = lint(spec, **{name: x for name, x in RUN.items() if name != without})
    assert [fact.option for fact in found.missing] == missing


def test_findings_are_a_list_all_the_same() -> None:
    found = lint("cosin(1)", **RUN)
    assert found == [*found]
    assert (len(found), repr(found), found.missing) == (1, repr([*found]), ())


def test_rules_that_are_not_used_miss_nothing() -> None:
    settings = Settings(select=("reversed-ramp",))
    assert lint("cosine(1, 0, 9)", settings=settings).missing == ()
    epsilon = SpecOrigin(key="epsilon")
    rules = Settings(select=("vanishing-rate",))
    assert lint("cosine(1, 0, 9)", settings=rules, origin=epsilon).missing == ()


def call(*arguments: str) -> Any:
    return CliRunner().invoke(cli, ["lint", *arguments], prog_name="lrdsl")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["-e", "cosine(1, 0, 5ep)", "--total-steps", "9"],
            "Nothing was found in 1 spec; 1 spec was not checked in full:"
            " give --steps-per-epoch (`5ep`).",
        ),
        (
            ["-e", "hold(9)", "--base-lr", "1"],
            "Nothing was found in 1 spec; 1 spec was not checked in full:"
            " give --total-steps (what depends on the run's length).",
        ),
        (["-e", "hold(9)", "--base-lr", "1", "--total-steps", "9"], "No problems in 1 spec."),
        (
            ["-e", "cosin(9)", "-e", "hold(peak)"],
            "1 error in 2 specs; 1 spec was not checked in full: give --set peak=… (`peak`).",
        ),
    ],
)
def test_the_summary_says_it(arguments: list[str], said: str) -> None:
    assert call(*arguments).stdout.splitlines()[-1] == said


def test_reports_for_programs_say_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text("total_steps: 9\nx:\n  lr: cosine(1, 0, 5ep)\n", encoding="utf-8")
    facts = json.loads(call("a.yaml", "--format", "json").stdout)
    why = {"why": "`5ep`", "name": "steps_per_epoch", "option": "--steps-per-epoch"}
    place = {"path": "a.yaml", "line": 3, "column": 7, "spec": "cosine(1, 0, 5ep)"}
    assert facts["not_checked_in_full"] == [{**place, "missing": [why]}]
    assert facts["findings"] == []
    (run,) = json.loads(call("a.yaml", "--format", "sarif").stdout)["runs"]
    (invocation,) = run["invocations"]
    (note,) = invocation["toolExecutionNotifications"]
    assert invocation["executionSuccessful"] is True
    assert note["level"] == "note"
    assert note["message"]["text"] == (
        "this was not checked in full: `5ep` needs steps_per_epoch (--steps-per-epoch)"
    )
    assert call("a.yaml", "--format", "github").stdout == (
        "::notice file=a.yaml,line=3,col=7,title=lrdsl lint::this was not checked in full: `5ep` "
        "needs steps_per_epoch (--steps-per-epoch)\n"
    )


def test_a_reference_that_the_file_does_not_show(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("total_steps: 9\nlr: cosine(${model.peak}, 0, 9)\n", encoding="utf-8")
    assert "give --hydra CONFIG_DIR --config-name NAME (a value that the" in call(str(path)).stdout
