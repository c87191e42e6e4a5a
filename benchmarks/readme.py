"""The tables in README.md and docs/benchmarks.md, which stand between two marks.

The page has all rows, the README ten of them: what people meet most often, and the worst.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.rows import Row
from benchmarks.step import BARE, TORCH
from benchmarks.table import markdown, surroundings
from lrdsl.util import atomic_write

_ROOT = Path(__file__).parent.parent
README = _ROOT / "README.md"
PAGE = _ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- benchmarks -->", "<!-- end of benchmarks -->"

SUMMARY = (
    ("step(), one float for all groups, 1 group", TORCH),
    ("step(), one float for all groups, 8 groups", BARE),
    ("step(), own bases, 512 groups", TORCH),
    ("10^6 updates of the slowest in the catalog, for each operand", "np.cos"),
    ("10^6 updates of warmup + cosine", "np.cos"),
    ("building a Scheduler at update 10^6", "torch SequentialLR, stepped to there"),
    ("a new Scheduler, 512 groups with own bases", "torch LambdaLR"),
    ("step(metric), plateau, after 1,000,000 metrics", "torch ReduceLROnPlateau"),
    ("10,000 small YAML files linted, taken from 1,000", "PyYAML's C loader"),
    ("lrdsl lint -e", "import numpy, pydantic, lark, click"),
)
"""The rows of the README: what is done, and beside what."""


def section(rows: Sequence[Row], every: Sequence[Row] | None = None) -> str:
    """What stands between the marks: some rows, and how many of all goals are met."""
    found = surroundings()
    versions = [f"{name} {version}" for name, version in found["versions"].items() if version]
    wanted = [row.is_met for row in (rows if every is None else every) if row.goal is not None]
    kept = f"{sum([met is True for met in wanted])} of {len(wanted)} goals are met."
    return (
        f"Measured with Python {found['python']} on {found['cores']} cores, "
        f"{', '.join(versions)}. {kept}\n\n{markdown(rows)}"
    )


def summary(rows: Sequence[Row]) -> list[Row]:
    """The rows of the README."""
    found = {(row.what, row.over): row for row in rows}
    return [found[each] for each in SUMMARY]


def with_section(page: str, content: str) -> str:
    """The page with other content between the marks.

    >>> with_section(f"a {BEGIN} b {END} c", "new").split("\\n")
    ['a <!-- benchmarks -->', '', 'new', '', '<!-- end of benchmarks --> c']
    """
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.S)
    new, count = pattern.subn(lambda _: f"{BEGIN}\n\n{content}\n\n{END}", page)
    if count != 1:
        raise ValueError(f"the page needs {BEGIN} and {END}, once")
    return new


def write(rows: Sequence[Row]) -> None:
    """Put the tables into the README and the page."""
    for path, content in ((README, section(summary(rows), rows)), (PAGE, section(rows))):
        page = with_section(path.read_text(encoding="utf-8"), content)
        atomic_write.write(str(path), page.encode("utf-8"))
