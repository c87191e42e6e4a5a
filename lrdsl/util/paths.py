"""Paths as texts that are the same on every system."""

from __future__ import annotations

from pathlib import PurePath


def slashed(path: PurePath, folder: PurePath) -> str:
    """A whole path as seen from a folder, with slashes; all of it where it is on another drive.

    >>> from pathlib import PureWindowsPath
    >>> slashed(PureWindowsPath(r"C:\\p\\conf\\my lr.yaml"), PureWindowsPath(r"c:\\P"))
    'conf/my lr.yaml'
    """
    if type(path)(path.anchor) != type(path)(folder.anchor):
        return path.as_posix()
    up: list[str] = []
    above = folder
    while not path.is_relative_to(above):
        up.append("..")
        above = above.parent
    return "/".join([*up, *path.relative_to(above).parts]) or "."


def is_within(path: PurePath, folder: PurePath) -> bool:
    """Whether a whole path lies in a folder, or is that folder; both without links.

    >>> is_within(PurePath("/conf2/a"), PurePath("/conf"))
    False
    """
    return path.is_relative_to(folder)
