"""Options of `lrdsl lint` win over the words of files, and these over the project's settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lrdsl.cli.main import cli
from lrdsl.linter.config import Project
from lrdsl.linter.lint_source import lint_source
from lrdsl.linter.read_source import read_text

SPEC = "linear(1, 0.5, 99)"
NOTE = "Note: options win over what the files say of the runs of "

FILES = {
    "beside.yaml": f"lr: {SPEC}\ntotal_steps: 99\n",
    "around.yaml": f"total_steps: 99\na: {{b: {{lr: '{SPEC}'}}}}\n",
    "target.yaml": f"_target_: lrdsl.compile\nspec: {SPEC}\ntotal_steps: 99\n",
    "reference.yaml": f"n: 99\nlr: {SPEC}\ntotal_steps: ${{n}}\n",
    "call.py": f"import lrdsl\nlrdsl.compile('{SPEC}', total_steps=99)\n",
    "page.md": f"<!-- lrdsl: total_steps=99 -->\n```lr\n{SPEC}\n```\n",
}


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, prog_name="lrdsl")


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(files: dict[str, str]) -> None:
    for name, text in files.items():
        Path(name).write_text(text)


@pytest.mark.parametrize("name", FILES)
def test_an_option_wins_over_the_file(name: str) -> None:
    write({name: FILES[name]})
    alone, typed = call("lint", name), call("lint", name, "--total-steps", "9")
    assert (alone.exit_code, alone.stderr) == (0, "")
    assert "longer-than-run" in typed.stdout
    assert typed.stderr == f"{NOTE}1 spec.\n"
    assert call("lint", name, "--total-steps", "99").stderr == "", "they agree"


def test_the_file_wins_over_the_settings() -> None:
    write({"pyproject.toml": "[tool.lrdsl.lint.context]\ntotal_steps = 9\n", **FILES})
    assert call("lint", *FILES).exit_code == 0
    write({"more.yaml": f"lr: {SPEC}\n"})
    assert "longer-than-run" in call("lint", "more.yaml").stdout
    assert call("lint", "more.yaml", "--total-steps", "99").exit_code == 0


def test_a_folder_of_runs_of_their_own() -> None:
    write({**FILES, "none.yaml": f"lr: {SPEC}\n"})
    found = call("lint", ".", "--total-steps", "9")
    assert found.stdout.count("longer-than-run") == len(FILES) + 1
    assert found.stderr == f"{NOTE}{len(FILES)} specs.\n"


def test_lint_and_show_know_the_same() -> None:
    write({"a.yaml": f"total_steps: 99\nlr: linear(1, 0)\nb_lr: {SPEC}\n"})
    for options, length, code in ((), "99 updates", 0), (("--total-steps", "9"), "9 updates", 1):
        assert f"length   {length}" in call("show", "a.yaml::lr", *options).stdout
        assert call("lint", "a.yaml", *options).exit_code == code


TYPED = [
    pytest.param("total_steps: 5\nlr: cosine(1, 0, 9)", {"total_steps": 9}, set(), id="the length"),
    pytest.param(
        "steps_per_epoch: 1\nlr: hold(9ep)", {"steps_per_epoch": 2, "total_steps": 9},
        {"longer-than-run"}, id="the epoch",
    ),
    pytest.param(
        "_target_: lrdsl.compile\nspec: cosine(1, 0, n)\nn: 9\ntotal_steps: 9", {"n": 10},
        {"longer-than-run"}, id="a variable",
    ),
    pytest.param(
        "_target_: lrdsl.compile\nspec: cosine(1, 0, 9)\ntotal_steps: soon", {"total_steps": 9},
        set(), id="what is wrong there",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "typed", "rules"), TYPED)
def test_any_fact_can_be_typed(text: str, typed: dict[str, float], rules: set[str]) -> None:
    project = Project(context={"total_steps": 10**6, "n": 1}).with_options(typed=typed)
    found = lint_source(read_text("a.yaml", text), project)
    assert {each.diagnostic.name for each in found} == rules
    assert found.overruled == 1


def test_it_wins_over_a_composed_config() -> None:
    Path("conf").mkdir()
    write({"conf/app.yaml": FILES["beside.yaml"]})
    hydra = ("lint", "--hydra", "conf", "--config-name", "app")
    assert call(*hydra).exit_code == 0
    assert "longer-than-run" in call(*hydra, "--total-steps", "9").stdout
    assert "longer-than-run" in call(*hydra, "total_steps=9").stdout
