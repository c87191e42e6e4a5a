"""Giving a file its content, all of it or nothing."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from contextlib import suppress


def write(path: str | os.PathLike[str], content: bytes) -> None:
    """Make a file, or put another content into one, whatever happens on the way.

    A file that exists keeps its permissions, and a link stays a link. Raises OSError if it cannot
    be done, on a full disk for example: then the file is as it was, or there is none.

    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> path = os.path.join(folder, "a.txt")
    >>> write(path, b"old")
    >>> write(path, b"new")
    >>> open(path, "rb").read(), os.listdir(folder)
    (b'new', ['a.txt'])
    """
    path = os.path.realpath(path)
    exists = os.path.lexists(path)
    if exists and not stat.S_ISREG(os.stat(path).st_mode):
        what = "this is a folder" if os.path.isdir(path) else "this is no regular file"
        raise OSError(None, what)
    if exists and not os.access(path, os.W_OK):  # the folder's permissions alone would allow it
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    temporary = os.path.join(os.path.dirname(path), f".lrdsl-{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(temporary, flags, 0o666)
    try:
        with os.fdopen(handle, "wb") as new:
            new.write(content)
            new.flush()
            os.fsync(handle)
        if exists:
            shutil.copymode(path, temporary)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
