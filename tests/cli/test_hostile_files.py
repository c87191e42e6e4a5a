"""Files that somebody else has prepared: no command hangs, leaks, or writes where it should not."""

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from lrdsl.cli.main import cli
from tests.support.full_disk import room

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files and limits")

SECRET = "hunter2(1) >> hold"


def call(*arguments, stdin=None):
    done = CliRunner().invoke(cli, [str(each) for each in arguments], input=stdin)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project with a config in `conf`, and a secret outside of it."""
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "secret.yaml").write_text(f"lr:   {SECRET}\n")
    project = tmp_path / "project"
    (project / "conf").mkdir(parents=True)
    monkeypatch.chdir(project)
    return project


DEFINITIONS = {
    "pipe": lambda path: os.mkfifo(path),
    "endless": lambda path: path.symlink_to("/dev/zero"),
    "terminal": lambda path: path.symlink_to("/dev/tty"),
    "sparse": lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 2**40),
    "secret": lambda path: path.symlink_to(path.parents[2] / "secret"),
    "twice": lambda path: (path.with_name("y.lr").symlink_to(path.parents[2] / "secret"),
                           path.symlink_to("y.lr")),
    "folder": os.mkdir,
}  # fmt: skip


@pytest.mark.parametrize("make", DEFINITIONS.values(), ids=DEFINITIONS)
def test_definitions_that_a_config_names(folder, make):
    make(folder / "conf" / "x.lr")
    (folder / "conf" / "a.yaml").write_text("definitions: x.lr\nlr: cosine(1, 0, 9)\n")
    for done in (
        call("lint", "conf"),
        call("lint", "conf/a.yaml"),
        call("fmt", "conf"),
        call("show", "cosine(1, 0, 9)", "--library", "conf/x.lr"),
        call("lint", "-e", "hold()", "--library", "conf/x.lr"),
    ):
        assert "hunter2" not in done.output


@pytest.mark.parametrize("make", DEFINITIONS.values(), ids=DEFINITIONS)
def test_definitions_that_a_project_names(folder, make):
    make(folder / "conf" / "x.lr")
    text = '[tool.lrdsl.lint.context]\ndefinitions = "conf/x.lr"\n'
    (folder / "pyproject.toml").write_text(text)
    done = call("lint", "-e", "hold()")
    assert (done.exit_code, "cannot read definitions from" in done.output) == (2, True)
    assert "hunter2" not in done.output


@pytest.mark.parametrize("name", ['"a\\0.lr"', '"a\\uD83D\\uDE00\\0/.lr"', '"\\x01\\0.lr"'])
def test_names_that_no_file_has(folder, name):
    (folder / "conf" / "a.yaml").write_text(f"definitions: {name}\nlr: cosin(1, 0, 9)\n")
    done = call("lint", "conf")
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[[[[" * 20_000, id="deep"),
        pytest.param("a = " + "1" * 10_000, id="digits"),
        pytest.param("a = 2020-99-99", id="a date"),
        pytest.param("[tool.lrdsl]\nlint = 3", id="no table"),
        pytest.param("[tool.lrdsl.lint.context]\ntotal_steps = [1]", id="a list"),
        pytest.param("[tool.lrdsl.lint.context]\n'a b' = 1", id="no name"),
        pytest.param("[tool.lrdsl.lint.context]\nbase_lr = inf", id="infinite"),
        pytest.param("[tool.lrdsl.lint.contracts]\nbounds = ['a']", id="no bounds"),
        pytest.param("[tool.lrdsl.lint.rules.joint-jump]\nratio = {a = 1}", id="no number"),
        pytest.param("[tool.lrdsl.lint.context.definitions]\na = 1", id="no definitions"),
    ],
)
def test_settings_that_are_none(folder, text):
    (folder / "pyproject.toml").write_text(f"# lrdsl\n{text}\n")
    done = call("lint", "-e", "hold()")
    assert (done.exit_code, "pyproject.toml" in done.output) == (2, True)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a0: &a0 [hold(1)]\n"
                     + "".join([f"a{i + 1}: &a{i + 1} [{', '.join([f'*a{i}'] * 6)}]\n"
                                for i in range(30)]) + "spec: *a30\n", id="aliases"),
        pytest.param("a0: &a0 {k: 1}\n"
                     + "".join([f"a{i + 1}: &a{i + 1} {{<<: [{', '.join([f'*a{i}'] * 9)}]}}\n"
                                for i in range(30)]) + "spec: *a30\n", id="merges"),
        pytest.param("spec: &a [*a]\n", id="in itself"),
        pytest.param("spec: " + "[" * 3000, id="deep"),
        pytest.param("spec: " + "9" * 9000, id="digits"),
        pytest.param("spec: 2020-99-99", id="a date"),
        pytest.param("spec: !!bool perhaps", id="no bool"),
        pytest.param("spec: !!timestamp soon", id="no date"),
        pytest.param("spec: !!int ''", id="no number"),
        pytest.param("spec: !!python/object/apply:os.system [exit]", id="a command"),
    ],
)  # fmt: skip
def test_yaml_that_is_no_schedule(folder, text):
    (folder / "a.yaml").write_text(text)
    for form in ("text", "yaml"):
        done = call("convert", "a.yaml", "--to", form)
        assert done.exit_code in (0, 1, 2)
    for command in ("lint", "fmt"):
        assert "Traceback" not in call(command, "a.yaml").output


def test_an_error_of_yaml_shows_no_line_of_the_file(folder):
    (folder / "a.yaml").write_text("hunter2: [\n")
    assert "hunter2" not in call("convert", "a.yaml", "--to", "text").output
    assert "hunter2" not in call("lint", "a.yaml").output


def test_standard_input_has_an_end():
    command = [sys.executable, "-m", "lrdsl", "lint", "-"]
    with open("/dev/zero", "rb") as endless:
        done = subprocess.run(command, stdin=endless, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "standard input: this has more than 10 MB" in done.stderr) == (2, True)


# Links


@pytest.mark.parametrize("command", [["fmt"], ["lint", "--fix"], ["fmt", "--check"]])
@pytest.mark.parametrize("how", ["a file", "a folder", "a link to a link"])
def test_links_out_of_a_folder_are_left_alone(folder, command, how):
    text = "lr:   cosine( 0.1,0,9 ) * 1\n"
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "a.yaml").write_text(text)
    if how == "a folder":
        (folder / "conf" / "more").symlink_to(outside)
    else:
        target = outside / "a.yaml"
        if how != "a file":
            (folder / "b.yaml").symlink_to(target)
            target = folder / "b.yaml"
        (folder / "conf" / "a.yaml").symlink_to(target)
    done = call(*command, "conf")
    assert (outside / "a.yaml").read_text() == text
    assert "leads out of the folders that were named" in done.output
    # Named themselves, as a link or by a folder around them, they are meant.
    call("fmt", "conf", outside)
    assert (outside / "a.yaml").read_text() != text


def test_a_link_that_is_named_is_followed(folder):
    target, link = folder.parent / "a.yaml", folder / "conf" / "b.yaml"
    target.write_text("lr:   cosine( 1,0,9 )\n")
    link.symlink_to(target)
    assert call("fmt", "conf", "conf/b.yaml").exit_code == 0
    assert (target.read_text(), link.is_symlink()) == ("lr:   cosine(1, 0, 9)\n", True)


def test_links_within_the_folder_are_followed(folder):
    (folder / "conf" / "a.yaml").write_text("lr:   cosine( 1,0,9 )\n")
    (folder / "conf" / "b.yaml").symlink_to("a.yaml")
    assert call("fmt", "conf").exit_code == 0
    assert (folder / "conf" / "a.yaml").read_text() == "lr:   cosine(1, 0, 9)\n"


# Full disks and closed streams


@pytest.mark.parametrize("before", [None, b"old"])
@pytest.mark.parametrize("form", ["svg", "png", "pdf"])
def test_a_picture_on_a_full_disk(folder, before, form):
    pytest.importorskip("matplotlib")
    target = folder / f"lr.{form}"
    if before:
        target.write_bytes(before)
    with room(100):
        done = call("plot", "cosine(1, 0, 9)", "-o", target)
    assert (done.exit_code, "File too large" in done.output) == (2, True)
    assert [each.read_bytes() for each in folder.glob("*.*")] == ([before] if before else [])


@pytest.mark.parametrize("command", [["fmt"], ["lint", "--fix"]])
def test_a_config_on_a_full_disk(folder, command):
    text = "lr: cosine(1,0,9) | repeat(1)  # " + "x" * 60 + "\nlr2: hold() * 2\n"
    (folder / "conf" / "a.yaml").write_text(text[:99])
    before = (folder / "conf" / "a.yaml").read_bytes()
    with room(5):
        call(*command, "conf")
    assert (folder / "conf" / "a.yaml").read_bytes() == before
    assert os.listdir("conf") == ["a.yaml"]


@pytest.mark.parametrize(
    "command", [["shapes"], ["show", "constant(1, 5)"]], ids=["shapes", "show"]
)
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(command, closed):
    line = " ".join([sys.executable, "-m", "lrdsl", *[f"'{each}'" for each in command], closed])
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr
    assert done.returncode == (2 if ">&-" in closed.replace("2>&-", "") else 0)


# A cache that others chose


@pytest.mark.parametrize("home", ["cache", "./cache", "~/cache", ""])
def test_a_relative_cache_counts_as_none(folder, monkeypatch, home):
    from lrdsl.util.resources import private_cache

    monkeypatch.setenv("XDG_CACHE_HOME", home)
    monkeypatch.setenv("HOME", str(folder / "home"))
    assert private_cache("a") == folder / "home" / ".cache" / "lrdsl" / "a"
    assert not (folder / "cache").exists()
