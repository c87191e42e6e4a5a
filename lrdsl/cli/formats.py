"""`--format`: the forms in which commands print, under the same names everywhere."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])

FORMATS = {
    "text": "for people",
    "json": "all there is to know, for programs",
    "csv": "a table in full precision",
    "markdown": "a table for a page",
    "github": "annotations in a workflow",
    "sarif": "for code scanning",
    "svg": "a picture",
    "png": "a picture",
    "pdf": "a picture",
}
"""What each format is; a command has those of them that it lists."""

REPLACED = {"--json": "--format json", "--csv": "--format csv"}
"""Options of earlier versions, and what is written now."""


def with_format(*names: str, default: str | None = "text") -> Callable[[_Command], _Command]:
    """Adds the option for the form of the output, which the command gets as `form`.

    Each of the names is one of FORMATS.
    """
    said: dict[str, list[str]] = {}
    for name in names:
        said.setdefault(FORMATS[name], []).append(name)
    return click.option(
        "--format",
        "form",
        type=click.Choice(names),
        default=default,
        help="; ".join([f"{', '.join(own)}: {what}" for what, own in said.items()]) + ".",
    )


def as_json(data: Any) -> str:
    """Data as strict JSON, which has no NaN and no infinity."""
    return json.dumps(data, indent=2, allow_nan=False)


def as_markdown(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows as a table of Markdown."""
    from lrdsl.docsgen.markdown import table

    return table(head, [["" if cell is None else str(cell) for cell in row] for row in rows])


def csv_line(cells: Sequence[Any]) -> str:
    """Cells as a line of CSV.

    >>> csv_line(["lr", "cosine(1, 0)", 0.5])
    'lr,"cosine(1, 0)",0.5'
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def listed(form: str, facts: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Facts about some things: all of them in JSON, some columns of them in CSV and Markdown."""
    if form == "json":
        return as_json(facts)
    rows = [[each[name] for name in columns] for each in facts]
    if form == "markdown":
        return as_markdown(columns, rows)
    return "\n".join(map(csv_line, [columns, *rows]))
