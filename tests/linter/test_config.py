"""Settings of the linter in pyproject.toml and on top of it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from lrdsl.diagnostics import SpecError
from lrdsl.linter.config import CONTRACTS, Project
from lrdsl.linter.lint_source import lint_source
from lrdsl.linter.read_source import read_file, read_text
from lrdsl.linter.rule import RULES

LONG = "lr: warmup(100) >> cosine(1, 0, 800)"


def project(tmp_path: Path, text: str) -> Project:
    (tmp_path / "pyproject.toml").write_text(f"[tool.lrdsl.lint]\n{dedent(text)}")
    return Project.load(str(tmp_path))


def codes(project: Project, name: str = "a.yaml", text: str = LONG) -> list[str]:
    return [found.diagnostic.code for found in lint_source(read_text(name, text), project)]


RUN = "\n[tool.lrdsl.lint.context]\ntotal_steps = 600\n"
SETTINGS: list[Any] = [
    pytest.param("", [], id="nothing known"),
    pytest.param(RUN, ["LR801"], id="context"),
    pytest.param("select = ['LR801']" + RUN, ["LR801"], id="select"),
    pytest.param("select = ['LR2']" + RUN, [], id="select others"),
    pytest.param("ignore = ['LR8']" + RUN, [], id="ignore the beginning of a code"),
    pytest.param("ignore = ['longer-than-run']" + RUN, [], id="ignore a name"),
    pytest.param(RUN + "[tool.lrdsl.lint.per-file-ignores]\n'*.yaml' = ['LR8']", [], id="file"),
    pytest.param(
        RUN + "[tool.lrdsl.lint.per-file-ignores]\n'b/*' = ['LR8']", ["LR801"], id="another file"
    ),
    pytest.param(RUN + "[tool.lrdsl.lint.rules.longer-than-run]\ntolerance = 1.0", [], id="option"),
]


@pytest.mark.parametrize(("text", "expected"), SETTINGS)
def test_settings(tmp_path: Path, text: str, expected: list[str]) -> None:
    found = project(tmp_path, text)
    (tmp_path / "a.yaml").write_text(LONG)
    file = read_file(str(tmp_path / "a.yaml"))
    located = [each.diagnostic.code for each in lint_source(file, found)]
    assert [code for code in located if code in ("LR801", "LR201")] == expected


def test_a_rule_can_be_made_an_error(tmp_path: Path) -> None:
    found = project(
        tmp_path, RUN + "[tool.lrdsl.lint.rules.longer-than-run]\nseverity = 'error'"
    ).with_options(select=["LR801"])
    (located,) = lint_source(read_text("a.yaml", LONG), found)
    assert located.diagnostic.severity == "error"


def test_definitions_of_the_project_are_known(tmp_path: Path) -> None:
    (tmp_path / "mine.lr").write_text("def half(a) = a / 2")
    found = project(tmp_path, "[tool.lrdsl.lint.context]\ndefinitions = ['mine.lr']")
    assert codes(found.with_options(select=["LR2"]), text="lr: half(1)") == []
    assert codes(Project(), text="lr: half(1)  # of lrdsl")[0] == "LR201"


def test_the_nearest_file_with_settings_counts(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (inner / "pyproject.toml").write_text("[project]\nname = 'lrdsl-user'")
    above = project(tmp_path, "ignore = ['LR8']")
    for start in (inner, inner / "x.yaml", tmp_path / "a"):
        assert Project.load(str(start)) == above
    assert above.root == str(tmp_path)


BAD = [
    pytest.param("selct = []", r"no setting `selct`\n.*`select`", id="key"),
    pytest.param("select = 'LR8'", r"`select` is a list of texts, not 'LR8'", id="no list"),
    pytest.param("ignore = ['longer-then-run']", r"no rule `longer-then-run`\n.*longer-than-run",
                 id="rule"),
    pytest.param("rules = 5", r"`rules` is a table", id="no table"),
    pytest.param("[tool.lrdsl.lint.rules.longer-then-run]", r"`rules.longer-then-run`", id="rules"),
    pytest.param("rules.longer-than-run.tolerence = 1", r"`tolerence`.*\n.*tolerance", id="option"),
    pytest.param("rules.longer-than-run.tolerance = 'x'", r"`tolerance`: input should", id="kind"),
    pytest.param("rules.longer-than-run.severity = 'bad'", r"error, warning, hint", id="severity"),
    pytest.param("context.total_steps = 0", r"`context`: `total_steps` must be above 0", id="run"),
    pytest.param("context.definitions = 'no.lr'", r"cannot read definitions", id="no such file"),
    pytest.param("contracts.maximum = 1", r"no contract `maximum`", id="contract"),
    pytest.param("per-file-ignores.'*' = 'x'", r"`per-file-ignores` for '\*' is a list", id="file"),
    pytest.param("select = [", r"is no TOML", id="no TOML"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BAD)
def test_bad_settings_name_the_file_and_the_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SpecError, match=message) as caught:
        project(tmp_path, text)
    assert "LR607" in str(caught.value)
    assert str(tmp_path / "pyproject.toml") in str(caught.value)


def test_no_settings_at_all(tmp_path: Path) -> None:
    assert Project.load(str(tmp_path / "nowhere" / "a.yaml")) == Project.load(str(tmp_path))


def test_options_are_over_the_projects() -> None:
    own = Project(select=("LR8",), ignore=("LR805",), context={"total_steps": 5, "peak": 1})
    over = own.with_options(select=["LR2"], ignore=["LR801"], context={"total_steps": 6})
    assert over.select == ("LR2",)
    assert over.ignore == ("LR805", "LR801")
    assert over.context == {"total_steps": 6, "peak": 1}
    assert own.with_options() == own
    with pytest.raises(SpecError, match="the options: there is no rule `x`"):
        own.with_options(ignore=["x"])
    with pytest.raises(SpecError, match="the options: there is no contract `x`"):
        own.with_options(contracts={"x": 1})


@pytest.mark.parametrize("name", list(CONTRACTS))
def test_a_contract_is_an_option_of_its_rule(name: str) -> None:
    value: object = (0, 1) if name == "bounds" else name == "continuous" or 0.5
    settings = Project().with_options(contracts={name: value}).settings_for("a.yaml")
    assert settings.options == {CONTRACTS[name]: {name: value}}


def test_what_was_found_before_is_not_taken_for_other_settings() -> None:
    file = read_text("a.yaml", LONG)
    own = Project().with_options(select=["LR801"], context={"total_steps": 600})
    assert len(lint_source(file, own)) == 1
    assert len(lint_source(file, own)) == 1
    assert lint_source(file, own.with_options(context={"total_steps": 900})) == []
    assert lint_source(file, own.with_options(ignore=["LR8"])) == []


def test_a_rule_counts_from_when_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SpecError, match="there is no rule `later`"):
        Project().with_options(select=["later"])
    monkeypatch.setitem(RULES._entries, "later", RULES["longer-than-run"])
    assert Project().with_options(select=["later"]).select == ("later",)
