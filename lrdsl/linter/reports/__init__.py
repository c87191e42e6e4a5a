"""Reports of a lint result: for people, for programs, for GitHub."""

from __future__ import annotations

import importlib

from lrdsl.linter.result import LintResult

FORMATS = ("text", "json", "sarif", "github")
"""The forms of a report; each has a module of its name here, with a function `report`."""


def report(outcome: LintResult, form: str) -> str:
    """A lint result in one of FORMATS, without a line end at its end.

    >>> print(report(LintResult(looked_at=3), "text"))
    No problems in 3 files.
    """
    written: str = importlib.import_module(f"lrdsl.linter.reports.{form}").report(outcome)
    return written
