"""Comparing runs: their logs read, smoothed and ranked, beside polars that only reads the files."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.rows import Goal, Row, compared
from benchmarks.timing import Effort, Spread, calls, contest
from lrdsl.compare import Run, ranked, read_runs

RUNS, ROWS = 500, 10**5
POLARS = "polars reading the files"
_MOST = 500 * 10**6

_MEMORY = """
import resource, sys
from benchmarks.compare import compare
compare(sys.argv[1])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def rows(effort: Effort) -> Iterator[Row]:
    """The time of some runs, and the memory of all of them, which are links to one file."""
    what = f"{RUNS} runs of 10^5 rows compared"
    with tempfile.TemporaryDirectory() as folder:
        sample = max(2, RUNS // effort.sample // effort.size)
        files = _written(Path(folder, "some"), sample, ROWS // effort.size)
        try:
            import polars
        except ImportError as error:
            yield Row("compare", what, POLARS, missing=str(error))
        else:
            contenders = {
                "lrdsl": calls(lambda: compare(f"{folder}/some"), units=sample),
                POLARS: calls(lambda: [polars.read_csv(file) for file in files], units=sample),
            }
            times = contest(contenders, effort.but(rounds=5))
            yield compared("compare", what, times, POLARS, count=RUNS, goal=Goal(3))
        _written(Path(folder, "all"), max(2, RUNS // effort.size), ROWS // effort.size)
        yield _memory(f"{folder}/all")


def compare(folder: str) -> list[Run]:
    """All that the table of `lrdsl compare` needs."""
    found = ranked(read_runs([folder]))
    for run in found:
        _ = run.loss, run.best
    return found


def _written(folder: Path, runs: int, rows: int) -> list[Path]:
    """The logs of some runs: all of them the same."""
    rng = np.random.default_rng(0)
    lr, loss = rng.random(rows).tolist(), rng.random(rows).tolist()
    lines = [f"{i},{rate},{each}\n" for i, (rate, each) in enumerate(zip(lr, loss, strict=True))]
    files = [folder / f"{run:03}" / "lr.csv" for run in range(runs)]
    for file in files:
        file.parent.mkdir(parents=True)
        if file is files[0]:
            file.write_text(f"step,lr,loss\n{''.join(lines)}", encoding="utf-8")
        else:
            os.link(files[0], file)
    return files


def _memory(folder: str) -> Row:
    """The most memory of a process that compares all runs."""
    command = [sys.executable, "-W", "ignore", "-c", _MEMORY, folder]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    held, most = 1024.0 * int(done.stdout), float(_MOST)
    costs, beside, ratio = [Spread.of([each]) for each in (held, most, held / most)]
    what = f"memory of a process that compares {RUNS} runs"
    return Row("compare", what, "500 MB", costs, beside, ratio, unit="B", goal=Goal(1))
