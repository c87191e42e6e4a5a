"""The report as annotations of a GitHub workflow: one command a line.

The commands and their escapes are those of GitHub's "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

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
    diagnostic, region = found.diagnostic, outcome.region(found)
    place: dict[str, object] = {"file": found.path.replace("\\", "/")}
    place |= {"line": region.line, "endLine": region.end_line}
    if region.line == region.end_line:  # GitHub knows columns within one line alone
        place |= {"col": region.column, "endColumn": region.end_column}
    place["title"] = f"{diagnostic.code} {diagnostic.name}"
    properties = ",".join([f"{name}={_property(str(x))}" for name, x in place.items()])
    text = "\n".join([x for x in (diagnostic.message, diagnostic.fix) if x is not None])
    return f"::{_COMMANDS[diagnostic.severity]} {properties}::{_data(text)}"


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
