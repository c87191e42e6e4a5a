"""The groups of rows, by the names that `--only` takes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from benchmarks import catalog, compare, evaluate, metrics, resume, start, step, text
from benchmarks.rows import Row
from benchmarks.timing import Effort

GROUPS: dict[str, Callable[[Effort], Iterator[Row]]] = {
    "step": step.rows,
    "evaluate": evaluate.rows,
    "catalog": catalog.rows,
    "resume": resume.rows,
    "metrics": metrics.rows,
    "text": text.rows,
    "compare": compare.rows,
    "start": start.rows,
}


def measured(effort: Effort, only: Collection[str] = ()) -> Iterator[Row]:
    """The rows of some groups, or of all of them, as they are measured."""
    for name, rows in GROUPS.items():
        if not only or name in only:
            yield from rows(effort)
