"""The pre-commit hooks where pre-commit has installed them: in a venv of their own, by pip."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from venv import create as create_venv

import pytest

from tests.packaging.test_installation import packages, tree  # noqa: F401
from tests.packaging.test_pre_commit_hooks import HOOKS

pytestmark = pytest.mark.slow

HEAVY = ("torch", "hydra", "matplotlib")
"""What no hook may import, whether it is there or not."""

FILES = {
    "good.yaml": "spec: warmup(100) >> cosine(1, 0, 800)\n",
    "train.py": "import lrdsl\nlrdsl.compile('hold( 5 )')\n",
    "page.md": "```lr\nlinear(1, 0, 100)\n```\n",
    "own.lr": "def half( a ) = a / 2\n",
}


class Venv:
    """A venv into which the wheel has been installed."""

    def __init__(self, folder: Path) -> None:
        self.scripts = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
        self.stubs = folder / "stubs"
        for name in HEAVY:
            (self.stubs / name).mkdir(parents=True)
            (self.stubs / name / "__init__.py").write_text(f"raise ImportError('{name} is heavy')")

    def run(self, *command: str, cwd: Path, path: Path | None = None) -> Any:
        """Run one of its commands; `path` goes before what is installed."""
        known = {x: os.environ[x] for x in os.environ if not x.startswith(("PYTHON", "PIP_TARGET"))}
        environment: Mapping[str, str] = {**known, **({"PYTHONPATH": str(path)} if path else {})}
        return subprocess.run(
            [str(self.scripts / command[0]), *command[1:]],
            cwd=cwd, env=environment, capture_output=True, text=True, timeout=900,
        )  # fmt: skip


@pytest.fixture(scope="module")
def venv(packages: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Venv:  # noqa: F811
    folder = tmp_path_factory.mktemp("hooks")
    made = Venv(folder)
    create_venv(folder / "venv", symlinks=os.name != "nt")
    # The pip that is here installs there; nothing is compiled that no hook imports.
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    reached = made.run(*pip, "download", "--no-deps", "-d", "click", "click", cwd=folder)
    if reached.returncode != 0:
        pytest.skip("no package registry can be reached")
    into = ["--python", str(made.scripts / "python"), "install", "--no-compile"]
    done = made.run(*pip, *into, str(packages["wheel"]), cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return made


def test_installing_brings_what_is_needed_and_no_more(venv: Venv, tmp_path: Path) -> None:
    look = "import importlib.util, lrdsl; print(lrdsl.__file__, *[importlib.util.find_spec(x)"
    look += " is not None for x in ('torch', 'matplotlib', 'sklearn')])"
    done = venv.run("python", "-c", look, cwd=tmp_path)
    where, *heavy = done.stdout.split()
    assert Path(where).is_relative_to(venv.scripts.parent), done.stderr
    assert heavy == ["False"] * 3


def test_what_is_heavy_cannot_be_imported(venv: Venv, tmp_path: Path) -> None:
    for name in HEAVY:
        done = venv.run("python", "-c", f"import {name}", cwd=tmp_path, path=venv.stubs)
        assert f"{name} is heavy" in done.stderr


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: str(hook["id"]))
def test_a_hook_runs_there(hook: dict[str, Any], venv: Venv, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    entry = shlex.split(hook["entry"])
    done = venv.run(*entry, *FILES, cwd=tmp_path, path=venv.stubs)
    assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "bad.yaml").write_text("spec: cosine(1, 0,\n")
    done = venv.run(*entry, *FILES, "bad.yaml", cwd=tmp_path, path=venv.stubs)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "bad.yaml:1:" in done.stdout + done.stderr


def test_the_hook_that_formats_has_formatted(venv: Venv, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    done = venv.run("lrdsl", "fmt", *FILES, cwd=tmp_path, path=venv.stubs)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "train.py").read_text() == "import lrdsl\nlrdsl.compile('hold(5)')\n"
    assert (tmp_path / "own.lr").read_text() == "def half(a) = a / 2\n"
