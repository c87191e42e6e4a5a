"""The report as annotations of a GitHub workflow: one command a line.

The commands and their escapes are those of GitHub's "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

from collections.abc import Mapping

from lrdsl.diagnostics import printable
from lrdsl.linter.result import LintResult
from lrdsl.linter.source_file import LocatedDiagnostic
from lrdsl.linter.unchecked import UncheckedSpec

_COMMANDS = {"error": "error", "warning": "warning", "hint": "notice"}


def report(outcome: LintResult) -> str:
    """The annotations; nothing where nothing is wrong, and all has been checked."""
    lines = [_annotation(outcome, found) for found in outcome.found]
    lines += [_not_checked(spec) for spec in outcome.unchecked]
    lines += [f"::error title=lrdsl lint::{_data(line)}" for line in outcome.unreadable]
    return "\n".join(lines)


def _annotation(outcome: LintResult, found: LocatedDiagnostic) -> str:
    diagnostic, region = found.diagnostic, outcome.region(found)
    place: dict[str, object] = {"file": found.path.replace("\\", "/")}
    place |= {"line": region.line, "endLine": region.end_line}
    if region.line == region.end_line:  # GitHub knows columns within one line alone
        place |= {"col": region.column, "endColumn": region.end_column}
    place["title"] = f"{diagnostic.code} {diagnostic.name}"
    text = "\n".join([x for x in (diagnostic.message, diagnostic.fix) if x is not None])
    return f"::{_COMMANDS[diagnostic.severity]} {_properties(place)}::{_data(text)}"


def _not_checked(spec: UncheckedSpec) -> str:
    """A notice at a spec that was not checked in full."""
    place: dict[str, object] = {"file": spec.path.replace("\\", "/"), "line": spec.line}
    place |= {"col": spec.column, "title": "lrdsl lint"}
    return f"::notice {_properties(place)}::{_data(str(spec))}"


def _properties(place: Mapping[str, object]) -> str:
    return ",".join([f"{name}={_property(str(x))}" for name, x in place.items()])


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
