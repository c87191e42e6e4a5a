"""New text in place of pieces of the specs in a file; everything else stays as it is."""

from __future__ import annotations

from collections.abc import Iterable

from lrdsl.linter.found import Snippet, SourceFile

Edit = tuple[Snippet, int, int, str]
"""A snippet, the characters `start` to `stop` of its text, and what is put in their place."""


class CannotWrite(Exception):
    """Text that cannot stand where it is wanted; the message says why."""


def replace_in(file: SourceFile, edits: Iterable[Edit]) -> str:
    """The file's text with pieces of its snippets replaced, quoted as each snippet's style needs.

    Raises CannotWrite, before anything is changed, where a text cannot stand in its place.
    """
    raise NotImplementedError
