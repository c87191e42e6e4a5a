"""What git ignores: the `.gitignore` files around and inside a folder that is searched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

MAX_BYTES = 2**20
"""The size of the largest `.gitignore` that is read."""

MISSING = "`.gitignore` is not honoured, as pathspec is not installed: `pip install 'lrdsl[lint]'`"
"""What is said of a `.gitignore` that cannot be understood."""


class GitIgnore:
    """The patterns of all `.gitignore` files that count below a folder.

    They are read when a folder is entered. The one that is nearest to a file counts first; those
    above the folder count from the top of its repository on, unless they ignore the folder itself,
    which somebody has named all the same.
    """

    def __init__(self, top: str) -> None:
        self.is_understood = True
        self._specs: dict[str, Any] = {}
        real = os.path.realpath(top)
        for above in _folders_above(real):
            self.enter(above)
        if self.ignores(real, is_folder=True):
            self._specs = {}
        self.enter(real)

    def enter(self, folder: str) -> None:
        """Read the `.gitignore` of a folder, given by its real path."""
        lines = _lines(os.path.join(folder, ".gitignore")) if folder not in self._specs else []
        if not lines:
            return
        try:
            from pathspec import GitIgnoreSpec
        except ImportError:
            self.is_understood = False
            return
        try:
            self._specs[folder] = GitIgnoreSpec.from_lines(lines)
        except ValueError:  # a pattern that git passes over, too
            good = [line for line in lines if _is_pattern(line)]
            self._specs[folder] = GitIgnoreSpec.from_lines(good)

    def ignores(self, real: str, is_folder: bool = False) -> bool:
        """Whether a file or a folder is ignored, given by its path without links above it."""
        folder = os.path.dirname(real)
        while self._specs:
            spec = self._specs.get(folder)
            if spec is not None:
                inside = os.path.relpath(real, folder).replace(os.sep, "/")
                included = spec.check_file(f"{inside}/" if is_folder else inside).include
                if included is not None:
                    return bool(included)
            if folder == os.path.dirname(folder):
                break
            folder = os.path.dirname(folder)
        return False


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


def _folders_above(real: str) -> Iterator[str]:
    """The folders from the top of the repository that a folder lies in, down to above it."""
    found: list[str] = []
    folder = real
    while not os.path.lexists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return  # it lies in no repository
        found.append(above)
        folder = above
    yield from reversed(found)


def _lines(path: str) -> list[str]:
    """The lines of a file; none if there is none, or it is no such file."""
    try:
        if not os.path.isfile(path) or os.path.getsize(path) > MAX_BYTES:
            return []
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except OSError:
        return []
