"""`lint` and `fmt` of folders: other people's files, what git ignores, whose texts are changed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lrdsl.cli.main import cli


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, prog_name="lrdsl")


@pytest.fixture(autouse=True)
def _in_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".git").mkdir()


def write(name: str, text: str | bytes) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


JINJA = '{% set version = "1.0" %}\npackage:\n  name: {{ name }}\n  version: {{ version }}\n'
FOREIGN = {
    "meta.yaml": JINJA,
    "chart/templates/x.yml": "{{- if .Values.on }}\na: b\n{{- end }}\n",
    "latin.yaml": "name: Müller\n".encode("latin-1"),
    "binary.py": b"\x80\x81\x00\xff" * 9,
    "tabs.yaml": "a:\n\t- b\n",
}


@pytest.mark.parametrize("command", ["lint", "fmt"])
@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_file_costs_a_note(command: str, name: str) -> None:
    write(name, FOREIGN[name])
    done = call(command, ".")
    assert done.exit_code == 0, done.output
    assert done.stderr.replace("./", "").startswith(f"Note: {name}: ")
    assert call(command, name).exit_code == 2, "one that is named is asked for"


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own there")
@pytest.mark.parametrize("command", ["lint", "fmt"])
def test_a_broken_link_costs_a_note(command: str) -> None:
    os.symlink("nowhere.yaml", "a.yaml")
    os.symlink("..", "up")
    assert call(command, ".").exit_code == 0
    assert call(command, "a.yaml").exit_code == 2


@pytest.mark.parametrize("command", ["lint", "fmt"])
def test_a_broken_file_with_a_schedule_is_an_error(command: str) -> None:
    write("conf/a.yaml", "lr: cosine(1, 0, 9)\nb: [\n")
    done = call(command, ".")
    assert done.exit_code == 2
    assert done.stderr.replace("./", "").startswith("Error: conf/a.yaml: this is no YAML")


BAD = "lr: cosin(1, 0, 9)\n"


@pytest.mark.parametrize(
    ("ignored", "path"),
    [
        ("build/\n", "build/lib/a.yaml"),
        ("/out\n", "out/a.yaml"),
        ("*.gen.yaml\n", "deep/down/a.gen.yaml"),
        ("runs/**/config.yaml\n", "runs/1/2/config.yaml"),
        ("# nothing\n\nvenv*\n", "venv3.11/lib/x.py"),
        ("conf/*\n!conf/keep.yaml\n", "conf/a.yaml"),
    ],
)
def test_what_git_ignores_is_left_out(ignored: str, path: str) -> None:
    pytest.importorskip("pathspec", reason="the extra `lint` is not installed")
    write(".gitignore", ignored)
    text = "import lrdsl\nlrdsl.compile('cosin(1)')\n" if path.endswith(".py") else BAD
    write(path, text)
    write("conf/keep.yaml", BAD)
    found = call("lint", ".")
    assert "1 error in 1 file" in found.stdout
    assert "conf/keep.yaml:1:5" in found.stdout
    assert f"{path}:" in call("lint", path).stdout, "what is named is linted"


def test_ignore_files_of_folders_inside_and_above_count() -> None:
    pytest.importorskip("pathspec", reason="the extra `lint` is not installed")
    write(".gitignore", "gen\n")
    write("app/.gitignore", "out/\n!gen\n")
    for name in ("app/a.yaml", "app/out/b.yaml", "app/gen/c.yaml", "gen/d.yaml"):
        write(name, BAD)
    found = call("lint", ".").stdout
    assert [name for name in ("a", "b", "c", "d") if f"/{name}.yaml:1:5" in found] == ["a", "c"]
    assert "2 errors in 2 files" in call("lint", "app").stdout


def test_without_pathspec_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pathspec", None)
    write(".gitignore", "build/\n")
    write("build/a.yaml", BAD)
    done = call("lint", ".")
    assert done.exit_code == 1
    assert done.stderr == (
        "Note: `.gitignore` is not honoured, as pathspec is not installed:"
        " `pip install 'lrdsl[lint]'`\n"
    )


DRQ = "stddev_schedule: 'linear(1.0,0.1,100000)'\n"
LOOSE = "linear( 1.0,0.1,100000 )"


@pytest.mark.parametrize(
    ("name", "text", "changes"),
    [
        pytest.param("cfg.yaml", DRQ, False, id="another small language"),
        pytest.param("cfg.yaml", f"lr: {LOOSE}\n", False, id="under lr, of whom?"),
        pytest.param("cfg.yaml", "task: step(1,0.5,3)\n", False, id="elsewhere"),
        pytest.param("cfg.yaml", f"lr: {LOOSE}\n# for lrdsl\n", True, id="the file names lrdsl"),
        pytest.param(
            "cfg.yaml", f"{DRQ}s: {{_target_: lrdsl.compile, spec: hold(1)}}\n", False,
            id="only what an object of lrdsl takes",
        ),
        pytest.param(
            "cfg.yaml", f"s: {{_target_: lrdsl.compile, spec: '{LOOSE}'}}\n", True, id="taken"
        ),
        pytest.param("schedule/mine.yaml", f"spec: {LOOSE}\n", True, id="the group schedule"),
        pytest.param("a.lr", "def f(x)=x\n", True, id="a library"),
        pytest.param("a.md", f"```lr\n{LOOSE}\n```\n", True, id="a page"),
        pytest.param("a.py", f"import lrdsl\nlrdsl.compile('{LOOSE}')\n", True, id="a script"),
    ],
)  # fmt: skip
def test_fmt_of_a_folder_changes_what_lrdsl_reads(name: str, text: str, changes: bool) -> None:
    path = write(name, text)
    assert call("fmt", ".").exit_code == 0
    assert (path.read_text(encoding="utf-8") != text) is changes
    if not changes:
        assert call("fmt", "--check", ".").exit_code == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", "[project]\ndependencies = ['lrdsl']\n"),
        ("pyproject.toml", "[tool.lrdsl.lint]\n"),
        ("requirements-dev.txt", "torch\nlrdsl==0.1\n"),
        ("train.py", "import lrdsl.torch\n"),
    ],
)
def test_a_project_that_uses_lrdsl(name: str, text: str) -> None:
    write(name, text)
    path = write("conf/a/b.yaml", f"lr: {LOOSE}\n{DRQ}")
    assert call("fmt", "conf").exit_code == 0
    assert path.read_text(encoding="utf-8") == f"lr: linear(1.0, 0.1, 100000)\n{DRQ}"


def test_a_file_that_is_named_is_changed() -> None:
    path = write("a.yaml", DRQ)
    call("fmt", "a.yaml")
    assert path.read_text(encoding="utf-8") == DRQ.replace(",", ", ")


def test_fix_of_a_folder_changes_what_lrdsl_reads() -> None:
    text = "stddev_schedule: linear(1.0,0.1,100) * 1\n"
    path = write("a.yaml", text)
    mine = write("b.yaml", "lr: linear(1, 0, 100) | stretch(1)  # lrdsl\n")
    call("lint", "--fix", ".")
    assert path.read_text(encoding="utf-8") == text
    assert mine.read_text(encoding="utf-8") == "lr: linear(1, 0, 100)  # lrdsl\n"
