"""The one-word commands of a contributor: `nox -s lint`, or `nox` alone for a list of them.

They run in the environment that nox itself is installed in, so that they start at once; only those
that ask a package index, `pins` and `newest`, make environments of their own. What follows `--` is
passed on: `nox -s test -- tests/cli -x`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nox

nox.options.sessions = []  # `nox` alone lists the sessions
nox.options.default_venv_backend = "none"

_SCRIPTS = Path(sys.executable).parent
_FAST = ("-m", "not process and not training and not slow")
_SLOW_FOLDERS = ("--ignore=tests/examples", "--ignore=tests/trainers")
"""Folders whose tests train; even to import their libraries takes seconds."""

_OLDEST = "3.10"
"""The oldest Python of `requires-python`: the pins hold from it on."""

_PINS = {
    "constraints.txt": ("bench", "dev", "peers"),
    # Ray pins other packages down, so that it has a set of its own.
    "constraints-ray.txt": ("dev", "peers", "ray"),
}
"""The files of pinned versions, with the extras that each covers."""


def _run(session: nox.Session, tool: str, *arguments: str, **environment: str) -> None:
    session.run(str(_SCRIPTS / tool), *arguments, external=True, env=environment)


@nox.session
def fix(session: nox.Session) -> None:
    """Format the code and the specs, and apply the fixes that linters have."""
    _run(session, "ruff", "check", "--fix", *(session.posargs or ["."]))
    _run(session, "ruff", "format", *(session.posargs or ["."]))
    _run(session, "lrdsl", "fmt", *(session.posargs or ["conf", "examples"]))


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format, the layers of imports, and the specs of the repository."""
    _run(session, "ruff", "check", ".")
    _run(session, "ruff", "format", "--check", ".")
    _run(session, "lint-imports")
    _run(session, "lrdsl", "lint", "README.md", "conf", "docs", "examples", "lrdsl")
    _run(session, "lrdsl", "fmt", "--check", "conf", "examples")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types, strictly."""
    _run(session, "mypy", *session.posargs)


@nox.session
def test(session: nox.Session) -> None:
    """Run all tests."""
    _run(session, "pytest", *session.posargs)


@nox.session(name="test-fast")
def test_fast(session: nox.Session) -> None:
    """Run the tests that start no process and train nothing, with few examples each."""
    _run(session, "pytest", *_FAST, *_SLOW_FOLDERS, *session.posargs, HYPOTHESIS_PROFILE="fast")


@nox.session
def docs(session: nox.Session) -> None:
    """Write the pages that are generated from the code; with `-- --check` only compare them."""
    _run(session, "python", "-m", "lrdsl.docsgen", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure what lrdsl costs beside its peers."""
    _run(session, "python", "-m", "benchmarks", *session.posargs)


@nox.session(venv_backend="venv")
def pins(session: nox.Session) -> None:
    """Renew the pinned versions, for all supported Pythons and platforms."""
    session.install("uv")
    for file, extras in _PINS.items():
        session.run(
            "uv", "pip", "compile", "pyproject.toml", "--output-file", file, "--upgrade",
            "--universal", "--python-version", _OLDEST, "--no-annotate", "--no-emit-index-url",
            "--custom-compile-command", "nox -s pins", "--quiet",
            *[f"--extra={extra}" for extra in extras],
        )  # fmt: skip


@nox.session(venv_backend="venv")
def newest(session: nox.Session) -> None:
    """Run all tests against the newest release of everything, whatever is pinned."""
    session.install("--upgrade", "--upgrade-strategy", "eager", "-e", ".[dev,peers]")
    session.run("pytest", *session.posargs, env={"LRDSL_REQUIRE_PEERS": "1"})
