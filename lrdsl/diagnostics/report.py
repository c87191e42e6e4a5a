"""Mistakes as the stages note them, and the report that is made of them in one place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lrdsl.diagnostics.diagnostic import Diagnostic, SpecError, in_order
from lrdsl.diagnostics.problems import TOO_MANY_MISTAKES, Problem
from lrdsl.diagnostics.spans import NOWHERE, SourceMappedText, Span, place_in
from lrdsl.diagnostics.suggestion import Suggestion, ask

MAX_REPORTED = 100
"""Diagnostics beyond this number are counted, not shown."""


class Mistake(NamedTuple):
    """A mistake as the parser or a stage of the compiler notes it, without the text it is in.

    `meant` is the search for what a mistyped name may stand for. What it finds is the fix; where it
    finds nothing, or there is no search, `fix` and `replacement` are.
    """

    problem: Problem
    message: str
    span: Span = NOWHERE
    meant: Suggestion | None = None
    fix: str | None = None
    replacement: str | None = None

    def diagnostic(self, source: str = "", file: str = "") -> Diagnostic:
        """The mistake as users see it, in the text it was found in.

        >>> from lrdsl.diagnostics import UNKNOWN_NAME
        >>> meant = Suggestion("cosin", ["linear", "cosine"])
        >>> mistake = Mistake(UNKNOWN_NAME, "there is no shape `cosin`", Span(0, 5), meant)
        >>> mistake.diagnostic("cosin(1, 0, 9)").fix
        'did you mean `cosine`?'
        """
        problem, message, span, meant, fix, replacement = self
        found = None if meant is None else meant.find()
        if found is not None:
            fix, replacement = ask(found), found
        if span == NOWHERE or span.sites or isinstance(source, SourceMappedText):
            replacement = None  # the text there is not the user's
        place = place_in(source, span)
        return Diagnostic(problem, message, span, source, fix, replacement, file, place)


class Reporter:
    """Collects the diagnostics of one source, each once, in the order of the text."""

    def __init__(self, source: str, file: str = "") -> None:
        self.source = source
        self.file = file
        self._found: dict[tuple[object, ...], Diagnostic] = {}
        self._more = 0

    def report_all(self, mistakes: Iterable[Mistake]) -> Reporter:
        """Add mistakes, and return the Reporter itself.

        A second one of the same kind about the same place is dropped.
        """
        for mistake in mistakes:
            problem, message, span = mistake[:3]
            # A call can lead to several mistakes in its definition, and to one of them many times.
            key = (problem, span.start, span.stop, message if span.sites else "")
            if key in self._found:
                continue
            if len(self._found) < MAX_REPORTED:
                self._found[key] = mistake.diagnostic(self.source, self.file)
            else:
                self._more += 1
        return self

    @property
    def diagnostics(self) -> Sequence[Diagnostic]:
        """The diagnostics so far, in the order of the text."""
        found = in_order(self._found.values())
        if self._more:
            found.append(self._others_like(found[0]))
        return found

    def _others_like(self, shown: Diagnostic) -> Diagnostic:
        """The count of further mistakes, or of further findings of the same rule."""
        if shown.severity == "error":
            return Diagnostic(TOO_MANY_MISTAKES, f"there are {self._more} mistakes more")
        problem = TOO_MANY_MISTAKES._replace(severity=shown.severity)
        return Diagnostic(problem, f"there are {self._more} findings more of `{shown.name}`")

    def check(self) -> None:
        """Raise a `SpecError` if there is any diagnostic."""
        if self._found:
            raise SpecError(self.diagnostics)


def spec_error(
    problem: Problem, message: str, *, meant: Suggestion | None = None, fix: str | None = None
) -> SpecError:
    """A `SpecError` about a Python call, where there is no text to point at.

    `meant` is the search for what a wrong name may stand for, and `fix` is for where it fails.

    >>> from lrdsl.diagnostics import UNKNOWN_NAME
    >>> meant = Suggestion("no-sutch", ["no-such", "other"])
    >>> raise spec_error(UNKNOWN_NAME, "no rule is called `no-sutch`", meant=meant)
    Traceback (most recent call last):
    lrdsl.diagnostics.SpecError: error[LR201]: no rule is called `no-sutch`
      = did you mean `no-such`?
    """
    return SpecError([Mistake(problem, message, NOWHERE, meant, fix).diagnostic()])
