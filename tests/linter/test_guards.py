"""Code that ends processes, files that change while they are read or cannot be read at all."""

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import lrdsl
from lrdsl.cli.main import cli
from lrdsl.linter.rule import RULES
from lrdsl.shapes import Shape, Value
from lrdsl.util import guarded_read

TYPED = "cosin(1, 0, 9)"


ERRORS: list[BaseException] = []


class Ending(Shape):
    """A shape that raises what it is told to, from some update on."""

    at: Value = 0.0

    def values(self, t: object, xp: object) -> object:
        times = np.asarray(t)
        if times[-1] >= self.at:
            raise ERRORS[-1]
        return times * 0.0


class Cancelled(BaseException):
    """An exception by which a framework stops all that runs."""


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lrdsl.shape(name="ending")(Ending)


def lint(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["lint", *arguments], prog_name="lrdsl")


FAILURES = [
    pytest.param(SystemExit(0), id="exit 0"),
    pytest.param(SystemExit("bye"), id="exit with words"),
    pytest.param(GeneratorExit(), id="the end of a generator"),
    pytest.param(StopIteration(), id="the end of an iterator"),
    pytest.param(MemoryError(), id="no memory"),
]
PASSING = [
    pytest.param(KeyboardInterrupt(), id="ctrl-c"),
    pytest.param(Cancelled(), id="another library's"),
]
WHERE = [pytest.param(0, id="at once"), pytest.param(50, id="far away")]


@pytest.mark.parametrize("error", FAILURES)
@pytest.mark.parametrize("at", WHERE)
def test_a_failure_of_code_ends_no_lint(error: BaseException, at: int) -> None:
    ERRORS.append(error)
    text = f"total_steps: 100\na_lr: ending({at}) >> hold()\nb_lr: {TYPED}\nc_lr: ending({at})\n"
    Path("a.yaml").write_text(text.replace(" >> hold()", ""))
    Path("b.yaml").write_text(f"lr: {TYPED}\n")
    done = lint(".")
    assert done.exit_code == 1
    assert done.output.count("LR201") == 2
    assert type(error).__name__ in done.output or "LR404" in done.output
    found = lrdsl.lint(f"ending({at}) >> {TYPED}", total_steps=100)
    assert found


@pytest.mark.parametrize("error", PASSING)
@pytest.mark.parametrize("at", WHERE)
def test_what_stops_everything_stops_a_lint(error: BaseException, at: int) -> None:
    ERRORS.append(error)
    with pytest.raises(type(error)):
        lrdsl.lint(f"ending({at})", total_steps=100)


@pytest.mark.parametrize("error", [*FAILURES, *PASSING])
def test_a_rule_that_raises(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(RULES["joint-jump"], "check", fail)
    spec = "warmup(5) >> cosine(1, 0, 9)"
    if isinstance(error, (KeyboardInterrupt, Cancelled)):
        with pytest.raises(type(error)):
            lrdsl.lint(spec, total_steps=12, base_lr=1)
    else:
        names = [each.name for each in lrdsl.lint(spec, total_steps=12, base_lr=1)]
        assert "longer-than-run" in names
        assert len(names) > 1


def replaced(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def grown(path: Path) -> None:
    with path.open("ab") as file:
        file.truncate(guarded_read.MAX_FILE_BYTES + 1)


CHANGES: dict[str, tuple[Callable[[Path], object], int]] = {
    "it vanishes": (lambda path: path.unlink(), 2),
    "it becomes a pipe": (replaced, 2),
    "it becomes a folder": (lambda path: (path.unlink(), path.mkdir()), 2),
    "it becomes another file": (lambda path: path.write_text(f"lr: {TYPED}\n"), 1),
    "it becomes empty": (lambda path: path.write_text(""), 1),
    "it grows beyond all": (grown, 2),
    "it becomes half a character": (lambda path: path.write_bytes(b"lr: \xc3"), 2),
}


@pytest.mark.skipif(os.name == "nt", reason="open files cannot be replaced, and there are no pipes")
@pytest.mark.parametrize("when", ["found", "looked at"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes(change: str, when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = Path("a.yaml")
    victim.write_text("lr: cosine(1, 0, 9)\n")
    Path("b.yaml").write_text(f"lr: {TYPED}\n")
    act, code = CHANGES[change]
    name = "open_guarded" if when == "found" else "_check"
    genuine, left = getattr(guarded_read, name), [victim]

    def changed(*given: object, **options: object) -> object:
        about = os.fspath(given[0]) if when == "found" else "a.yaml"
        result = genuine(*given, **options) if when == "looked at" else None
        if left and str(about).endswith("a.yaml"):
            act(left.pop())
        return genuine(*given, **options) if when == "found" else result

    monkeypatch.setattr(guarded_read, name, changed)
    before = time.process_time()
    done = lint("a.yaml", "b.yaml")
    assert (done.exit_code, "b.yaml:1:5: error[LR201]" in done.stdout) == (code, True)
    assert done.stderr.count("Error: a.yaml: ") == (code == 2)
    assert "lrdsl fails" not in done.output
    assert time.process_time() - before < 2


PLACES = {
    "a file": ("a.yaml", ["a.yaml", "b.yaml"], 2),
    "a file in a folder": ("a.yaml", ["."], 1),  # which may well be no business of lrdsl's
    "a folder": ("d", ["d", "b.yaml"], 2),
    "a folder in a folder": ("d", ["."], 2),
    "definitions": ("x.lr", ["c.yaml", "b.yaml"], 1),
    "a library": ("x.lr", ["--library", "x.lr", "b.yaml"], 2),
    "settings": ("pyproject.toml", ["b.yaml"], 2),
}


@pytest.mark.parametrize("way", ["chmod", "refused"])
@pytest.mark.parametrize("place", PLACES)
def test_a_file_that_may_not_be_read(
    place: str, way: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    name, arguments, code = PLACES[place]
    Path("d").mkdir()
    for each in ("a.yaml", "b.yaml", "d/e.yaml"):
        Path(each).write_text(f"lr: {TYPED}\n")
    Path("c.yaml").write_text("lr: {spec: f(1), definitions: x.lr}\n")
    Path("x.lr").write_text("def f(x) = x\n")
    if place == "settings":
        Path(name).write_text("[tool.lrdsl.lint]\nignore = ['LR8']\n")
    if way == "chmod":
        mode = os.stat(name).st_mode
        request.addfinalizer(lambda: os.chmod(name, mode))
        os.chmod(name, 0)
        if os.access(name, os.R_OK) or os.name == "nt":
            pytest.skip("permissions do not keep this user from reading")
    else:
        refuse(name, monkeypatch)
    done = lint(*arguments)
    assert isinstance(done.exception, (SystemExit, type(None))), done.exception
    assert done.exit_code == code
    said = " ".join(done.stderr.split()).lower()
    assert ("permission denied" in said) == (place != "definitions")
    if place not in ("a library", "settings"):  # without these nothing is linted
        assert "b.yaml:1:5: error[LR201]" in done.stdout


def refuse(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every way to open a file fail for one name, as it does without permission."""

    def guarded(genuine: Callable[..., object]) -> Callable[..., object]:
        def opened(path: object, *given: object, **options: object) -> object:
            if isinstance(path, (str, os.PathLike)) and os.path.basename(os.fspath(path)) == name:
                raise PermissionError(13, "Permission denied", os.fspath(path))
            return genuine(path, *given, **options)

        return opened

    for function in ("open", "scandir", "listdir"):
        monkeypatch.setattr(os, function, guarded(getattr(os, function)))


def test_the_mode_of_a_file_is_not_changed() -> None:
    Path("a.yaml").write_text("lr: 1 * cosine(1, 0, 9)\n")
    os.chmod("a.yaml", 0o640)
    assert lint("--fix", "a.yaml").exit_code == 0
    assert stat.S_IMODE(os.stat("a.yaml").st_mode) in (0o640, 0o666)
