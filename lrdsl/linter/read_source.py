"""Reading source files: the specs in a file of any kind that the linter knows."""

from __future__ import annotations

import os
from importlib import import_module

from lrdsl.linter.discovery import SOURCES, extension_of, is_above
from lrdsl.linter.source_file import Malformed, SourceFile, Unreadable
from lrdsl.linter.suppressions import ignores_file, suppressions
from lrdsl.util import guarded_read


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
        return guarded_read.read_text(path)
    except guarded_read.CannotRead as error:
        why = _why_no_folder(path) if error.folder else error.why
        raise Unreadable(f"{path}: {why[:1].lower()}{why[1:]}") from None


def _why_no_folder(path: str) -> str:
    """Why the files in a folder that was found are not read."""
    if os.path.islink(path) and is_above(os.path.realpath(path), path):
        return "this link leads back to a folder above it"
    try:
        os.scandir(path).close()
    except OSError as error:
        return error.strerror or str(error)
    return "this is a folder"
