"""The report as SARIF 2.1.0, for code scanning and editors.

OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", with Errata 01, 2023.
"""

from __future__ import annotations

import json
import os
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

import lrdsl
from lrdsl.linter.result import LintResult
from lrdsl.linter.rule import RULES
from lrdsl.linter.source_file import LocatedDiagnostic, TextEdit
from lrdsl.linter.unchecked import UncheckedSpec
from lrdsl.util.docstrings import read_doc

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {"error": "error", "warning": "warning", "hint": "note"}


def report(outcome: LintResult) -> str:
    """The report as a SARIF log of one run."""
    problems = {x.diagnostic.code: x.diagnostic.problem for x in outcome.found}
    codes = sorted(problems)
    rules = [_rule(code, problems[code].name) for code in codes]
    notes = [_notification("error", line) for line in outcome.unreadable]
    notes += [_notification("note", line) for line in outcome.notes]
    notes += [_not_checked(spec) for spec in outcome.unchecked]
    run = {
        "tool": {"driver": {"name": "lrdsl", "version": lrdsl.__version__, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {"executionSuccessful": not outcome.unreadable, "toolExecutionNotifications": notes}
        ],
        "results": [_result(outcome, found, codes) for found in outcome.found],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": text}}


def _not_checked(spec: UncheckedSpec) -> dict[str, Any]:
    """A note about a spec that was not checked in full."""
    place = {
        "artifactLocation": {"uri": _uri(spec.path)},
        "region": {"startLine": spec.line, "startColumn": spec.column},
    }
    note = _notification("note", str(spec))
    return {**note, "locations": [{"physicalLocation": place}]}


def _rule(code: str, name: str) -> dict[str, Any]:
    """The description of a code; for errors that are not of a lint rule, their name."""
    rule = RULES.get(name)
    if rule is None:
        return {"id": code, "name": name}
    doc = read_doc(rule.__doc__ or "")
    return {
        "id": code,
        "name": name,
        "shortDescription": {"text": doc.summary},
        "fullDescription": {"text": doc.body},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(outcome: LintResult, found: LocatedDiagnostic, codes: list[str]) -> dict[str, Any]:
    diagnostic = found.diagnostic
    fix = f"; {diagnostic.fix}" if diagnostic.fix else ""
    region = _region(*outcome.region(found))
    place = {"artifactLocation": {"uri": _uri(found.path)}, "region": region}
    result = {
        "ruleId": diagnostic.code,
        "ruleIndex": codes.index(diagnostic.code),
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": f"{diagnostic.message}{fix}"},
        "locations": [{"physicalLocation": place}],
    }
    patch = outcome.fixes.get(found)
    return result if patch is None else {**result, "fixes": [_fix(outcome, found, patch)]}


def _fix(outcome: LintResult, found: LocatedDiagnostic, patch: TextEdit) -> dict[str, Any]:
    """The edit of `--fix` for a finding, as new text for a region of the file."""
    file = outcome.files[found.path]
    replacement = {
        "deletedRegion": _region(*file.position(patch.start), *file.position(patch.stop)),
        "insertedContent": {"text": patch.text},
    }
    change = {"artifactLocation": {"uri": _uri(found.path)}, "replacements": [replacement]}
    text = found.diagnostic.fix or found.diagnostic.message
    return {"description": {"text": text}, "artifactChanges": [change]}


def _region(line: int, column: int, end_line: int, end_column: int) -> dict[str, int]:
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _uri(path: str | PurePath) -> str:
    """A path as a URI: relative where the path is.

    >>> _uri("conf/my lr.yaml"), _uri("/etc/lr.yaml")
    ('conf/my%20lr.yaml', 'file:///etc/lr.yaml')
    """
    pure = PurePath(path) if isinstance(path, str) else path
    return pure.as_uri() if pure.is_absolute() else quote(os.fsencode(pure.as_posix()))
