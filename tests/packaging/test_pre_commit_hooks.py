"""The pre-commit hooks: what they run, on what, and what installing them brings."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.paths import ROOT
from tests.support.processes import python

HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())


def run(entry: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = shlex.split(entry)
    assert command[0] == "lrdsl"
    files = sorted(path.name for path in folder.iterdir())
    return python("-m", *command, *files, folder=folder)


def test_the_hooks_are_these() -> None:
    assert [hook["id"] for hook in HOOKS] == ["lrdsl-lint", "lrdsl-fmt"]


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: str(hook["id"]))
def test_a_hook_has_what_pre_commit_needs(hook: dict[str, Any]) -> None:
    assert {"id", "name", "entry", "language"} <= set(hook)
    assert hook["language"] == "python"
    assert hook["types"] == ["text"]
    assert "additional_dependencies" not in hook


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: str(hook["id"]))
def test_a_hook_runs_on_a_repository(hook: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text("spec: warmup(100) >> cosine(1, 0, 800)\n")
    clean = run(hook["entry"], tmp_path)
    assert clean.returncode == 0, clean.stdout + clean.stderr
    (tmp_path / "bad.yaml").write_text("spec: cosine(1, 0,\n")
    assert run(hook["entry"], tmp_path).returncode == 1


def test_the_configs_in_the_docs_are_for_these_hooks() -> None:
    page = (ROOT / "docs" / "format.md").read_text(encoding="utf-8")
    blocks = re.findall(r"(?:^ {4}.*\n)+", page, re.M)
    cloned, local = [yaml.safe_load(block)["repos"][0] for block in blocks if "repos:" in block]
    assert [hook["id"] for hook in cloned["hooks"]] == [hook["id"] for hook in HOOKS]
    [own] = [hook for hook in HOOKS if hook["id"] == local["hooks"][0]["id"]]
    for key in ("name", "entry", "types", "files"):
        assert local["hooks"][0][key] == own[key]


def test_the_formatting_hook_formats(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("spec: hold( 5 )\n")
    assert run("lrdsl fmt", tmp_path).returncode == 0
    assert (tmp_path / "a.yaml").read_text() == "spec: hold(5)\n"


def test_installing_brings_no_torch() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    needed = text.partition("\ndependencies = [")[2].partition("]")[0]
    assert "click" in needed
    assert "torch" not in needed
