"""Linting a source file: the diagnostics of its snippets, at their places in the file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lrdsl import diagnostics as diag
from lrdsl.compiler.batches import run_context
from lrdsl.compiler.check_definitions import check_definitions
from lrdsl.diagnostics import Diagnostic, Span, SpecError
from lrdsl.language.failures import reason_of
from lrdsl.language.language import Language, current
from lrdsl.linter.config import Project
from lrdsl.linter.engine import Settings, lint_text, matches
from lrdsl.linter.source_file import LocatedDiagnostic, Snippet, SourceFile
from lrdsl.linter.unchecked import DEFINITIONS, Findings, Missing, UncheckedSpec
from lrdsl.syntax.parser import parse_spec

_ARGUMENTS = (
    diag.TOO_MANY_ARGUMENTS,
    diag.REPEATED_ARGUMENT,
    diag.CONFLICTING_ARGUMENTS,
    diag.WRONG_KIND,
)


class LocatedFindings(list[LocatedDiagnostic]):
    """The diagnostics in a file, and the specs there that were not checked in full.

    `overruled` counts the specs for which the command line says something else of the run than the
    file does.
    """

    def __init__(
        self,
        found: Iterable[LocatedDiagnostic],
        unchecked: Iterable[UncheckedSpec] = (),
        overruled: int = 0,
    ) -> None:
        super().__init__(found)
        self.unchecked = tuple(unchecked)
        self.overruled = overruled


def lint_source(file: SourceFile, project: Project) -> LocatedFindings:
    """The diagnostics of the specs in a file, in the order of the file.

    Equal texts at the same kind of place are linted once. A spec whose definitions have mistakes
    need only be readable: these are reported where the definitions stand, and would make the rest
    guesswork.
    """
    settings = project.settings_for(file.path)
    mistakes = _mistakes_in_definitions(file)
    found: list[LocatedDiagnostic] = []
    unchecked: list[UncheckedSpec] = []
    overruled = 0
    for snippet in file.snippets:
        known = snippet.within(project.context, project.typed)
        overruled += any([known.context[name] != x for name, x in snippet.context.items()])
        if snippet.role == "definitions":
            known = replace(known, mistakes=mistakes.get(snippet.text, ()))
        elif not mistakes.keys().isdisjoint(snippet.origin.definitions):
            known = replace(known, role="piece")
        place = repr((known.context, known.origin, settings))
        key = (known.role, known.text, known.mistakes, place)
        if key not in project.linted:
            project.linted[key] = lint_snippet(known, settings)
        if missing := project.linted[key].missing:
            line, column = file.position(snippet.start)
            unchecked.append(UncheckedSpec(file.path, line, column, snippet.text, missing))
        located = [LocatedDiagnostic.of(file.path, x, snippet) for x in project.linted[key]]
        found += [each for each in located if not _is_ignored(file, each)]
    found.sort(key=lambda each: (each.start, each.stop, each.diagnostic.code))
    return LocatedFindings(found, unchecked, overruled)


def _mistakes_in_definitions(file: SourceFile) -> dict[str, tuple[Diagnostic, ...]]:
    """The mistakes of the definitions in a file, by their text.

    Definitions that may call others with mistakes are not looked at.
    """
    mistakes: dict[str, tuple[Diagnostic, ...]] = {}
    for each in file.snippets:
        others = each.origin.definitions
        if each.role == "definitions" and mistakes.keys().isdisjoint(others):
            above = "".join([f"{text}\n" for text in others])
            try:
                check_definitions(above + each.text, current())
            except SpecError as error:
                found = [_behind(above, each.text, mistake) for mistake in error.diagnostics]
                mistakes[each.text] = tuple(found)
            except Exception as error:  # other specs are linted all the same
                mistakes[each.text] = (internal_mistake(each.text, error),)
    return mistakes


def _behind(above: str, text: str, found: Diagnostic) -> Diagnostic:
    """A mistake in definitions that were read behind others, as one of their text alone."""
    start, stop, sites = found.span
    return replace(found, source=text, span=Span(start - len(above), stop - len(above), sites))


def _is_ignored(file: SourceFile, found: LocatedDiagnostic) -> bool:
    """Whether a comment suppresses a diagnostic.

    One on the first or the last line of a spec holds for all of it: the others may have no place
    for a comment.
    """
    start, stop = found.snippet.extent or (found.start, found.start)
    lines = {file.position(at)[0] for at in (found.start, start, max(start, stop - 1))}
    every = [file.ignored[line] for line in lines if line in file.ignored]
    code, name = found.diagnostic.code, found.diagnostic.name
    return any([not words or any([matches(x, code, name) for x in words]) for words in every])


def lint_snippet(snippet: Snippet, settings: Settings) -> Findings:
    """The diagnostics of a snippet, except for those that come of what its file does not show.

    >>> lint_snippet(Snippet.of_argument("cosin(1, 0, 9)"), Settings())[0].name
    'unknown-name'
    """
    found: Iterable[Diagnostic] = snippet.mistakes
    missing: Iterable[Missing] = ()
    try:
        if snippet.role == "piece" and not found:
            found = tuple(parse_spec(snippet.text).diagnostics)
        elif snippet.role == "spec" and not found:
            run = run_context(**{**snippet.context, "definitions": snippet.origin.definitions})
            every = lint_text(snippet.text, run, settings, snippet.origin)
            found, missing = every, every.missing
    except SpecError as error:  # in what is known of the run
        found = error.diagnostics
    except Exception as error:  # other specs are linted all the same
        found = (internal_mistake(snippet.text, error),)
    kept = [
        each
        for each in found
        if settings.uses(each.code, each.name) and not _comes_of_the_unknown(each, snippet)
    ]
    unread = snippet.origin.unread_definitions
    if unread and not (snippet.context.get("definitions") or _has_library()):
        missing = [*missing, Missing(f"`{unread}`, which cannot be read here", DEFINITIONS)]
    return Findings(kept, missing)


def _has_library() -> bool:
    """Whether definitions have been loaded beside those that come with lrdsl."""
    return not current().definitions.keys() <= Language().definitions.keys()


def internal_mistake(text: str, error: Exception) -> Diagnostic:
    """The diagnostic of a text that lrdsl itself fails on."""
    fix = "please report it, with this text"
    message = f"lrdsl fails on this text, which is its own mistake: {reason_of(error)}"
    return Diagnostic(diag.INTERNAL, message, Span(0, len(text)), text, fix)


def _comes_of_the_unknown(found: Diagnostic, snippet: Snippet) -> bool:
    """Whether a complaint is about something that the document does not show."""
    if found.problem is diag.UNKNOWN_NAME and snippet.origin.definitions_unknown:
        return True
    if found.source != snippet.text:
        return False
    start, stop = found.span[:2]
    if any([first <= start and stop <= last for first, last in snippet.unknown]):
        return True
    if found.problem not in _ARGUMENTS:
        return False
    # The unknown may be a mode or a word, after which the others are other parameters'.
    own = _bracket_around(snippet.text, start)
    return any([_bracket_around(snippet.text, first) == own for first, _ in snippet.unknown])


def _bracket_around(text: str, at: int) -> int:
    """The offset at which the innermost bracket around a character opens; -1 if there is none."""
    depth = 0
    for i in range(at - 1, -1, -1):
        depth += (text[i] in ")]") - (text[i] in "([")
        if depth < 0:
            return i
    return -1
