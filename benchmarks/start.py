"""Starting up: a process that imports lrdsl, or runs its commands, beside one that does nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import lrdsl
from benchmarks.rows import Goal, Row, compared
from benchmarks.timing import Contender, Effort, calls, contest

_SPEC = "warmup(linear, 100) >> cosine(1, 1e-3, 800)"
_NOTHING = "python -c pass"


def rows(effort: Effort) -> Iterator[Row]:
    """Processes in turn, their bytecode being cached."""
    contenders = {
        _NOTHING: process("-c", "pass"),
        "lrdsl": process("-c", "import lrdsl"),
        "show": process("-m", "lrdsl", "show", _SPEC),
        "lint": process("-m", "lrdsl", "lint", "-e", _SPEC),
    }
    times = contest(contenders, effort)
    yield compared("start", "import lrdsl", times, _NOTHING, goal=Goal(3))
    for name, what, goal in (("show", "lrdsl show", 0.25), ("lint", "lrdsl lint -e", 0.2)):
        limit = Goal(goal, is_cost=True)
        yield compared("start", what, times, _NOTHING, ours=name, goal=limit)


def process(*arguments: str) -> Contender:
    """A Python process from its start to its end."""
    # What is run first writes the bytecode that the others find, as after an installation.
    hidden = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    home = str(Path(lrdsl.__file__).parent.parent)
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")]))
    command = [sys.executable, *arguments]

    def run() -> None:
        subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)

    return calls(run)
