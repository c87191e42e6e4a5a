"""The report as annotations of a GitHub workflow: one command a line.

The commands and their escapes are those of GitHub's "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

from collections.abc import Iterator

from lrdsl.diagnostics import printable
from lrdsl.linter.result import LintResult
from lrdsl.linter.source_file import LocatedDiagnostic

_COMMANDS = {"error": "error", "warning": "warning", "hint": "notice"}


def report(outcome: LintResult) -> str:
    """The annotations; nothing where nothing is wrong."""
    lines = [_annotation(outcome, found) for found in outcome.found]
    lines += [f"::error title=lrdsl lint::{_data(line)}" for line in outcome.unreadable]
    return "\n".join(lines)


def _annotation(outcome: LintResult, found: LocatedDiagnostic) -> str:
    diagnostic = found.diagnostic
    properties = ",".join([f"{name}={_property(str(x))}" for name, x in _place(outcome, found)])
    text = "\n".join([x for x in (diagnostic.message, diagnostic.fix) if x is not None])
    title = _property(f"{diagnostic.code} {diagnostic.name}")
    return f"::{_COMMANDS[diagnostic.severity]} {properties},title={title}::{_data(text)}"


def _place(outcome: LintResult, found: LocatedDiagnostic) -> Iterator[tuple[str, str | int]]:
    """The file and the region; columns are known to GitHub within one line alone."""
    region = outcome.region(found)
    yield "file", found.path.replace("\\", "/")
    yield "line", region.line
    yield "endLine", region.end_line
    if region.line == region.end_line:
        yield "col", region.column
        yield "endColumn", region.end_column


def _data(text: str) -> str:
    """A text as it may stand after the second `::`.

    >>> _data("100%\\nor less")
    '100%25%0Aor less'
    """
    lines = [printable(line) for line in text.replace("%", "%25").split("\n")]
    return "%0A".join(lines)


def _property(text: str) -> str:
    """A text as it may stand after a `=`.

    >>> _property("C:a,b.yaml")
    'C%3Aa%2Cb.yaml'
    """
    return _data(text).replace(":", "%3A").replace(",", "%2C")
