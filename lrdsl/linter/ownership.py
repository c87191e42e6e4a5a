"""Whose a file is: which specs in it lrdsl is known to read, and so may rewrite unasked.

A text such as `linear(1.0,0.1,100000)` may be of another program's small language. In a file that
was found in a folder only those specs are changed that are lrdsl's for certain; in one that was
named itself, all.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

from lrdsl.language.presets import GROUP
from lrdsl.linter.config import Project
from lrdsl.linter.source_file import Snippet, SourceFile
from lrdsl.linter.sources.heuristics import calls_known, is_spec_key

_WORD = "lrdsl"
_TELLING = ("*.toml", "*.py", "*.cfg", "requirements*.txt", "environment*.y*ml")
"""The files of a project that tell whether it uses lrdsl."""
MAX_BYTES = 2**20
MAX_TELLING_FILES = 200
"""The files of a folder that are looked at, and their size."""


class Ownership:
    """The files and folders that were named, and the project that they are in.

    >>> Ownership(["conf", "a.yaml"], Project()).is_named("./a.yaml")
    True
    """

    def __init__(self, named: Iterable[str], project: Project) -> None:
        self._named = frozenset([os.path.abspath(x) for x in named if not os.path.isdir(x)])
        self._has_settings = bool(project.root)

    def is_named(self, path: str) -> bool:
        """Whether a file was named itself."""
        return os.path.abspath(path) in self._named

    def narrowed(self, file: SourceFile) -> SourceFile:
        """A file in which only the specs may be changed that are lrdsl's for certain."""
        if self.is_named(file.path):
            return file
        uses_it = _WORD in file.text or self._has_settings or _uses_it(_folder_of(file.path))
        snippets = [
            each if _is_known(each, file.path, uses_it) else replace(each, writable=False)
            for each in file.snippets
        ]
        return replace(file, snippets=tuple(snippets))


def is_foreign(path: str) -> bool:
    """Whether a file that cannot be read is no business of lrdsl's, as far as can be seen."""
    if not os.path.exists(path) or (os.path.islink(path) and os.path.isdir(path)):
        return True  # a link to nothing, or back to a folder above
    if os.path.isdir(path):
        return False
    try:
        return not os.path.isfile(path) or not _may_hold_specs(path)
    except OSError:
        return False


def _may_hold_specs(path: str) -> bool:
    text = _beginning(path)
    return _WORD in text or calls_known(text)


def _is_known(snippet: Snippet, path: str, uses_it: bool) -> bool:
    if snippet.is_used or snippet.kind != "yaml":
        return True
    if os.path.basename(_folder_of(path)) == GROUP:
        return True
    key = snippet.origin.key.rpartition(".")[2]
    return uses_it and (is_spec_key(key) or ">>" in snippet.text or snippet.role == "definitions")


def _folder_of(path: str) -> str:
    return os.path.dirname(os.path.abspath(path))


@cache
def _uses_it(folder: str) -> bool:
    """Whether a project that a folder is in uses lrdsl, as the files in and above it tell."""
    if any([_WORD in _beginning(path) for path in _telling(folder)]):
        return True
    above = os.path.dirname(folder)
    is_top = above == folder or os.path.lexists(os.path.join(folder, ".git"))
    return not is_top and _uses_it(above)


def _telling(folder: str) -> list[str]:
    found = [str(path) for pattern in _TELLING for path in Path(folder).glob(pattern)]
    return found[:MAX_TELLING_FILES]


def _beginning(path: str) -> str:
    """The first characters of a regular file, "" of anything else."""
    try:
        if not os.path.isfile(path):
            return ""
        with open(path, "rb") as file:
            return file.read(MAX_BYTES).decode("latin-1")
    except OSError:
        return ""
