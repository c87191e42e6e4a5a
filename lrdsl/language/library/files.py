"""The text of definitions, from wherever the user has it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error


def read_file(path: str | os.PathLike[str]) -> str:
    """The text of a `.lr` file; `SpecError` if it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        message = f"cannot read definitions from {os.fspath(path)!r}: {why}"
        raise spec_error(diag.BAD_FILE, message) from None


def text_of(definitions: object) -> str:
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
    if isinstance(definitions, Sequence):
        return "\n".join([text_of(each) for each in definitions])
    found = type(definitions).__name__
    message = f"`definitions` are text, or the names of `.lr` files, not {found}"
    raise spec_error(diag.BAD_FILE, message)
