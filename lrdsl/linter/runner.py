"""Runs the linter over files, in parallel if there are many, or over a spec given as text."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from itertools import zip_longest

from lrdsl.language.failures import reason_of
from lrdsl.linter.config import Project
from lrdsl.linter.lint_source import lint_source
from lrdsl.linter.result import LintResult
from lrdsl.linter.source_file import LocatedDiagnostic, Snippet, SourceFile, Unreadable

_FILES_PER_CHUNK = 32
"""Files that a process lints at a time; fewer files are linted in one process."""


def check_files(paths: Iterable[str], project: Project) -> LintResult:
    """The diagnostics of files, and of the files in folders.

    A file that cannot be read is listed in the result, and the others are linted all the same.
    Many files are shared among as many processes as there are processors, up to 8. The files of a
    process that was killed are listed as unreadable.
    """
    from lrdsl.linter.discovery import find  # a spec given as text needs none of this

    files = list(find(paths, project.exclude))
    chunks = [files[i : i + _FILES_PER_CHUNK] for i in range(0, len(files), _FILES_PER_CHUNK)]
    return LintResult.of(_results(chunks, partial(_check, project=project)))


def _results(
    chunks: list[list[str]], check: Callable[[list[str]], LintResult]
) -> Iterable[LintResult]:
    import multiprocessing

    workers = min(len(chunks), os.cpu_count() or 1, 8)
    # A forked process has all shapes and definitions that were made known; others would not.
    if workers < 2 or "fork" not in multiprocessing.get_all_start_methods():
        yield from map(check, chunks)
        return
    from concurrent.futures import Future, ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    with ProcessPoolExecutor(workers, multiprocessing.get_context("fork")) as pool:
        futures: list[Future[LintResult]] = []
        with suppress(BrokenProcessPool):
            for chunk in chunks:
                futures.append(pool.submit(check, chunk))
        for chunk, future in zip_longest(chunks, futures):
            if future is None or isinstance(future.exception(), BrokenProcessPool):
                why = "this was not linted: a process of the linter was killed"
                yield LintResult(unreadable=tuple([f"{path}: {why}" for path in chunk]))
            else:
                yield future.result()


def _check(paths: list[str], project: Project) -> LintResult:
    from lrdsl.linter.read_source import read_file

    found: list[LocatedDiagnostic] = []
    files: dict[str, SourceFile] = {}
    unreadable: list[str] = []
    for path in paths:
        try:
            file = read_file(path)
            located = lint_source(file, project)
        except Unreadable as error:
            unreadable.append(str(error))
            continue
        except Exception as error:  # other files are linted all the same
            why = f"lrdsl fails on this file, which is its own mistake: {reason_of(error)}"
            unreadable.append(f"{path}: {why}")
            continue
        if located:
            files[path] = file
            found += located
    return LintResult(tuple(found), files, tuple(unreadable), len(paths))


def check_text(text: str, name: str, project: Project) -> LintResult:
    """The diagnostics of a spec that is given as text.

    >>> found = check_text("cosin(1, 0, 9)", "<spec>", Project()).found
    >>> [(each.path, each.start, each.diagnostic.name) for each in found]
    [('<spec>', 0, 'unknown-name')]
    """
    file = SourceFile(name, text, (Snippet.of_argument(text),))
    return LintResult(tuple(lint_source(file, project)), {name: file}, given=1)
