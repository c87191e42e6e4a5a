"""Reading files that somebody else may have prepared: the one way in which lrdsl opens a file.

A pull request, a folder of runs or a config can name a pipe that never ends, a device, a file of a
terabyte, or a link to a secret. So only regular files are opened, up to a size, and a link only if
it leads to a file of its own kind: messages show lines of `.lr` files and configs, no others.
"""

from __future__ import annotations

import os
import stat
from typing import BinaryIO

MAX_FILE_BYTES = 10 * 2**20
"""The size of the largest file that is read as a whole."""

_SAME_KIND = {".yml": ".yaml", ".jsonl": ".json"}
_FLAGS = os.O_RDONLY | sum([getattr(os, f"O_{x}", 0) for x in ("BINARY", "CLOEXEC", "NONBLOCK")])


class CannotRead(Exception):
    """A file that is not read. `why` is a sentence without the name of the file."""

    def __init__(self, why: str, *, missing: bool = False, folder: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.missing = missing
        """Whether there is no such file."""
        self.folder = folder
        """Whether it is a folder."""


def open_guarded(path: str | os.PathLike[str], limit: int = MAX_FILE_BYTES) -> BinaryIO:
    """A regular file of up to `limit` bytes, opened to be read. Raises CannotRead.

    >>> open_guarded("/dev/null")
    Traceback (most recent call last):
    lrdsl.util.guarded_read.CannotRead: this is no regular file
    """
    try:
        name = os.fsdecode(path)
        _check(os.stat(name), limit)  # to open a device can do something, and a pipe waits
        real = os.path.realpath(name) if os.path.islink(name) else name
        if _kind(real) != _kind(name):
            raise CannotRead("this is a link to a file of another kind")
        handle = os.open(name, _FLAGS)
        try:
            _check(os.fstat(handle), limit)  # it may be another file by now
            return os.fdopen(handle, "rb")
        except BaseException:
            os.close(handle)
            raise
    except OSError as error:
        if os.path.islink(path) and not os.path.exists(path):
            raise CannotRead("this is a broken link") from None
        missing = isinstance(error, FileNotFoundError)
        raise CannotRead(error.strerror or str(error), missing=missing) from None
    except ValueError:
        raise CannotRead("no file can have this name") from None


def read_bytes(path: str | os.PathLike[str], limit: int = MAX_FILE_BYTES) -> bytes:
    """The content of a regular file of up to `limit` bytes. Raises CannotRead."""
    with open_guarded(path, limit) as file:
        return read_stream(file, limit)


def read_stream(file: BinaryIO, limit: int = MAX_FILE_BYTES) -> bytes:
    """All that a stream has, up to `limit` bytes. Raises CannotRead.

    >>> import io
    >>> read_stream(io.BytesIO(b"hold(5)"), 4)
    Traceback (most recent call last):
    lrdsl.util.guarded_read.CannotRead: this has more than 4 bytes
    """
    try:
        content = file.read(limit + 1) or b""
    except OSError as error:
        raise CannotRead(error.strerror or str(error)) from None
    if len(content) > limit:  # of some files the size is not known before they are read
        raise CannotRead(f"this has more than {_size(limit)}")
    return content


def read_text(path: str | os.PathLike[str], limit: int = MAX_FILE_BYTES) -> str:
    """The text of a regular file, its line ends and byte-order mark kept. Raises CannotRead."""
    return decoded(read_bytes(path, limit))


def decoded(content: bytes) -> str:
    """The text that UTF-8 stands for. Raises CannotRead.

    >>> decoded(b"\\xff")
    Traceback (most recent call last):
    lrdsl.util.guarded_read.CannotRead: this is no UTF-8 text: see byte 0
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CannotRead(f"this is no UTF-8 text: see byte {error.start}") from None


def _check(status: os.stat_result, limit: int) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise CannotRead("this is a folder", folder=True)
    if not stat.S_ISREG(status.st_mode):
        raise CannotRead("this is no regular file")
    if status.st_size > limit:
        size = _size(status.st_size)
        raise CannotRead(f"this has {size}; files of up to {_size(limit)} are read")


def _kind(path: str) -> str:
    extension = os.path.splitext(path)[1].lower()
    return _SAME_KIND.get(extension, extension)


def _size(size: int) -> str:
    return f"{size / 2**20:.0f} MB" if size >= 2**20 else f"{size} bytes"
