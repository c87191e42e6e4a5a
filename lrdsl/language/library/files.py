"""The text of definitions, from wherever the user has it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.util import guarded_read

_LINE_END = re.compile(r"\r\n?")


def read_file(path: str | os.PathLike[str]) -> str:
    """The text of a `.lr` file, without a byte-order mark; `SpecError` if it cannot be read."""
    name = os.fsdecode(path)
    try:
        if not name.lower().endswith(".lr"):  # messages show the lines of a file with mistakes
            raise guarded_read.CannotRead("the name of such a file ends in .lr")
        text = guarded_read.read_text(name)
    except guarded_read.CannotRead as error:
        message = f"cannot read definitions from {name!r}: {error.why}"
        raise spec_error(diag.BAD_FILE, message) from None
    return _LINE_END.sub("\n", text.removeprefix("\ufeff"))


MAX_NESTING = 3
"""Levels of lists in which definitions are looked for."""


def text_of(definitions: object, depth: int = 0) -> str:
    """The text of definitions: as it is, or read from a file whose name ends in `.lr`.

    >>> text_of(["def half(a) = a / 2", "def quarter(a) = half(a) / 2"])
    'def half(a) = a / 2\\ndef quarter(a) = half(a) / 2'
    """
    if definitions is None:
        return ""
    if isinstance(definitions, os.PathLike) or (
        isinstance(definitions, str) and definitions.strip().endswith(".lr")
    ):
        return read_file(definitions)
    if isinstance(definitions, str):
        return definitions
    if isinstance(definitions, Sequence) and depth < MAX_NESTING:
        return "\n".join([text_of(each, depth + 1) for each in definitions])
    found = "lists in lists" if depth >= MAX_NESTING else type(definitions).__name__
    message = f"`definitions` are text, or the names of `.lr` files, not {found}"
    raise spec_error(diag.BAD_FILE, message)
