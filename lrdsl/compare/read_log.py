"""The log of a run: learning rates, loss and result, from a CSV that may break off anywhere."""

from __future__ import annotations

import csv
import math
import os
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import TextIOWrapper
from typing import NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from lrdsl.compare.parse_columns import parse_columns
from lrdsl.util.guarded_read import CannotRead, open_guarded

STEPS = ("update", "step", "global_step")
"""The columns that count updates, the first of these that is there."""

MAX_LOG_BYTES = 2**32
"""The size of the largest log that is read, row by row."""

MAX_AT_ONCE = 2**26
"""The size of the largest log that is read at once."""

MAX_LINE = 2**20
"""Characters of the longest line that is read."""

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
    columns = columns or Columns()
    try:
        with open_guarded(path, MAX_LOG_BYTES) as binary:
            content = binary.read(MAX_AT_ONCE + 1) or b""
            found = _read_at_once(content, columns) if len(content) <= MAX_AT_ONCE else None
            if found is not None:
                return found
            del content
            binary.seek(0)
            with TextIOWrapper(binary, "utf-8-sig", "replace", newline="") as file:
                return _read_row_by_row(file, columns)
    except CannotRead as error:
        return Record(problems=(f"it cannot be read: {error.why}",))
    except OSError as error:
        return Record(problems=(f"it cannot be read: {error.strerror or error}",))


class _Layout(NamedTuple):
    """The columns of a log: which one counts updates, which are rates, and where they stand."""

    counter: int
    rates: list[str]
    places: dict[str, int]


def _layout(header: list[str], columns: Columns) -> _Layout | None:
    """The layout of a log; None where no column counts updates."""
    known = [name.lower() for name in header]
    counter = next((known.index(name) for name in STEPS if name in known), None)
    if counter is None:
        return None
    taken = (header[counter], *columns)
    rates = [name for name in header if _RATE.fullmatch(name) and name not in taken]
    places = {name: header.index(name) for name in (*rates, *columns) if name in header}
    return _Layout(counter, rates, places)


def _read_at_once(content: bytes, columns: Columns) -> Record | None:
    """The record of a log without a fault but an unfinished last line; None of another."""
    content = content.removeprefix(BOM_UTF8)
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n")
    end, start = content.rfind(b"\n") + 1, content.find(b"\n") + 1
    if len(content) - end >= MAX_LINE:
        return None
    header = [
        cell.strip() for cell in content[: max(start - 1, 0)].decode(errors="replace").split(",")
    ]
    layout = _layout(header, columns)
    if layout is None:
        return None
    places = [layout.counter, *layout.places.values()]
    found = parse_columns(content[start:end], len(header), places, MAX_LINE)
    if found is None or not (found[0].is_there & np.isfinite(found[0].values)).all():
        return None
    updates, series = found[0].values, {}
    for name, (values, is_there) in zip(layout.places, found[1:], strict=True):
        all_there = bool(is_there.all())
        of, values = (updates, values) if all_there else (updates[is_there], values[is_there])
        series[name] = Series(of, values) if _ascend(of) else _sorted(of, values)
    results = [found[1:][i] for i, name in enumerate(layout.places) if name == columns.result]
    written = [values[is_there] for values, is_there in results]
    result = float(written[0][-1]) if written and len(written[0]) else None
    count = len(updates) if _ascend(updates) else len(np.unique(updates))
    problems = ("the last line is unfinished",) if end < len(content) else ()
    return _record(layout, series, columns, result, count, problems)


def _ascend(steps: NDArray[np.float64]) -> bool:
    return bool((steps[1:] > steps[:-1]).all())


def _sorted(steps: NDArray[np.float64], values: NDArray[np.float64]) -> Series:
    """Values in the order of their updates, the last one of each."""
    in_order, last = np.unique(steps[::-1], return_index=True)
    return Series(in_order, values[::-1][last])


def _record(
    layout: _Layout,
    series: dict[str, Series],
    columns: Columns,
    result: float | None,
    updates: int,
    problems: Sequence[str],
) -> Record:
    logged = {name: series[name] for name in layout.rates if len(series[name].steps)}
    loss = series.get(columns.loss, NOTHING)
    return Record(logged, loss, result, updates, tuple(problems))


def _read_row_by_row(file: TextIO, columns: Columns) -> Record:
    problems: list[str] = []
    layout = _Layout(0, [], {})
    found: dict[str, dict[float, float]] = {}  # the values of a column, by update
    result, updates, bad = None, set(), []
    reader = csv.reader(_lines(file, problems))
    try:
        header = [cell.strip() for cell in next(reader, [])]
        known = _layout(header, columns)
        if known is None:
            what = "it has no column `step` or `update`" if header else "it is empty"
            return Record(problems=(what, *problems))
        layout, found = known, {name: {} for name in known.places}
        for row in reader:
            if not row or row == header:  # a resumed run may repeat the header
                continue
            update = _number(row[layout.counter]) if len(row) == len(header) else None
            if update is None or not math.isfinite(update):
                bad.append(reader.line_num)
                continue
            updates.add(update)
            values = {name: _number(row[place]) for name, place in layout.places.items()}
            for name, value in values.items():
                if value is not None:
                    found[name][update] = value
            if values.get(columns.result) is not None:
                result = values[columns.result]
            if any([x is None and row[layout.places[n]].strip() for n, x in values.items()]):
                bad.append(reader.line_num)
    except csv.Error as error:
        problems.append(f"line {reader.line_num} and what follows cannot be read: {error}")
    if bad:
        rows = "a row" if len(bad) == 1 else f"{len(bad)} rows"
        problems.insert(0, f"{rows} cannot be read, line {bad[0]}" + " first" * (len(bad) > 1))
    series = {name: _series(values) for name, values in found.items()}
    return _record(layout, series, columns, result, len(updates), problems)


def _lines(file: TextIO, problems: list[str]) -> Iterator[str]:
    """The lines that are complete: one without an end may lack a part of its last number."""
    for line in iter(lambda: file.readline(MAX_LINE), ""):
        if len(line) >= MAX_LINE:
            problems.append(f"a line has more than {MAX_LINE:,} characters: it ends there")
            return
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
