"""A full disk: the system refuses to let a file grow, as it does when no room is left."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def room(size: int) -> Iterator[None]:
    """No file of this process may grow beyond a size meanwhile.

    That holds for pytest's own output, too: a test leaves it before it ends.
    """
    resource = pytest.importorskip("resource", reason="only POSIX limits the size of files")
    before, writes_none = resource.getrlimit(resource.RLIMIT_FSIZE), sys.dont_write_bytecode
    sys.dont_write_bytecode = (
        True  # Python would keep half a file of bytecode, and fail on it later
    )
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        sys.dont_write_bytecode = writes_none
