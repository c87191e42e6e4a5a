"""Python programs that tests start: the one way, and what each runs in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import lrdsl


def python(
    *arguments: object, folder: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """How a program ended and what it said: what follows `python` on a command line."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=folder,
        env=surroundings(**environment),
        capture_output=True,
        encoding="utf-8",
        timeout=900,
    )


def surroundings(*folders: Path, **environment: str) -> dict[str, str]:
    """An environment: modules are found in the folders, and lrdsl where this process has it from.

    A program computes on one thread: the networks of tests are small, and cores are shared.
    """
    known = [os.environ["PYTHONPATH"]] if "PYTHONPATH" in os.environ else []
    path = [*map(str, folders), str(Path(lrdsl.__file__).parents[1]), *known]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path),
        "OMP_NUM_THREADS": "1",
        "PYTHONIOENCODING": "utf-8",
        **environment,
    }
