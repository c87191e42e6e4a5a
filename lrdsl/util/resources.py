"""Where the files that are not Python lie: `grammar/` and `conf/`, and what is cached.

The folders stand at the top of the repository, once. A wheel carries them inside the package; a
checkout and an editable install see them beside it.
"""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def folder(name: str) -> Path:
    """The folder `name` of this installation.

    >>> (folder("grammar") / "lrdsl.lark").is_file()
    True
    """
    for parent in (_PACKAGE, _PACKAGE.parent):
        if (parent / name).is_dir():
            return parent / name
    raise FileNotFoundError(f"this installation of lrdsl lacks its folder {name!r}: reinstall it")


def private_cache(name: str) -> Path | None:
    """A file to cache something in, in a folder that only this user can write to; or None.

    Caches are read back as pickles, so a folder that others can write to will not do.
    """
    homes = os.environ.get("XDG_CACHE_HOME", ""), os.path.expanduser("~/.cache")
    home = next(filter(os.path.isabs, homes), None)  # a relative one counts as none
    if home is None:
        return None
    folder = Path(home) / "lrdsl"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError:
        return None
    mine = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    private = os.name == "nt" or not status.st_mode & 0o022
    return folder / name if mine and private and os.access(folder, os.W_OK) else None
