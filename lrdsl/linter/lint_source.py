"""Linting a source file: the diagnostics of its snippets, at their places in the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lrdsl.compiler.check_definitions import check_definitions
from lrdsl.diagnostics import Diagnostic, SpecError
from lrdsl.language.language import current
from lrdsl.linter.config import Project
from lrdsl.linter.diagnose import diagnose
from lrdsl.linter.engine import Settings
from lrdsl.linter.source_file import LocatedDiagnostic, Snippet, SourceFile
from lrdsl.linter.suppressions import is_ignored


def lint_source(file: SourceFile, project: Project) -> list[LocatedDiagnostic]:
    """The diagnostics of the specs in a file, in the order of the file."""
    settings = project.settings_for(file.path)
    found: list[LocatedDiagnostic] = []
    for snippet in _without_unsound_definitions(file.snippets):
        for diagnostic in _diagnostics(snippet, project, settings):
            located = LocatedDiagnostic.of(file.path, diagnostic, snippet)
            line, _ = file.position(located.start)
            if not is_ignored(diagnostic.code, diagnostic.name, snippet.ignored.get(line)):
                found.append(located)
    return sorted(found, key=lambda each: (each.start, each.stop, each.diagnostic.code))


def _without_unsound_definitions(snippets: Sequence[Snippet]) -> list[Snippet]:
    """The snippets of a file; specs whose definitions have mistakes need only be readable.

    The mistakes are reported where the definitions stand, and would make the rest guesswork.
    """
    unsound = {x.text for x in snippets if x.role == "definitions" and not _is_sound(x.text)}
    if not unsound:
        return [*snippets]
    found = []
    for snippet in snippets:
        own = {snippet.context.get("definitions"), *snippet.origin.definitions}
        found.append(snippet if unsound.isdisjoint(own) else replace(snippet, role="piece"))
    return found


def _is_sound(definitions: str) -> bool:
    try:
        check_definitions(definitions, current())
    except SpecError:
        return False
    return True


def _diagnostics(snippet: Snippet, project: Project, settings: Settings) -> list[Diagnostic]:
    """The diagnostics of a snippet; equal texts at the same kind of place are linted once."""
    context = {**project.context, **snippet.context}
    both = [
        each["definitions"]
        for each in (project.context, snippet.context)
        if each.get("definitions")
    ]
    if both:
        context["definitions"] = "\n".join(both)
    place = repr((context, snippet.origin, settings))
    key = (snippet.role, snippet.text, snippet.mistakes, place)
    if key not in project.linted:
        project.linted[key] = diagnose(snippet, settings, context)
    return project.linted[key]
