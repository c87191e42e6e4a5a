"""Linting files and specs given as text, as one job with one outcome."""

from __future__ import annotations

from collections.abc import Iterable

from lrdsl.linter.engine import lint
from lrdsl.linter.files import find, lint_file, read_file
from lrdsl.linter.found import Located, Snippet, SourceFile, Unreadable
from lrdsl.linter.outcome import Outcome
from lrdsl.linter.project import Project


def check_files(paths: Iterable[str], project: Project) -> Outcome:
    """What is wrong in files, and in the files of folders.

    One that cannot be read is noted, and the others are linted all the same.
    """
    found: list[Located] = []
    files: dict[str, SourceFile] = {}
    unreadable: list[str] = []
    looked_at = 0
    for path in find(paths, project.exclude):
        looked_at += 1
        try:
            located = lint_file(path, project)
            if located:
                files[path] = read_file(path)
        except Unreadable as error:
            unreadable.append(str(error))
        else:
            found += located
    return Outcome(tuple(found), files, tuple(unreadable), looked_at)


def check_text(text: str, path: str, project: Project) -> Outcome:
    """What is wrong with a spec that stands in no file; `path` is what it is called."""
    snippet = Snippet.of_argument(text)
    diagnostics = lint(text, settings=project.settings_for(path), **project.context)
    found = [Located.of(path, diagnostic, snippet) for diagnostic in diagnostics]
    return Outcome(tuple(found), {path: SourceFile(path, text, (snippet,))}, given=1)
