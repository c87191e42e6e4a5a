"""Files and folders: which are read, and what is wrong with the specs in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lrdsl.linter.found import Located, SourceFile
from lrdsl.linter.project import Project


def find(paths: Iterable[str], exclude: Iterable[str] = ()) -> Iterator[str]:
    """The files to be linted: those named, and in folders all that may hold specs."""
    raise NotImplementedError


def read_file(path: str) -> SourceFile:
    """A file with the specs in it. Raises Unreadable for what cannot be read."""
    raise NotImplementedError


def lint_file(path: str, project: Project) -> list[Located]:
    """What is wrong with the specs in a file. Raises Unreadable for what cannot be read."""
    raise NotImplementedError
