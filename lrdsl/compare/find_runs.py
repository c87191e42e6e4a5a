"""The runs under folders: where their logs are, and what Hydra wrote beside them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error

HYDRA = ".hydra"
"""The folder that Hydra leaves in a run's folder."""


class RunFolder(NamedTuple):
    """A run: its name among the others, its folder, its log and Hydra's folder, where there are."""

    name: str
    folder: Path
    log: Path | None
    hydra: Path | None


def find_runs(paths: Iterable[str | os.PathLike[str]], file: str) -> list[RunFolder]:
    """The runs at and under some folders, in the order of their names, 2 before 10.

    A folder with a log, a file of the name `file`, is a run, and so is one with `.hydra`; a log
    that lies deeper in such a folder belongs to that run. A path can also be that of a log. Other
    folders whose names begin with a dot are left out, and links are not followed.

    Raises `SpecError` for a path that does not exist.
    """
    roots = [Path(os.path.abspath(path)) for path in paths]
    found: dict[str, RunFolder] = {}
    for root in roots:
        if not os.path.exists(root):
            raise spec_error(diag.BAD_FILE, f"there is no folder {os.fspath(root)}")
        for run in _at(root, file):
            found.setdefault(os.path.realpath(run.log or run.folder), run)
    base = _above(roots)
    named = [run._replace(name=_name(run, base, file)) for run in found.values()]
    return sorted(named, key=lambda run: _natural(run.name))


def _above(roots: Sequence[Path]) -> Path | None:
    """The nearest folder that has them all; None if they are on different drives."""
    try:
        base = os.path.commonpath(roots)
    except ValueError:
        return None
    return Path(base) if os.path.isdir(base) else Path(base).parent


def _name(run: RunFolder, base: Path | None, file: str) -> str:
    """The folder within all that is compared, or a log's own name where it has another one."""
    place = run.folder if run.log is None or run.log.name == file else run.log
    name = os.fspath(place) if base is None else os.path.relpath(place, base)
    return place.name if name == "." else name


def _at(root: Path, file: str) -> Iterator[RunFolder]:
    """The runs at and under a folder, or the run of a log; they have no names yet."""
    if not os.path.isdir(root):
        hydra = root.parent / HYDRA
        yield RunFolder("", root.parent, root, hydra if hydra.is_dir() else None)
        return
    hydras: dict[Path, Path | None] = {}  # of each folder, its own or the nearest above
    with_log: set[Path | None] = set()
    for folder, folders, files in os.walk(root):
        place = Path(folder)
        hydras[place] = place / HYDRA if HYDRA in folders else hydras.get(place.parent)
        folders[:] = [name for name in folders if not name.startswith(".")]
        if file in files:
            with_log.add(hydras[place])
            yield RunFolder("", place, place / file, hydras[place])
    for own in dict.fromkeys(hydras.values()):
        if own is not None and own not in with_log:
            yield RunFolder("", own.parent, None, own)


def _natural(name: str) -> list[tuple[int, int, str]]:
    """A key of names in which 2 comes before 10."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return [(0, int(part), "") if part[0] in "0123456789" else (1, 0, part) for part in parts]
