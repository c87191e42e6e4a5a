"""Reading source files: the specs in a file of any kind that the linter knows."""

from __future__ import annotations

import os
import stat
from importlib import import_module

from lrdsl.linter.discovery import SOURCES, extension_of, is_above
from lrdsl.linter.source_file import Malformed, SourceFile, Unreadable
from lrdsl.linter.suppressions import ignores_file, suppressions

MAX_FILE_BYTES = 10 * 2**20
"""The size of the largest file that is read."""


def read_file(path: str) -> SourceFile:
    """A file with the specs in it. Raises Unreadable."""
    return read_text(path, _text(path))


def read_text(path: str, text: str) -> SourceFile:
    """The specs in a text, as if it stood in the file of that name.

    >>> read_text("a.yaml", "lr: cosine(1, 0, 800)").snippets[0].start
    4
    """
    extension = extension_of(path)
    if extension not in SOURCES:
        known = ", ".join(SOURCES)
        raise Unreadable(f"{path}: specs are looked for in {known} files")
    if ignores_file(text, extension == ".md"):
        return SourceFile(path, text)
    try:
        # Each source is imported when it is used: few runs of the linter need them all.
        source = import_module(f"lrdsl.linter.sources.{SOURCES[extension]}")
        return SourceFile(path, text, tuple(source.snippets(text, path)), suppressions(text))
    except Malformed as error:
        raise Unreadable(f"{path}: {error}") from None


def _text(path: str) -> str:
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            above = os.path.islink(path) and is_above(os.path.realpath(path), path)
            why = "this link leads back to a folder above it" if above else "this is a folder"
            if not above:
                os.scandir(path).close()  # says so if it is not to be read
            raise Unreadable(f"{path}: {why}")
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable(f"{path}: this is no regular file")
        if status.st_size > MAX_FILE_BYTES:
            size = status.st_size / 2**20
            raise Unreadable(f"{path}: this has {size:.0f} MB; files of up to 10 MB are read")
        with open(path, "rb") as file:
            return file.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path}: this is no UTF-8 text: see byte {error.start}") from None
    except (OSError, ValueError) as error:
        if os.path.islink(path) and not os.path.exists(path):
            raise Unreadable(f"{path}: this is a broken link") from None
        why = getattr(error, "strerror", None) or str(error)
        raise Unreadable(f"{path}: {why[:1].lower()}{why[1:]}") from None
