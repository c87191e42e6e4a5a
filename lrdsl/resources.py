"""Where the files that are not Python lie: `grammar/` and `conf/`.

They stand at the top of the repository, once. A wheel carries them inside the package; a checkout
and an editable install see them beside it.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """The folder `name` of this installation.

    >>> (folder("grammar") / "lrdsl.lark").is_file()
    True
    """
    for parent in (_PACKAGE, _PACKAGE.parent):
        if (parent / name).is_dir():
            return parent / name
    raise FileNotFoundError(f"this installation of lrdsl lacks its folder {name!r}: reinstall it")
