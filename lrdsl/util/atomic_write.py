"""Giving a file another content, all of it or nothing."""

from __future__ import annotations

import os
import shutil
import tempfile


def replace(path: str, content: bytes) -> None:
    """Put another content into a file that exists, whatever happens on the way.

    Its permissions stay. Raises OSError if it cannot be done; the file is then as it was.

    >>> folder = tempfile.mkdtemp()
    >>> path = os.path.join(folder, "a.txt")
    >>> with open(path, "wb") as file:
    ...     _ = file.write(b"old")
    >>> replace(path, b"new")
    >>> open(path, "rb").read(), os.listdir(folder)
    (b'new', ['a.txt'])
    """
    path = os.path.realpath(path)
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".lrdsl-")
    try:
        with os.fdopen(handle, "wb") as new:
            new.write(content)
            new.flush()
            os.fsync(handle)
        shutil.copymode(path, temporary)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
