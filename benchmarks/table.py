"""Rows as text: for the terminal, for Markdown and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from importlib import metadata
from typing import Any

from benchmarks.rows import Row

HEAD = ("what", "lrdsl", "beside it", "ratio (quartiles)", "goal", "met")

_SCALES = {
    "s": ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")),
    "B": ((2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"), (1.0, "B")),
}
_RECORDED = (
    "numpy",
    "torch",
    "transformers",
    "timm",
    "optax",
    "fvcore",
    "pytorch-ignite",
    "mmengine",
)


def amount(value: float, unit: str) -> str:
    """A time in seconds or a number of bytes, for people.

    >>> amount(2.34e-4, "s"), amount(262144, "B"), amount(0.0, "s")
    ('234 µs', '256 KiB', '0 ns')
    """
    for scale, name in _SCALES[unit]:
        if value >= scale:
            return f"{digits(value / scale)} {name}"
    scale, name = _SCALES[unit][-1]
    return f"{digits(value / scale)} {name}"


def digits(x: float) -> str:
    """A number with three digits that count, and all before the point.

    >>> digits(0.12345), digits(12.345), digits(1234.5), digits(0.0)
    ('0.123', '12.3', '1,234', '0')
    """
    if x == 0:
        return "0"
    if x >= 100:
        return f"{x:,.0f}"
    return f"{x:.3g}" if x >= 1e-3 else f"{x:.1e}"


def cells(row: Row) -> tuple[str, ...]:
    """What stands in the columns of a row."""
    if row.missing is not None or row.ratio is None or row.costs is None or row.beside is None:
        return (row.what, "", row.over, f"not measured: {row.missing}", "", "")
    times = "× faster" if row.is_faster else "×"
    ratio, goal, met = row.ratio, "", ""
    spread = f"{digits(ratio.low)}–{digits(ratio.high)}"
    if row.goal is not None:
        goal = f"{'≥' if row.is_faster else '≤'} {digits(row.goal.limit)}{times}"
    if row.is_met is not None:
        met = "yes" if row.is_met else "no"
    return (
        row.what,
        amount(row.costs.median, row.unit),
        f"{row.over}: {amount(row.beside.median, row.unit)}",
        f"{digits(ratio.median)}{times} ({spread})",
        goal,
        met,
    )


def text(rows: Iterable[Row]) -> str:
    """The table for a terminal."""
    body: list[Sequence[str]] = [HEAD, *[cells(row) for row in rows]]
    widths = [max([len(line[i]) for line in body]) for i in range(len(HEAD))]
    return "\n".join(
        [
            "  ".join([c.ljust(w) for c, w in zip(line, widths, strict=True)]).rstrip()
            for line in body
        ]
    )


def markdown(rows: Iterable[Row]) -> str:
    """The table for a page."""
    body: list[Sequence[str]] = [HEAD, ["---"] * len(HEAD), *[cells(row) for row in rows]]
    return "\n".join(
        [f"| {' | '.join([c.replace('|', chr(92) + '|') for c in line])} |" for line in body]
    )


def surroundings() -> dict[str, Any]:
    """What the figures were measured with."""
    versions: dict[str, str | None] = {}
    for name in _RECORDED:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "versions": versions,
    }


def as_json(rows: Iterable[Row]) -> str:
    """All that was measured, as JSON."""
    found = {"measured_with": surroundings(), "rows": [row.facts() for row in rows]}
    return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
