"""Runs as rows: for the eye, as CSV, as plain data for JSON."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from typing import Any

from lrdsl.compare.run import Run, differing

_LONG = re.compile(r"[+-]?\d*\.\d{6,}(?:[eE][+-]?\d+)?")
_NUMBERS = ("result", "loss", "best", "updates")


def table(runs: Sequence[Run]) -> list[str]:
    """The lines of a table, columns that are empty throughout left out.

    `loss` is the mean over the last 40th of the run, `best` the lowest such mean; between the
    numbers and the spec stand the overrides in which the runs differ.
    """
    keys = differing(runs)
    rows = [
        [
            printable(run.name),
            *map(short, _numbers(run)),
            *[printable(brief(run.overrides.get(key, ""))) for key in keys],
            *_remarks(run),
        ]
        for run in runs
    ]
    shown = []
    for i, (head, *cells) in enumerate(zip(_head(keys), *rows, strict=True)):
        if i == 0 or any(cells):
            filled = [cell or "-" for cell in (head, *cells)]
            sign = ">" if 1 <= i <= len(_NUMBERS) else "<"
            shown.append([f"{cell:{sign}{max(map(len, filled))}}" for cell in filled])
    return ["  ".join(cells).rstrip() for cells in zip(*shown, strict=True)]


def _head(keys: Sequence[str]) -> list[str]:
    return ["run", *_NUMBERS, *map(printable, keys), "spec", "problems"]


def _numbers(run: Run) -> list[float | None]:
    return [run.result, run.loss, run.best, run.record.updates]


def _remarks(run: Run) -> list[str]:
    return [printable(run.spec or ""), printable("; ".join(run.problems))]


def as_csv(runs: Sequence[Run]) -> str:
    """The table as CSV, its numbers in full precision; an override's column has its key's name."""
    keys = differing(runs)
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\n").writerow
    head = _head(keys)
    write([head[0], "folder", *head[1:]])
    for run in runs:
        places = [printable(run.name), printable(str(run.folder))]
        overrides = [printable(run.overrides.get(key, "")) for key in keys]
        write([*places, *_numbers(run), *overrides, *_remarks(run)])
    return text.getvalue()


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
                "diverged": any([_is_lost(value) for value in (run.result, run.loss)]),
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


def short(value: float | None) -> str:
    """A number for the eye: a count, or six digits of a measurement; nothing for None."""
    if value is None or isinstance(value, int):
        return "" if value is None else str(value)
    return f"{value:.6g}"


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
