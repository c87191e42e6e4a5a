"""Who reads a YAML file, as far as it shows: Hydra and OmegaConf take `1e-4` for a number."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

_SIGNS = re.compile(
    r"^(?:defaults|hydra):|^[ \t]*(?:- )?_(?:target|recursive|convert|self)_\b|\$\{|@package",
    re.MULTILINE,
)
MAX_BYTES = 2**16
MAX_FILES = 100
"""The beginnings of files that are looked at in a folder."""


def is_read_by_omegaconf(text: str, folder: str = "") -> bool:
    """Whether a config, or one in a folder above it, is for Hydra or OmegaConf.

    >>> is_read_by_omegaconf("defaults:\\n  - _self_"), is_read_by_omegaconf("lr: 1e-4", os.devnull)
    (True, False)
    """
    return _SIGNS.search(text) is not None or _is_hydras(os.path.abspath(folder))


@cache
def _is_hydras(folder: str) -> bool:
    """Whether the configs in and above a folder, up to the project's top, are Hydra's."""
    files = [path for end in ("*.yaml", "*.yml") for path in Path(folder).glob(end)]
    if any([_SIGNS.search(_beginning(path)) for path in files[:MAX_FILES]]):
        return True
    above = os.path.dirname(folder)
    tops = (".git", "pyproject.toml", "setup.py")
    is_top = any([os.path.lexists(os.path.join(folder, each)) for each in tops])
    return not is_top and above != folder and _is_hydras(above)


def _beginning(path: Path) -> str:
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return file.read(MAX_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return ""
