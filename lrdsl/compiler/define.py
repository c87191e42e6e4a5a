"""`load` and `define`: definitions for all specs of this process."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from lrdsl import diagnostics as diag
from lrdsl.compiler.check_definitions import check_definitions
from lrdsl.diagnostics import spec_error
from lrdsl.language.language import Language, change, current
from lrdsl.language.library.files import read_file
from lrdsl.syntax.definition import Definition


def load(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Make the definitions of a `.lr` file known to all specs compiled from now on.

    Returns their names. A file may be loaded again after it has changed, and what it no longer
    defines is forgotten; a name that another file defines otherwise is refused. Raises `SpecError`
    with every mistake in the file, and has changed nothing then. A schedule carries the definitions
    that it uses, so that a pickle or a checkpoint does not need the file.

    >>> import tempfile, pathlib, lrdsl
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "mine.lr")
    ...     _ = path.write_text("def trapezoid(peak, n) = wsd(peak, n, 8*n, n)")
    ...     lrdsl.load(path)
    ('trapezoid',)
    >>> lrdsl.compile("trapezoid(0.1, 10)").length
    100
    """
    return _define(read_file(path), os.path.basename(path), os.path.abspath(path))


def define(text: str) -> tuple[str, ...]:
    """Make definitions known to all specs compiled from now on; returns their names.

    Definitions made in this way may be made again. Raises `SpecError` with every mistake found.

    >>> import lrdsl
    >>> lrdsl.define("def plateau_free(peak) = warmup(10) >> constant(peak)")
    ('plateau_free',)
    """
    return _define(text)


def _define(text: str, file: str = "", home: str = "") -> tuple[str, ...]:
    """Add definitions, read at `home`, to the current language."""
    found = check_definitions(text, current(), file)
    change(lambda language: _with_definitions(language, found, home))
    return tuple(found)


def _with_definitions(language: Language, found: Mapping[str, Definition], home: str) -> Language:
    """The language with definitions; `SpecError` if one of them is defined otherwise elsewhere."""
    known = language.definitions
    for name, definition in found.items():
        before = known.shared.get(name)
        if before is not None and before.home != home and str(before) != str(definition):
            where = before.home or "by `lrdsl.define`"
            message = f"`{name}` has been defined already: {where}"
            raise spec_error(diag.DUPLICATE_NAME, message, fix="choose another name")
    return replace(language, definitions=known.with_shared(found, home))
