"""Python programs that find torch and its like imported: most of what a short one takes is that.

A server imports them once, and each program begins as a fork of it.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import runpy
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.support.processes import python, surroundings

Kill = tuple[int, str]
"""The update in which a process kills itself, and the moment."""

_IMPORTED = [
    "pytest",
    "torch",
    "torch._dynamo",  # the first update of an optimizer imports it, for two seconds
    "hydra",
    "sklearn.datasets",
    "matplotlib.figure",
    "lrdsl.torch",
]


def process(target: Callable[..., None], *arguments: object) -> Any:
    """A process of its own in which a function of a module is called, not yet started."""
    context: Any = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED)
    return context.Process(target=target, args=arguments)


needs_kill = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nothing kills -9 here")


def kill_each(train: Callable[..., None], folder: Path, clock: str, kills: Iterable[Kill]) -> None:
    """Train in a process of its own for each kill, an update and a moment, at which it ends."""
    for kill in kills:
        run = process(train, folder, clock, kill)
        run.start()
        run.join(900)
        assert run.exitcode == -signal.SIGKILL, kill


def warm_python(
    script: str, *arguments: str, folder: Path, is_merged: bool = False, **environment: str
) -> CompletedProcess[str]:
    """How a script ended and what it said, as `processes.python` tells it.

    `is_merged`: both outputs are one, in the order in which they were written.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        done = python(script, *arguments, folder=folder, **environment)
        done.stdout += done.stderr if is_merged else ""
        return done
    with tempfile.TemporaryDirectory() as said:
        out, err = Path(said, "out"), Path(said, "out" if is_merged else "err")
        line = [script, *arguments]
        run = process(_run, line, folder, surroundings(**environment), out, err)
        run.start()
        run.join(900)
        run.kill()
        run.join()
        texts = [path.read_text(encoding="utf-8") for path in (out, err)]
    assert run.exitcode is not None
    return CompletedProcess(line, run.exitcode, *texts)


def _run(line: list[str], folder: Path, environment: dict[str, str], *said: Path) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in enumerate(said, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w"), encoding="utf-8", line_buffering=True)
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w"), encoding="utf-8", line_buffering=True)
    if "torch" in sys.modules:  # which has read OMP_NUM_THREADS of the server
        sys.modules["torch"].set_num_threads(1)
    sys.argv = line
    sys.path.insert(0, str(Path(line[0]).resolve().parent))
    runpy.run_path(line[0], run_name="__main__")
