"""The report for programs: one object, the findings with their places."""

from __future__ import annotations

import json
from typing import Any

from lrdsl.linter.result import LintResult
from lrdsl.linter.source_file import LocatedDiagnostic


def report(outcome: LintResult) -> str:
    """The report as JSON.

    `findings` have `path`, `line`, `column`, `end_line` and `end_column` in the file, from 1, the
    `spec` that they are about and, from `Diagnostic`:
    `code`, `name`, `severity`, `message`, `fix`, `replacement` and `definitions`, the definitions
    that led there. `unreadable` has a line for each file that could not be read.
    """
    return json.dumps(
        {
            "findings": [_finding(outcome, found) for found in outcome.found],
            "unreadable": list(outcome.unreadable),
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


_FROM_DIAGNOSTIC = ("code", "name", "severity", "message", "fix", "replacement", "definitions")


def _finding(outcome: LintResult, found: LocatedDiagnostic) -> dict[str, Any]:
    facts = found.diagnostic.to_dict()
    return {
        "path": found.path,
        **outcome.region(found)._asdict(),
        **{name: facts[name] for name in _FROM_DIAGNOSTIC},
        "spec": found.snippet.text,
    }
