"""The table in README.md, which stands between two marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.rows import Row
from benchmarks.table import markdown, surroundings
from lrdsl.util import atomic_write

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- benchmarks -->", "<!-- end of benchmarks -->"


def section(rows: Sequence[Row]) -> str:
    """What stands between the marks."""
    found = surroundings()
    versions = [f"{name} {version}" for name, version in found["versions"].items() if version]
    wanted = [row.is_met for row in rows if row.goal is not None]
    kept = f"{sum([met is True for met in wanted])} of {len(wanted)} goals are met."
    return (
        f"Measured with Python {found['python']} on {found['cores']} cores, "
        f"{', '.join(versions)}. {kept}\n\n{markdown(rows)}"
    )


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


def write(rows: Sequence[Row], path: Path = README) -> None:
    """Put the table into the README."""
    page = with_section(path.read_text(encoding="utf-8"), section(rows))
    atomic_write.write(str(path), page.encode("utf-8"))
