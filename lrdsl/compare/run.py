"""Runs: what is known of each, which is the best, and in which overrides they differ."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from lrdsl.compare.find_runs import RunFolder, find_runs
from lrdsl.compare.hydra_output import HydraOutput, read_hydra_output
from lrdsl.compare.read_log import Columns, Record, Series, read_record
from lrdsl.compare.smoothing import smooth, thin

LOG = "lr.csv"
"""The name of a run's log."""

MAX_POINTS_KEPT = 2_000
"""Points of a series that a run keeps, and two more."""


@dataclass(frozen=True, eq=False)
class Run:
    """A run: its name among those it is compared with, its folder, and what it left there.

    `record` is its log, of a long one the points that a picture shows; `mean_loss` is its loss
    smoothed before, None where the record has all of it. `overrides` are those of Hydra's command
    line, by key, without quotes, `spec` is its schedule and `spec_key` the key of that in the
    config, None where they are not known. `problems` are sentences about what is missing or could
    not be read.
    """

    name: str
    folder: Path
    record: Record = field(default_factory=Record)
    overrides: dict[str, str] = field(default_factory=dict)
    spec: str | None = None
    spec_key: str | None = None
    problems: tuple[str, ...] = ()
    mean_loss: Series | None = None

    @property
    def result(self) -> float | None:
        """The last result that was logged; not a number if the run diverged."""
        return self.record.result

    @cached_property
    def smoothed(self) -> Series:
        """The loss, each the mean over a 40th of the run."""
        return smooth(self.record.loss) if self.mean_loss is None else self.mean_loss

    @property
    def loss(self) -> float | None:
        """The loss at the end, the mean over the last 40th of the run."""
        values = self.smoothed.values
        return float(values[-1]) if len(values) else None

    @property
    def best(self) -> float | None:
        """The lowest such mean at any time; None if there is no number among them."""
        values = self.smoothed.values
        finite = values[np.isfinite(values)]
        return float(finite.min()) if len(finite) else None


def read_runs(
    paths: Iterable[str | os.PathLike[str]], *, file: str = LOG, columns: Columns | None = None
) -> list[Run]:
    """All runs at and under some folders, in the order of their names.

    `file` is the name of the runs' logs, `columns` names the loss and the result in them. A run
    that failed, or whose files are broken, is there with its problems. Raises `SpecError` for a
    path that does not exist.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as sweep:
    ...     for job, result in enumerate([0.5, 0.25]):
    ...         folder = pathlib.Path(sweep, str(job))
    ...         folder.mkdir()
    ...         _ = (folder / "lr.csv").write_text(f"step,lr,loss,result\\n0,1,2,{result}\\n")
    ...     [(run.name, run.result) for run in ranked(read_runs([sweep]))]
    [('1', 0.25), ('0', 0.5)]
    """
    return [_run(found, file, columns) for found in find_runs(paths, file)]


def _run(found: RunFolder, file: str, columns: Columns | None) -> Run:
    if found.log is None:
        record, problems = Record(), [f"there is no {file}"]
    else:
        record = read_record(found.log, columns)
        problems = [f"{found.log.name}: {problem}" for problem in record.problems]
    written = read_hydra_output(found.hydra) if found.hydra else HydraOutput({}, None, None, ())
    problems += written.problems
    loss = smooth(record.loss)
    rates = {name: _shown(rate) for name, rate in record.rates.items()}
    shown = replace(record, rates=rates, loss=_shown(record.loss))
    return Run(found.name, found.folder, shown, *written[:-1], tuple(problems), loss)


def _shown(series: Series) -> Series:
    """The points of a series that are kept: hundreds of long runs would not fit into memory."""
    return thin(series, MAX_POINTS_KEPT)


def ranked(runs: Iterable[Run], *, maximize: bool = False) -> list[Run]:
    """The best run first: by the result, lower is better unless `maximize`.

    Behind them come those without a result by their loss, then those that diverged or have logged
    nothing.
    """

    sign = -1 if maximize else 1

    def key(run: Run) -> tuple[int, float]:
        place, value = (1, run.loss) if run.result is None else (0, sign * run.result)
        return (place, value) if value is not None and math.isfinite(value) else (2, 0.0)

    return sorted(runs, key=key)


def differing(runs: Sequence[Run]) -> list[str]:
    """The keys of the overrides in which runs differ, in the order of the command line.

    Those that are the run's spec are left out.
    """
    keys = dict.fromkeys([key for run in runs for key in run.overrides])
    return [
        key
        for key in keys
        if len({run.overrides.get(key) for run in runs}) > 1
        and any([key in run.overrides and key != run.spec_key for run in runs])
    ]
