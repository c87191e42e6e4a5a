"""A mistake as users see it: with its line, carets under it, and what to write instead."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lrdsl.diagnostics.problems import EMPTY, TOO_MANY_MISTAKES, Problem, Severity
from lrdsl.diagnostics.spans import NOWHERE, Site, Span

_MARGIN = 60
"""Characters of a long line shown on each side of a mistake."""


@dataclass(frozen=True, repr=False)
class Diagnostic:
    """One mistake in a spec, its context or its use.

    `message` is one sentence without a final stop. `fix` says what to write instead, as it reads
    after the carets; `replacement`, where given, is the very text to put in place of the span. As
    text it is shown with its line.

    >>> from lrdsl.diagnostics import UNKNOWN_NAME
    >>> found = Diagnostic(UNKNOWN_NAME, "there is no shape `cosin`", Span(0, 5), "cosin(1, 0, 9)",
    ...                    fix="did you mean `cosine`?", replacement="cosine")
    >>> found
    <Diagnostic error[LR201] at line 1, column 1: there is no shape `cosin`>
    >>> print(found)
    error[LR201]: there is no shape `cosin`
      | cosin(1, 0, 9)
      | ^^^^^ did you mean `cosine`?
    """

    problem: Problem
    message: str
    span: Span = NOWHERE
    source: str = ""
    fix: str | None = None
    replacement: str | None = None
    file: str = ""
    """The name of the file that `source` was read from, "" if there is none."""
    place: str = ""
    """The place in the data that `source` was made from: `chain[1].cosine.steps`; else ""."""

    @property
    def code(self) -> str:
        """The stable code, `LR201` for example."""
        return self.problem.code

    @property
    def name(self) -> str:
        """The problem's readable name, `unknown-name` for example."""
        return self.problem.name

    @property
    def severity(self) -> Severity:
        """`error`, `warning` or `hint`."""
        return self.problem.severity

    @property
    def position(self) -> tuple[int, int] | None:
        """Line and column in the source, both from 1; None where there is no text."""
        if self.span == NOWHERE:
            return None
        before = self.source[: self.span.start]
        return before.count("\n") + 1, self.span.start - (before.rfind("\n") + 1) + 1

    def render(self) -> str:
        """The diagnostic as shown to the user: sentence, source line, carets and fix."""
        head = f"{self.severity}[{self.code}]: {printable(self.message)}"
        if self.file:
            head += f"\n  in {printable(self.file)}:"
        if self.place:
            head += f"\n  at {printable(self.place)}:"
        position = self.position
        if position is None:
            return head if self.fix is None else f"{head}\n  = {self.fix}"
        line_number, column = position
        line = self.source.split("\n")[line_number - 1]
        width = max(1, min(self.span.stop - self.span.start, len(line) - column + 1))
        text, lead, carets = _excerpt(line, column - 1, width)
        gutter = f"{line_number} " if "\n" in self.source.strip() else ""
        note = f" {self.fix}" if self.fix else ""
        marks = f"{' ' * len(gutter)}| {' ' * lead}{'^' * carets}{note}"
        shown = f"{head}\n  {gutter}| {text}\n  {marks}"
        return "\n".join([shown, *map(_trace, self.span.sites)])

    def __str__(self) -> str:
        return self.render()

    def __repr__(self) -> str:
        line, column = self.position or (None, None)
        where = "" if line is None else f" at line {line}, column {column}"
        return f"<Diagnostic {self.severity}[{self.code}]{where}: {printable(self.message)}>"

    def to_dict(self) -> dict[str, Any]:
        """The diagnostic as plain data, ready for JSON."""
        line, column = self.position or (None, None)
        start, stop = (None, None) if self.span == NOWHERE else self.span[:2]
        return {
            "code": self.code,
            "name": self.name,
            "severity": self.severity,
            "message": self.message,
            "start": start,
            "stop": stop,
            "line": line,
            "column": column,
            "fix": self.fix,
            "replacement": self.replacement,
            "definitions": [site.name for site in self.span.sites],
            "file": self.file or None,
            "place": self.place or None,
        }


def _trace(site: Site) -> str:
    """The place in a definition that an error comes from, as shown to the user."""
    here = Diagnostic(EMPTY, "", Span(site.start, site.stop), site.source)
    _, *excerpt = here.render().split("\n")
    where = f", {site.file}" if site.file else ""
    return "\n".join([f"  in the definition of `{site.name}`{where}:", *excerpt])


def _excerpt(line: str, start: int, width: int) -> tuple[str, int, int]:
    """The part of a line to show, the columns before the carets, and the number of carets."""
    stop = start + width
    first, last = max(0, start - _MARGIN), min(len(line), min(stop, start + _MARGIN) + _MARGIN)
    left = "…" if first > 0 else ""
    right = "…" if last < len(line) else ""
    shown = printable(line[first:last])
    marked = line[start : min(stop, last)]
    lead = len(left) + _columns(line[first:start])
    return f"{left}{shown}{right}", lead, max(1, _columns(marked))


def counted(count: int, noun: str) -> str:
    """A number of things, with the noun in the plural where it belongs.

    >>> counted(1, "error"), counted(0, "file")
    ('1 error', '0 files')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def printable(text: str) -> str:
    """The text with spaces for control characters, which a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)


def _columns(text: str) -> int:
    """The terminal columns of a text: East Asian wide characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


class SpecError(ValueError):
    """Mistakes in a spec, its context or its use; `diagnostics` has all of them.

    >>> raise SpecError([Diagnostic(EMPTY, "the spec is empty")])
    Traceback (most recent call last):
    lrdsl.diagnostics.SpecError: error[LR101]: the spec is empty
    """

    __module__ = "lrdsl.diagnostics"  # where users import it from, as tracebacks show it
    diagnostics: tuple[Diagnostic, ...]

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(d.render() for d in self.diagnostics))

    def __repr__(self) -> str:
        # Code that wraps errors shows their repr, such as Hydra's `instantiate`: the carets must be
        # under their words there too.
        return f"{type(self).__name__}:\n{self}"

    def __reduce__(self) -> tuple[type[SpecError], tuple[tuple[Diagnostic, ...]]]:
        return type(self), (self.diagnostics,)


def in_order(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Diagnostics of one source in the order of its text; the count of further ones comes last."""
    last = TOO_MANY_MISTAKES.code
    return sorted(found, key=lambda d: (d.code == last, *d.span[:2], d.code))
