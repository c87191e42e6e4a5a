"""Discovery: the files in folders that may hold specs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path

from lrdsl.linter.ignored import MISSING, GitIgnore
from lrdsl.util.paths import is_within

SOURCES = {
    ".yaml": "yaml_document",
    ".yml": "yaml_document",
    ".py": "python_document",
    ".md": "markdown",
    ".lr": "lr_files",
}
"""The files that may hold specs, by the ends of their names: the module that reads them."""

_SKIPPED = ("__pycache__", "node_modules", "site-packages")


def find(
    paths: Iterable[str], exclude: Iterable[str] = (), notes: list[str] | None = None
) -> Iterator[str]:
    """The files to be linted: those named, and in folders all that may hold specs.

    Each comes once, those of a folder by name. Hidden folders are left out, and so is what git
    ignores, and what matches a pattern in `exclude`, by its name or its path. A link that leads
    back to a folder above it is given as it is, for `read_file` to complain about; so is a path
    that does not exist. `notes` gets a line if what git ignores cannot be told.
    """
    patterns = tuple(exclude)
    seen: set[str] = set()
    said = [] if notes is None else notes
    for path in paths:
        for file in _walk(path, patterns, said) if os.path.isdir(path) else [path]:
            whole = os.path.abspath(file)
            if whole not in seen:
                seen.add(whole)
                yield file


def _walk(top: str, exclude: tuple[str, ...], notes: list[str]) -> Iterator[str]:
    seen = {os.path.realpath(top)}
    unreadable: list[str] = []
    ignored = GitIgnore(top)
    walk = os.walk(top, onerror=lambda error: unreadable.append(error.filename), followlinks=True)
    for folder, inner, files in walk:
        kept = []
        here = os.path.realpath(folder)
        ignored.enter(here)
        for name in sorted([*inner, *files]):
            path = os.path.join(folder, name) if folder != "." else name
            if any([fnmatch(name, each) or fnmatch(path, each) for each in exclude]):
                continue
            if not os.path.isdir(path):  # of a link in a circle the entry itself cannot tell
                if extension_of(name) in SOURCES and not ignored.ignores(os.path.join(here, name)):
                    yield path
                continue
            real = os.path.realpath(path)
            if name.startswith(".") or name in _SKIPPED:
                continue
            if ignored.ignores(os.path.join(here, name), is_folder=True):
                continue
            if os.path.islink(path) and is_above(real, path):
                yield path
            elif real not in seen:
                seen.add(real)
                kept.append(name)
        inner[:] = kept
    yield from unreadable
    if not ignored.is_understood and MISSING not in notes:
        notes.append(MISSING)


def leads_out(path: str, named: Iterable[str]) -> bool:
    """Whether a file that was found in the named folders lies elsewhere, behind a link.

    A file that is named itself does not: whoever names a link means what it leads to.
    """
    every = [*named]
    files = [os.path.abspath(each) for each in every if not os.path.isdir(each)]
    real = Path(os.path.realpath(path))
    is_inside = any([is_within(real, Path(os.path.realpath(each))) for each in every])
    return not (is_inside or os.path.abspath(path) in files)


def is_above(real: str, path: str) -> bool:
    """Whether a folder is among those that a path lies in."""
    return is_within(Path(os.path.realpath(os.path.dirname(path) or ".")), Path(real))


def extension_of(path: str) -> str:
    """The end of a file's name, in small letters."""
    return os.path.splitext(path)[1].lower()
