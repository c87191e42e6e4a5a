"""Everything that the README and the docs show is run."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import lrdsl
from lrdsl.cli.main import cli
from lrdsl.language import catalog
from tests.support.paths import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN = {"total_steps": 1000, "steps_per_epoch": 100, "base_lr": 0.1, "peak": 3e-4,
       "samples_per_step": 32, "tokens_per_step": 4096}  # fmt: skip

FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)


def lines_of(language: str) -> list[Any]:
    """The lines of all fences in a language, with where they stand."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in FENCE.finditer(text):
            if match[1] == language:
                first = text[: match.start(2)].count("\n") + 1
                found += [
                    pytest.param(line, id=f"{page.name}:{first + i}")
                    for i, line in enumerate(match[2].splitlines())
                    if line.strip()
                ]
    return found


def definitions() -> str:
    """What the pages define, for the specs on them."""
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    return "\n".join([m[2] for text in texts for m in FENCE.finditer(text) if m[1] == "library"])


@pytest.mark.parametrize("line", lines_of("lr"))
def test_spec(line: str) -> None:
    schedule = lrdsl.compile(line, definitions=definitions(), **RUN)
    _, _, comment = line.partition("#")
    expected = {
        int(step): float(value) for step, value in re.findall(r"(\d+): ([\d.e-]+)", comment)
    }
    assert expected, "each example says what its values are"
    for step, value in expected.items():
        assert schedule(step) == pytest.approx(value, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python(page: Path) -> None:
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    text = "\n".join(
        m[2] for m in FENCE.finditer(page.read_text(encoding="utf-8")) if m[1] == "python"
    )
    if not text:
        pytest.skip("no Python on this page")
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    report: list[str] = []
    result = doctest.DocTestRunner(optionflags=flags, verbose=False).run(test, out=report.append)
    assert result.attempted > 0
    assert result.failed == 0, "".join(report)


@pytest.mark.parametrize("line", [p for p in lines_of("bash") if p.values[0].startswith("lrdsl ")])
def test_command_line(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.lr").write_text(definitions(), encoding="utf-8")
    Path("mine.yaml").write_text("total_steps: 900\nlr: linear(0.1, 0)\n", encoding="utf-8")
    for job, result in enumerate([0.5, 0.25]):
        Path("multirun", str(job)).mkdir(parents=True)
        Path("multirun", str(job), "lr.csv").write_text(f"step,lr,loss,result\n0,1,2,{result}\n")
    _, *arguments = shlex.split(line, comments=True)
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    assert done.output or len(list(tmp_path.iterdir())) > 2


def test_sessions_of_the_terminal_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "terminal.md").read_text(encoding="utf-8")
    fences = FENCE.findall(text)
    [config] = [inside for kind, inside in fences if kind == "yaml"]
    Path("train.yaml").write_text(config, encoding="utf-8")
    sessions = "".join([inside for kind, inside in fences if kind == "console"])
    commands = re.findall(r"^\$ lrdsl (.*)\n((?:[^$].*\n)*)", sessions, re.M)
    assert len(commands) >= 6
    for line, expected in commands:
        done = CliRunner().invoke(cli, shlex.split(line))
        assert expected in (done.stdout, done.stderr.partition("\n\n")[2]), done.output


def test_training_commands_are_tried() -> None:
    """Each form of override shown is one that the tests of the example run."""
    tried = (ROOT / "tests" / "examples" / "test_train.py").read_text(encoding="utf-8")
    # Those on docs/sweeps.md are run as they are, by their own tests.
    own = [p for p in lines_of("bash") if not p.id.startswith("sweeps.md")]
    lines = [p.values[0] for p in own if "examples/train.py" in p.values[0]]
    assert len(lines) >= 8
    for line in lines:
        command = shlex.split(line.split("examples/train.py")[1], comments=True)
        for argument in command:
            key = argument.split("=")[0]
            assert re.search(rf'["\'(\[ ]{re.escape(key)}', tried), argument


def test_the_language_page_names_all_that_can_be_called() -> None:
    prose = FENCE.sub("", (ROOT / "docs" / "language.md").read_text(encoding="utf-8"))
    named = re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", prose)))
    called = {entry.name for entry in catalog.entries() if entry.group in catalog.GROUPS}
    assert called <= set(named), f"docs/language.md lacks {sorted(called - set(named))}"


def test_links_lead_somewhere() -> None:
    trainers = sorted((ROOT / "docs" / "trainers").glob("*.md"))
    for page in [*PAGES, ROOT / "CONTRIBUTING.md", *trainers]:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
