"""`CsvLog`: a CSV file of the values of each update, which a resumed run continues."""

from __future__ import annotations

import atexit
import csv
import io
import os
import re
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from lrdsl.diagnostics import BAD_LOG, SpecError, counted, spec_error
from lrdsl.util import atomic_write

_UPDATE = "update"
"""The name of the first column."""

_COLUMN = re.compile(r".+\[.+\]")
MAX_WAITING_CELLS = 10**6
"""Values that wait to be written; of more the oldest are lost."""

_ROW = re.compile(rb"(\d+)((?:,[-+.e\d]*)+)\n")


class _Trouble(NamedTuple):
    """Whether the disk has refused to take a row, and until when it is left in peace."""

    since: bool = False
    until: float = 0.0


class CsvLog:
    """A file with one row for each update, complete after every row.

    The file is opened for each row: a killed run loses no row and leaves no open handle. The rows
    from the first written update on are cut off: rows of updates that are made again after a
    resume, and a row that was not finished.

    A run does not die of its log: where the disk is full, rows wait until they can be written, and
    a warning says so once. Raises `SpecError` if the file cannot be written at the start, or is not
    such a log.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            self._shown = os.fsdecode(path)
            # The working folder may change during the run; a link is kept as a link.
            self._path = os.path.realpath(self._shown)
        except (TypeError, ValueError):
            raise spec_error(BAD_LOG, f"`path` must be the name of a file, not {path!r}") from None
        self._last = -1
        self._labels: list[str] = []
        """The columns of the last row, without `update`."""
        self._columns: list[str] = []
        """The columns of the file, which include those of earlier rows only."""
        self._end = -1
        """Bytes of the file up to the last row; -1 where it must be looked at first."""
        self._waiting: list[tuple[int, Mapping[str, float]]] = []
        """The rows that could not be written yet, in the order of their updates."""
        self._lost = 0
        """How many rows are missing, because too many would have waited."""
        self._trouble = _Trouble()
        if os.path.exists(self._path) and not os.path.isfile(self._path):
            raise spec_error(BAD_LOG, f"{self._shown} is not a regular file")
        try:
            with open(self._path, "a+b") as file:
                file.seek(0)
                self._header(file.readline())
        except OSError as error:
            why = error.strerror or error
            raise spec_error(BAD_LOG, f"{self._shown} cannot be written: {why}") from None

    def write(self, update: int, values: Mapping[str, float]) -> None:
        """Write the row of an update, with its values by column, and the rows that wait."""
        self._forget_from(update)
        self._waiting.append((update, values))
        if len(self._waiting) * len(values) > MAX_WAITING_CELLS:
            self._lost += 1
            del self._waiting[0]
        self._flush()

    def reach(self, update: int) -> None:
        """Note an update without a row: cuts off the rows of later updates."""
        self._forget_from(update + 1)
        if not self._waiting:
            if self._end < 0 or update < self._last:
                self._flush(lambda: self._begin(update, []))
            self._last = update

    def close(self) -> None:
        """Write the rows that wait, and warn of those that are lost."""
        atexit.unregister(self.close)
        self._trouble = _Trouble(since=self._trouble.since)
        self._flush()
        missing = self._lost + len(self._waiting)
        if missing:
            self._waiting, self._lost = [], 0
            warnings.warn(f"{self._shown} lacks {counted(missing, 'row')}", stacklevel=2)

    def _forget_from(self, update: int) -> None:
        """Forget the rows that wait and are made again."""
        while self._waiting and self._waiting[-1][0] >= update:
            self._waiting.pop()

    def _flush(self, first: Callable[[], None] | None = None) -> None:
        """Write the rows that wait, unless the disk has just refused that."""
        if time.monotonic() < self._trouble.until:
            return
        began = time.monotonic()
        try:
            if first is not None:
                first()
            while self._waiting:
                self._append(*self._waiting[0])
                del self._waiting[0]
        except OSError as error:
            self._warn(error)
            now = time.monotonic()  # trying takes a tenth of the time at most
            self._trouble = _Trouble(since=True, until=now + 10 * (now - began))

    def _warn(self, error: OSError) -> None:
        if self._trouble.since:
            return
        atexit.register(self.close)
        why = error.strerror or error
        message = f"{self._shown} cannot be written: {why}; rows wait until it can, the run goes on"
        warnings.warn(message, stacklevel=2)

    def _append(self, update: int, values: Mapping[str, float]) -> None:
        labels = list(values)
        if self._end < 0 or update <= self._last or labels != self._labels:
            self._begin(update, labels)
        cells = [repr(values[column]) if column in values else "" for column in self._columns]
        line = ",".join([str(update), *cells]).encode() + b"\n"  # numbers need no quotes
        end, self._end = self._end, -1  # known again when the row is complete
        with open(self._path, "ab", buffering=0) as file:
            if file.tell() != end:
                message = f"another writer has changed {self._shown}, or writes to it too"
                fix = "give each run and each Scheduler a file of its own"
                raise spec_error(BAD_LOG, message, fix=fix)
            try:
                written = 0
                while written < len(line):  # a disk that is nearly full takes a part of it
                    written += file.write(line[written:])
            except OSError:
                file.truncate(end)
                self._end = end
                raise
        self._last = update
        self._end = end + len(line)

    def _begin(self, update: int, labels: list[str]) -> None:
        """Cut the file off before the row of an update, and add the columns that it lacks."""
        self._labels, self._end = labels, -1
        with open(self._path, "r+b") as file:
            header = self._header(file.readline())
            end = self._end_before(update, file, len(header)) if header else 0
            if header == labels:
                file.truncate(end)
                self._columns, self._end = labels, end
                return
            file.seek(0)
            rows = [*csv.DictReader(io.StringIO(file.read(end).decode(), newline=""))]
        filled = [column for column in header if any([row[column] for row in rows])]
        columns = _merged(filled, labels)
        text = io.StringIO()
        writer = csv.DictWriter(text, [_UPDATE, *columns], "", "ignore", lineterminator="\n")
        if columns:
            writer.writeheader()
        writer.writerows(rows)
        content = text.getvalue().encode()
        atomic_write.write(self._path, content)
        self._columns, self._end = columns, len(content)

    def _header(self, line: bytes) -> list[str]:
        """Parse the header line to its columns after the first; an empty file has none."""
        if line.endswith(b"\n"):
            try:
                [cells] = csv.reader([line.decode()])
            except (ValueError, csv.Error):
                cells = []
            if len(cells) > 1 and cells[0] == _UPDATE and all(map(_COLUMN.fullmatch, cells[1:])):
                return cells[1:]
        elif not line:
            return []
        raise self._foreign("is not a log of a Scheduler: it is left as it is")

    def _end_before(self, update: int, file: io.BufferedRandom, width: int) -> int:
        """The number of bytes before the row of an update, in a file read up to its second line."""
        end, before = file.tell(), -1
        for line in file:
            if not line.endswith(b"\n"):
                break  # the run was killed while it wrote the line
            row = _ROW.fullmatch(line)
            if row is None or row[2].count(b",") != width or int(row[1]) <= before:
                shown = line.decode(errors="replace").strip()
                raise self._foreign(f"has a row that no Scheduler wrote: {shown!r}")
            before = int(row[1])
            if before >= update:
                break
            end += len(line)
        return end

    def _foreign(self, found: str) -> SpecError:
        """The error of a file that something else has written."""
        fix = "choose another file, or remove this one"
        return spec_error(BAD_LOG, f"{self._shown} {found}", fix=fix)


def _merged(known: Sequence[str], labels: Sequence[str]) -> list[str]:
    """The known columns with the new labels inserted after their neighbours."""
    columns = list(known)
    for i, label in enumerate(labels):
        if label not in columns:
            columns.insert(columns.index(labels[i - 1]) + 1 if i else 0, label)
    return columns
