"""The diagnostics of a snippet, but for those that come of what its document does not show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrdsl import diagnostics as diag
from lrdsl.compiler.check_definitions import check_definitions
from lrdsl.diagnostics import Diagnostic, SpecError
from lrdsl.language.language import current
from lrdsl.linter.engine import Settings, lint
from lrdsl.linter.source_file import Snippet
from lrdsl.syntax.parser import parse_spec

_ARGUMENTS = (
    diag.TOO_MANY_ARGUMENTS,
    diag.REPEATED_ARGUMENT,
    diag.CONFLICTING_ARGUMENTS,
    diag.WRONG_KIND,
)


def diagnose(
    snippet: Snippet, settings: Settings, context: Mapping[str, Any] | None = None
) -> list[Diagnostic]:
    """The diagnostics of a snippet; `context` takes the place of what it says of the run.

    >>> diagnose(Snippet.of_argument("cosin(1, 0, 9)"), Settings())[0].name
    'unknown-name'
    """
    run = snippet.context if context is None else context
    found = _found(snippet, settings, run)
    return [each for each in found if not _comes_of_the_unknown(each, snippet)]


def _found(snippet: Snippet, settings: Settings, context: Mapping[str, Any]) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    try:
        if snippet.mistakes:
            found = [*snippet.mistakes]
        elif snippet.role == "spec":
            return lint(snippet.text, settings=settings, origin=snippet.origin, **context)
        elif snippet.role == "piece":
            found = [*parse_spec(snippet.text).diagnostics]
        else:
            check_definitions(snippet.text, current())
    except SpecError as error:  # of the context, too
        found = [*error.diagnostics]
    return [each for each in found if settings.uses(each.code, each.name)]


def _comes_of_the_unknown(found: Diagnostic, snippet: Snippet) -> bool:
    """Whether a complaint is about something that the document does not show."""
    if found.problem is diag.UNKNOWN_NAME and snippet.origin.definitions_unknown:
        return True
    if found.source != snippet.text:
        return False
    start, stop = found.span[:2]
    if any([first <= start and stop <= last for first, last in snippet.unknown]):
        return True
    if found.problem in _ARGUMENTS and snippet.unknown:
        # The unknown may be a mode or a word, after which the others are other parameters'.
        own = _bracket_around(snippet.text, start)
        return any([_bracket_around(snippet.text, first) == own for first, _ in snippet.unknown])
    return False


def _bracket_around(text: str, at: int) -> int:
    """The offset at which the innermost bracket around a character opens; -1 if there is none."""
    depth = 0
    for i in range(at - 1, -1, -1):
        if text[i] in ")]":
            depth += 1
        elif text[i] in "([":
            if depth == 0:
                return i
            depth -= 1
    return -1
