"""What `--fix` does and what SARIF offers are the same; diffs can be applied by other tools."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings

from lrdsl.cli.main import cli
from lrdsl.linter.autofix import available_fixes, fix
from lrdsl.linter.config import Project
from lrdsl.linter.lint_source import lint_source
from lrdsl.linter.read_source import read_file, read_text
from lrdsl.linter.reports import report
from lrdsl.linter.result import LintResult
from lrdsl.linter.runner import check_files, check_text
from lrdsl.linter.source_file import TextEdit
from tests.linter.test_reports import validate  # noqa: F401
from tests.support.strategies import specs

FILES = {
    "plain.yaml": "# é\nx:\n  lr: linear(0.1, 0, 100) * 1  # a\n  spec: 0 + hold(5) - 0\n",
    "quoted.yaml": "lr: 'linear(0.1, 0, 100)*1' # b\nx: {lr: \"hold(5) \\u002a 1\"}\n",
    "block.yaml": "lr: |\n  linear(0.1, 0, 100)\n  * 1\n",
    "number.yaml": "a_lr: 1e-4 # c\nb_lr: 3E5\n",
    "train.py": "import lrdsl\nlrdsl.compile('linear(0.1, 0, 100) * 1')\n",
    "page.md": "```lr\nlinear(0.1, 0, 100) / 1\r\n```\r\n",
    "hole.yaml": "n: 3\nlr: linear(0.1, 0, ${n}) * 1\n",
    "guess.yaml": "lr: cosin(1, 0, 9)\n",
}
OFFERED = {"plain.yaml": 3, "quoted.yaml": 2, "number.yaml": 2, "hole.yaml": 0, "guess.yaml": 0}

PYYAML = Project(rules={"numeric-string": {"pyyaml": True}})


def log_of(path: Path) -> dict[str, Any]:
    outcome = available_fixes(check_files([str(path)], PYYAML), PYYAML)
    log: dict[str, Any] = json.loads(report(outcome, "sarif"))
    return log


def changes(log: dict[str, Any], text: str) -> list[TextEdit]:
    """The fixes of a log, as a tool that knows nothing of lrdsl would read them."""
    found = []
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    for result in log["runs"][0]["results"]:
        for each in result.get("fixes", []):
            [change] = each["artifactChanges"]
            [one] = change["replacements"]
            place = one["deletedRegion"]
            start = starts[place["startLine"] - 1] + place["startColumn"] - 1
            stop = starts[place["endLine"] - 1] + place["endColumn"] - 1
            found.append(TextEdit(start, stop, one["insertedContent"]["text"]))
    return found


@pytest.mark.parametrize("name", FILES)
def test_sarif_offers_what_fix_does(
    name: str,
    tmp_path: Path,
    validate: Callable[[Any], None],  # noqa: F811
) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name].encode())
    wanted = fix(read_file(str(path)), PYYAML)
    log = log_of(path)
    validate(log)
    assert len(changes(log, FILES[name])) == OFFERED.get(name, 1)
    for _ in range(10):
        text = path.read_bytes().decode()
        patches = changes(log_of(path), text)
        if not patches:
            break
        start, stop, new = patches[0]
        path.write_bytes((text[:start] + new + text[stop:]).encode())
    assert path.read_bytes().decode() == wanted.text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(specs)
def test_fixes_one_after_the_other_lead_to_where_fix_does(spec: str) -> None:
    project = Project()
    file = read_text("a.yaml", f"lr: {json.dumps(spec)}\n")
    wanted = fix(file, project)
    for made in range(wanted.fixes + 1):
        found = LintResult(tuple(lint_source(file, project)), {"a.yaml": file})
        patches = [*available_fixes(found, project).fixes.values()]
        assert bool(patches) == (made < wanted.fixes)
        if patches:
            start, stop, new = patches[-1]
            file = read_text("a.yaml", file.text[:start] + new + file.text[stop:])
    assert file.text == wanted.text


def test_a_spec_that_stands_in_no_file_has_no_fix() -> None:
    outcome = check_text("hold(5) * 1", "<spec>", Project())
    assert outcome.found
    assert not available_fixes(outcome, Project()).fixes


def test_the_command_offers_fixes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(FILES["number.yaml"])
    (tmp_path / "pyproject.toml").write_text(
        "[tool.lrdsl.lint.rules.numeric-string]\npyyaml = true\n"
    )
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["lint", str(path), "--format", "sarif"])
    results = json.loads(done.stdout)["runs"][0]["results"]
    assert [one["fixes"][0]["description"]["text"] for one in results] == [
        "write `1.0e-4`",
        "write `3.0e+5`",
    ]


TOOLS = {"patch": ["patch", "-p1"], "git": ["git", "apply", "--unsafe-paths"]}


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("how", ["relative", "with a dot", "absolute", "outside"])
@pytest.mark.parametrize(
    "name", ["a.yaml", "in/b c.yaml", "é.yaml", 'q"uote.yaml', "crlf.yaml", "no_end.yaml"]
)
@pytest.mark.parametrize("command", [["fmt"], ["lint", "--fix"]], ids=lambda x: x[0])
def test_a_diff_can_be_applied(
    tool: str,
    how: str,
    name: str,
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"there is no {tool}")
    path = tmp_path / "project" / name
    path.parent.mkdir(parents=True)
    text = "# a\nlr: linear(0.1,0,100)*1\nx: 'b\u2028  c'\n"
    if name == "crlf.yaml":
        text = text.replace("\n", "\r\n")
    if name == "no_end.yaml":
        text = text.removesuffix("\n")
    path.write_bytes(text.encode())
    folder = tmp_path / ("elsewhere" if how == "outside" else "project")
    folder.mkdir(exist_ok=True)
    monkeypatch.chdir(folder)
    given = {"relative": name, "with a dot": f"./{name}"}.get(how, str(path))
    done = CliRunner().invoke(cli, [*command, given, "--diff"])
    assert path.read_bytes() == text.encode()
    assert done.stdout.startswith(("--- a/", '--- "a/'))
    # What lies outside has its path from the root.
    at = Path(path.anchor) if how == "outside" else folder
    shell = [*TOOLS[tool]]
    if tool == "patch" and "\r" in text:
        shell.append("--binary")
    applied = subprocess.run(shell, input=done.stdout_bytes, cwd=at, capture_output=True)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    after = path.read_bytes().decode()
    assert after != text
    CliRunner().invoke(cli, [*command, given])
    assert path.read_bytes().decode() == after
