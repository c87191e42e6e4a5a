"""`load` and `define`: definitions for all specs of this process."""

from __future__ import annotations

import os
from collections.abc import Mapping

from lrdsl import diagnostics as diag
from lrdsl.compiler.check_definitions import check_definitions
from lrdsl.diagnostics import spec_error
from lrdsl.language.library import loaded, register
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
    return _keep(check_definitions(read_file(path), os.path.basename(path)), os.path.abspath(path))


def define(text: str) -> tuple[str, ...]:
    """Make definitions known to all specs compiled from now on; returns their names.

    Definitions made in this way may be made again. Raises `SpecError` with every mistake found.

    >>> import lrdsl
    >>> lrdsl.define("def plateau_free(peak) = warmup(10) >> constant(peak)")
    ('plateau_free',)
    """
    return _keep(check_definitions(text), "")


_HOMES: dict[str, str] = {}
"""Where each definition of this process was read, so that it can be read again there alone."""


def _keep(found: Mapping[str, Definition], home: str) -> tuple[str, ...]:
    known = loaded()
    for name, definition in found.items():
        elsewhere = _HOMES.get(name, home)
        if elsewhere != home and str(known[name]) != str(definition):
            where = elsewhere or "by `lrdsl.define`"
            message = f"`{name}` has been defined already: {where}"
            raise spec_error(diag.DUPLICATE_NAME, message, fix="choose another name")
    gone = {name for name in known if home and _HOMES.get(name) == home} - set(found)
    register(found, gone)
    for name in gone:
        del _HOMES[name]
    _HOMES.update(dict.fromkeys(found, home))
    return tuple(found)
