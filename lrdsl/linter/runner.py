"""Runs the linter over files, in parallel if there are many, or over a spec given as text."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING

from lrdsl.language.failures import reason_of
from lrdsl.linter.config import Project
from lrdsl.linter.lint_source import lint_source
from lrdsl.linter.result import LintResult
from lrdsl.linter.source_file import LocatedDiagnostic, Snippet, SourceFile, Unreadable
from lrdsl.linter.unchecked import UncheckedSpec

if TYPE_CHECKING:
    from lrdsl.linter.ownership import Ownership

_FILES_PER_CHUNK = 32
"""Files that a process lints at a time; fewer files are linted in one process."""


def check_files(paths: Iterable[str], project: Project) -> LintResult:
    """The diagnostics of files, and of the files in folders.

    A file that cannot be read is listed in the result, and the others are linted all the same.
    Many files are shared among as many processes as there are processors, up to 8. The files of a
    process that was killed are listed as unreadable.
    """
    from lrdsl.linter.discovery import find  # a spec given as text needs none of this
    from lrdsl.linter.ownership import Ownership

    notes: list[str] = []
    named = [*paths]
    files = list(find(named, project.exclude, notes))
    chunks = [files[i : i + _FILES_PER_CHUNK] for i in range(0, len(files), _FILES_PER_CHUNK)]
    check = partial(_check, project=project, ownership=Ownership(named, project))
    return LintResult.of([LintResult(notes=tuple(notes)), *_results(chunks, check)])


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


def _check(paths: list[str], project: Project, ownership: Ownership) -> LintResult:
    from lrdsl.linter.ownership import is_foreign
    from lrdsl.linter.read_source import read_file

    found: list[LocatedDiagnostic] = []
    unchecked: list[UncheckedSpec] = []
    files: dict[str, SourceFile] = {}
    unreadable: list[str] = []
    notes: list[str] = []
    overruled = 0
    for path in paths:
        try:
            file = read_file(path)
            located = lint_source(file, project)
        except Unreadable as error:
            passed_over = not ownership.is_named(path) and is_foreign(path)
            (notes if passed_over else unreadable).append(str(error))
            continue
        except Exception as error:  # other files are linted all the same
            why = f"lrdsl fails on this file, which is its own mistake: {reason_of(error)}"
            unreadable.append(f"{path}: {why}")
            continue
        unchecked += located.unchecked
        overruled += located.overruled
        if located:
            files[path] = file
            found += located
    return LintResult(
        tuple(found),
        files,
        tuple(unreadable),
        len(paths),
        unchecked=tuple(unchecked),
        notes=tuple(notes),
        overruled=overruled,
    )


def check_text(text: str, name: str, project: Project) -> LintResult:
    """The diagnostics of a spec that is given as text.

    >>> found = check_text("cosin(1, 0, 9)", "<spec>", Project()).found
    >>> [(each.path, each.start, each.diagnostic.name) for each in found]
    [('<spec>', 0, 'unknown-name')]
    """
    file = SourceFile(name, text, (Snippet.of_argument(text),))
    found = lint_source(file, project)
    return LintResult(tuple(found), {name: file}, given=1, unchecked=found.unchecked)
