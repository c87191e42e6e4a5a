"""Linting files and specs given as text, as one job with one outcome."""

from __future__ import annotations

from collections.abc import Iterable

from lrdsl.linter.files import find, lint_source, read_file
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
            file = read_file(path)
        except Unreadable as error:
            unreadable.append(str(error))
            continue
        located = lint_source(file, project)
        if located:
            files[path] = file
            found += located
    return Outcome(tuple(found), files, tuple(unreadable), looked_at)


def check_text(text: str, name: str, project: Project) -> Outcome:
    """What is wrong with a spec that stands in no file.

    >>> found = check_text("cosin(1, 0, 9)", "<spec>", Project()).found
    >>> [(each.path, each.start, each.diagnostic.name) for each in found]
    [('<spec>', 0, 'unknown-name')]
    """
    file = SourceFile(name, text, (Snippet.of_argument(text),))
    return Outcome(tuple(lint_source(file, project)), {name: file}, given=1)
