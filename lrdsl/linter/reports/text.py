"""The report for people: where, what, the line of the file with carets, a summary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import click

from lrdsl.diagnostics import NOWHERE, Diagnostic, Severity, Span, counted, printable
from lrdsl.linter.result import LintResult
from lrdsl.linter.source_file import LocatedDiagnostic

_HUES: dict[Severity, str] = {"error": "red", "warning": "yellow", "hint": "blue"}


MAX_OPTIONS = 6
"""Options that the summary names."""


def report(outcome: LintResult) -> str:
    """The report, with colours; `click.echo` takes them out where they are not wanted."""
    entries = ["\n".join(_lines(outcome, found)) for found in outcome.found]
    return "\n\n".join([*entries, summary(outcome)])


def _lines(outcome: LintResult, found: LocatedDiagnostic) -> Iterator[str]:
    diagnostic = found.diagnostic
    region = outcome.region(found)
    where = f"{printable(found.path)}:{region.line}:{region.column}"
    kind = f"{diagnostic.severity}[{diagnostic.code}] {diagnostic.name}"
    hue = _HUES[diagnostic.severity]
    message = printable(diagnostic.message)
    yield f"{click.style(where, bold=True)}: {click.style(kind, fg=hue, bold=True)}: {message}"
    for line in _located(outcome, found).render().split("\n")[1:]:
        carets = line.lstrip(" |").startswith("^")
        yield click.style(line.rstrip(), fg="cyan") if carets else line.rstrip()


def _located(outcome: LintResult, found: LocatedDiagnostic) -> Diagnostic:
    """The diagnostic about the text of the file, where its own source stands there."""
    diagnostic, text = found.diagnostic, outcome.files[found.path].text
    elsewhere = diagnostic.source != found.snippet.text and diagnostic.span != NOWHERE
    if not text or elsewhere:
        return diagnostic
    span = Span(found.start, found.stop, diagnostic.span.sites)
    return replace(diagnostic, span=span, source=text, file="")


def summary(outcome: LintResult) -> str:
    """One line on what was found.

    >>> print(summary(LintResult(looked_at=2, unreadable=("a.yaml: not UTF-8",))))
    No problems in 2 files; 1 could not be read.
    >>> print(summary(LintResult(looked_at=1, unreadable=("a.yaml: not UTF-8",))))
    Nothing was checked: 1 file could not be read.
    """
    left = len(outcome.unreadable)
    if left >= outcome.looked_at > 0 and not (outcome.found or outcome.given or outcome.configs):
        return f"Nothing was checked: {counted(left, 'file')} could not be read."
    counts = [(outcome.count(severity), severity) for severity in _HUES]
    listed = ", ".join([counted(n, severity) for n, severity in counts if n])
    places = [(outcome.looked_at, "file"), (outcome.given, "spec"), (outcome.configs, "config")]
    where = " and ".join([counted(n, noun) for n, noun in places if n]) or "0 files"
    nothing = "Nothing was found" if outcome.unchecked else "No problems"
    text = f"{listed or nothing} in {where}"
    if outcome.unchecked:
        options = [f"{option} ({fact.why})" for option, fact in reversed(outcome.missing.items())]
        shown = options[:MAX_OPTIONS] + ["…"] * (len(options) > MAX_OPTIONS)
        verb = "was" if len(outcome.unchecked) == 1 else "were"
        text += f"; {counted(len(outcome.unchecked), 'spec')} {verb} not checked in full: "
        text += f"give {', '.join(shown)}"
    if outcome.unreadable:
        text += f"; {len(outcome.unreadable)} could not be read"
    return f"{text}."
