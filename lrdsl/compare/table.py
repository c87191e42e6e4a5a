"""Runs as rows: for the eye, as CSV, as plain data for JSON."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lrdsl.compare.run import Run, differing

_LONG = re.compile(r"[+-]?\d*\.\d{6,}(?:[eE][+-]?\d+)?")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_FORMULA = frozenset("=+-@＝＋－＠")  # the wide ones count in East Asian spreadsheets
_FOLDER = 1  # the column of the folders
_NUMBERS = ("result", "loss", "best", "updates")


def table(runs: Sequence[Run]) -> list[str]:
    """The lines of a table, columns that are empty throughout left out.

    `loss` is the mean over the last 40th of the run, `best` the lowest such mean; between the
    numbers and the spec stand the overrides in which the runs differ.
    """
    shown = []
    for head, *column in zip(*cells(runs), strict=True):
        filled = [cell or "-" for cell in (head, *column)]
        sign = ">" if head in _NUMBERS else "<"
        shown.append([f"{cell:{sign}{max(map(len, filled))}}" for cell in filled])
    return ["  ".join(row).rstrip() for row in zip(*shown, strict=True)]


def cells(runs: Sequence[Run]) -> list[list[str]]:
    """The cells of a table for people, the headings first, without columns that are empty."""
    rows = [[short(cell) for cell in row] for row in _rows(runs, brief)]
    kept = [
        i
        for i, (_, *column) in enumerate(zip(*rows, strict=True))
        if i == 0 or (i != _FOLDER and any(column))
    ]
    return [[row[i] for i in kept] for row in rows]


def as_csv(runs: Sequence[Run]) -> str:
    """The table as CSV, its numbers in full precision; an override's column has its key's name."""
    text = io.StringIO()
    rows = [
        [_guarded(printable(x)) if isinstance(x, str) else x for x in row]
        for row in _rows(runs, str)
    ]
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _guarded(cell: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe before it says that it is none.

    >>> _guarded("=HYPERLINK(1)"), _guarded("-0.5"), _guarded("cosine()")
    ("'=HYPERLINK(1)", '-0.5', 'cosine()')
    """
    return f"'{cell}" if cell.lstrip()[:1] in _FORMULA and not _NUMBER.fullmatch(cell) else cell


def _rows(runs: Sequence[Run], shown: Callable[[str], str]) -> Iterator[list[str | float | None]]:
    """The cells of the table, the headings first; overrides are written as `shown` does."""
    keys = differing(runs)
    yield ["run", "folder", *_NUMBERS, *keys, "spec", "problems"]
    for run in runs:
        numbers = [run.result, run.loss, run.best, run.record.updates]
        overrides = [shown(run.overrides.get(key, "")) for key in keys]
        remarks = [run.spec or "", "; ".join(run.problems)]
        yield [run.name, str(run.folder), *numbers, *overrides, *remarks]


def as_data(runs: Sequence[Run]) -> dict[str, Any]:
    """The runs as plain data for JSON: what is not a finite number is None, and told apart.

    `differing` are the keys of the overrides in which the runs differ; `diverged` says of a run
    that its result or its loss at the end is not a finite number.
    """
    return {
        "differing": differing(runs),
        "runs": [
            {
                "run": run.name,
                "folder": str(run.folder),
                "result": _finite(run.result),
                "loss": _finite(run.loss),
                "best": run.best,
                "updates": run.record.updates,
                "diverged": _is_lost(run.result) or _is_lost(run.loss),
                "spec": run.spec,
                "overrides": run.overrides,
                "problems": list(run.problems),
            }
            for run in runs
        ],
    }


def _is_lost(value: float | None) -> bool:
    return value is not None and not math.isfinite(value)


def _finite(value: float | None) -> float | None:
    return None if _is_lost(value) else value


def short(cell: str | float | None) -> str:
    """A cell for the eye: a count, six digits of a measurement, a text; nothing for None."""
    if cell is None:
        return ""
    return f"{cell:.6g}" if isinstance(cell, float) else printable(str(cell))


def brief(text: str) -> str:
    """An override's value for the eye: of a long number, six digits.

    >>> brief("0.48155734000762873"), brief("warmup_cosine")
    ('0.481557', 'warmup_cosine')
    """
    return short(float(text)) if _LONG.fullmatch(text) else text


def printable(text: str) -> str:
    r"""The text on one line, with what cannot be seen escaped.

    >>> printable("a\nb\x1b[2J")
    'a\\nb\\x1b[2J'
    """
    return "".join([c if c.isprintable() else ascii(c)[1:-1] for c in text])
