"""The report for programs: one object, the findings with their places."""

from __future__ import annotations

import json
from typing import Any

from lrdsl.linter.result import LintResult
from lrdsl.linter.source_file import LocatedDiagnostic
from lrdsl.linter.unchecked import UncheckedSpec


def report(outcome: LintResult) -> str:
    """The report as JSON.

    `findings` have `path`, `line`, `column`, `end_line` and `end_column` in the file, from 1, the
    `spec` that they are about and, from `Diagnostic`:
    `code`, `name`, `severity`, `message`, `fix`, `replacement` and `definitions`, the definitions
    that led there. `unreadable` has a line for each file that could not be read, `notes` one for
    each that was passed over. `not_checked_in_full` has the specs that a fact of the run is missing
    for: `name` is the keyword argument for it, `option` that of the command line.
    """
    return json.dumps(
        {
            "findings": [_finding(outcome, found) for found in outcome.found],
            "unreadable": list(outcome.unreadable),
            "notes": list(outcome.notes),
            "not_checked_in_full": [_unchecked(spec) for spec in outcome.unchecked],
            "summary": {
                "files": outcome.looked_at,
                "specs_given": outcome.given,
                "configs": outcome.configs,
                "errors": outcome.count("error"),
                "warnings": outcome.count("warning"),
                "hints": outcome.count("hint"),
            },
        },
        indent=2,
    )


def _unchecked(spec: UncheckedSpec) -> dict[str, Any]:
    facts = [{"why": x.why, "name": x.name, "option": x.option} for x in spec.missing]
    return {
        "path": spec.path,
        "line": spec.line,
        "column": spec.column,
        "spec": spec.text,
        "missing": facts,
    }


_FROM_DIAGNOSTIC = ("code", "name", "severity", "message", "fix", "replacement", "definitions")


def _finding(outcome: LintResult, found: LocatedDiagnostic) -> dict[str, Any]:
    facts = found.diagnostic.to_dict()
    return {
        "path": found.path,
        **outcome.region(found)._asdict(),
        **{name: facts[name] for name in _FROM_DIAGNOSTIC},
        "spec": found.snippet.text,
    }
