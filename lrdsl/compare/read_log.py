"""What a run logged: the learning rates, the loss and the result, from a CSV however it ended."""

from __future__ import annotations

import csv
import math
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

STEPS = ("update", "step", "global_step")
"""The columns that count updates, the first of these that is there."""

_RATE = re.compile(r"(?:lr|learning_rate)(?![a-z]).*", re.I | re.S)


class Columns(NamedTuple):
    """The names of the columns that are compared."""

    loss: str = "loss"
    result: str = "result"


class Series(NamedTuple):
    """Values by update, in its order; `values[i]` is that of update `steps[i]`."""

    steps: NDArray[np.float64]
    values: NDArray[np.float64]


NOTHING = Series(np.empty(0), np.empty(0))


@dataclass(frozen=True, eq=False)
class Record:
    """A run's log.

    `rates` are the learning rates by column. `result` is the last one that was written, not a
    number if the run diverged; None if there is none. `updates` counts the updates that have a row.
    `problems` are sentences about what could not be read.
    """

    rates: dict[str, Series] = field(default_factory=dict)
    loss: Series = NOTHING
    result: float | None = None
    updates: int = 0
    problems: tuple[str, ...] = ()


def read_record(path: str | os.PathLike[str], columns: Columns | None = None) -> Record:
    """Read a log: a CSV with a column `update` or `step`, and others for what is known of it.

    Every column whose name is `lr` or begins so, `lr[0]` and `lr-SGD` for example, or with
    `learning_rate`, is a learning rate. Cells may be empty. Where an update has several rows, as
    after a resume, the last value counts. What cannot be read is left out, and said in `problems`:
    the run may have been killed while it wrote, and may still be writing.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "lr.csv")
    ...     _ = path.write_text("step,lr,loss\\n0,0.1,2.5\\n1,0.05,2.25\\n2,0.0")
    ...     record = read_record(path)
    >>> record.loss.values, record.updates
    (array([2.5 , 2.25]), 2)
    >>> record.problems
    ('the last line is unfinished',)
    """
    problems: list[str] = []
    if not os.path.isfile(path):  # to open a pipe would wait for a writer
        return Record(problems=("it is no file",))
    try:
        with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
            return _read(file, columns or Columns(), problems)
    except OSError as error:
        return Record(problems=(f"it cannot be read: {error.strerror or error}",))


def _read(file: TextIO, columns: Columns, problems: list[str]) -> Record:
    reader = csv.reader(_lines(file, problems))
    table = _LogReader([], "", columns)
    bad: list[int] = []
    try:
        header = [cell.strip() for cell in next(reader, [])]
        known = [name.lower() for name in header]
        counter = next((known.index(name) for name in STEPS if name in known), None)
        if counter is None:
            what = "it has no column `step` or `update`" if header else "it is empty"
            return Record(problems=(what, *problems))
        table = _LogReader(header, header[counter], columns)
        for row in reader:
            if row and row != header and not table.take(row):  # a resumed run may repeat the header
                bad.append(reader.line_num)
    except csv.Error as error:
        problems.append(f"line {reader.line_num} and what follows cannot be read: {error}")
    if bad:
        rows = "a row" if len(bad) == 1 else f"{len(bad)} rows"
        problems.insert(0, f"{rows} cannot be read, line {bad[0]}" + " first" * (len(bad) > 1))
    return table.record(problems)


class _LogReader:
    """Values by column and update, as they are read."""

    def __init__(self, header: Sequence[str], counter: str, columns: Columns) -> None:
        self._header = header
        self._counter = counter
        self._columns = columns
        names = [name for name in header if _RATE.fullmatch(name) and name != counter]
        self._rates = [name for name in names if name not in columns]
        wanted = {*self._rates, *columns} & set(header)
        self._found: dict[str, dict[float, float]] = {name: {} for name in wanted}
        self._places = {name: header.index(name) for name in wanted}
        self._updates: set[float] = set()
        self._result: float | None = None

    def take(self, row: Sequence[str]) -> bool:
        """Take a row in; whether all of it could be read."""
        if len(row) != len(self._header):
            return False
        update = _number(row[self._header.index(self._counter)])
        if update is None or not math.isfinite(update):
            return False
        whole = True
        for name, place in self._places.items():
            value = _number(row[place])
            if value is not None:
                self._found[name][update] = value
                if name == self._columns.result:
                    self._result = value
            elif row[place].strip():
                whole = False
        self._updates.add(update)
        return whole

    def record(self, problems: Sequence[str]) -> Record:
        series = {name: _series(values) for name, values in self._found.items()}
        rates = {name: series[name] for name in self._rates if len(series[name].steps)}
        loss = series.get(self._columns.loss, NOTHING)
        return Record(rates, loss, self._result, len(self._updates), tuple(problems))


def _lines(file: TextIO, problems: list[str]) -> Iterator[str]:
    """The lines that are complete: one without an end may lack a part of its last number."""
    for line in file:
        if not line.endswith(("\n", "\r")):
            problems.append("the last line is unfinished")
            return
        yield line.replace("\0", "")


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _series(values: dict[float, float]) -> Series:
    steps = np.array(sorted(values), dtype=np.float64)
    return Series(steps, np.array([values[step] for step in steps.tolist()], dtype=np.float64))
