"""Late imports and values that are computed once, safe while another thread forks.

A child has the memory of its parent, but only the thread that forked. A lock that another thread
held at that moment, such as that of a module being imported, is never released in the child.
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ContextDecorator
from types import ModuleType
from typing import TYPE_CHECKING, Any

MAX_WAIT = 10.0
"""Seconds that a fork waits for other threads; then it goes on, as it would have done at once."""


class ForkGuard(ContextDecorator):
    """A context manager: while one thread is inside, forks that other threads make wait.

    It can decorate functions, too. Threads inside do not wait for each other, and a thread inside
    may fork. It may be entered again within itself.

    >>> guard = ForkGuard()
    >>> with guard, guard:
    ...     len(guard.inside)
    2
    """

    def __init__(self) -> None:
        self.inside: list[int] = []
        """The thread of each entry."""
        self._gate = threading.Lock()

    def __enter__(self) -> None:
        own = threading.get_ident()
        if own in self.inside:  # a fork is waiting for this thread, or will
            self.inside.append(own)
        else:
            with self._gate:
                self.inside.append(own)

    def __exit__(self, *_: object) -> None:
        self.inside.remove(threading.get_ident())

    def before_fork(self) -> None:
        """Let no more threads in, and wait until the others are outside."""
        own, limit = threading.get_ident(), time.monotonic() + MAX_WAIT
        self._gate.acquire()
        while any([each != own for each in self.inside]) and time.monotonic() < limit:
            time.sleep(0.001)

    def after_fork_in_parent(self) -> None:
        """Let threads in again."""
        self._gate.release()

    def after_fork_in_child(self) -> None:
        """Forget the threads that the child does not have."""
        own = threading.get_ident()
        self.inside = [each for each in self.inside if each == own]
        self._gate.release()


no_fork = ForkGuard()
"""The guard of this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=no_fork.before_fork,
        after_in_parent=no_fork.after_fork_in_parent,
        after_in_child=no_fork.after_fork_in_child,
    )


def import_late(name: str) -> ModuleType:
    """The module of that name, imported if it has not been.

    >>> import_late("math").pi > 3
    True
    """
    with no_fork:
        return importlib.import_module(name)


def late_names(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package whose public names are imported when they are first used.

    `homes` has the module of each.

    >>> late_names("math", {"prod": "math"})("sum")
    Traceback (most recent call last):
    AttributeError: module 'math' has no attribute 'sum'
    """

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = sys.modules[package].__dict__[name] = getattr(import_late(homes[name]), name)
        return value

    return find


if TYPE_CHECKING:
    lazy_property = functools.cached_property
else:

    class lazy_property:
        """`functools.cached_property` without its lock, which Python had until 3.12.

        A child that is forked while another thread computes would wait for that lock for ever. Two
        threads may compute the same value instead.

        >>> class Square:
        ...     @lazy_property
        ...     def area(self) -> int:
        ...         print("computed")
        ...         return 4
        >>> square = Square()
        >>> square.area, square.area
        computed
        (4, 4)
        """

        def __init__(self, compute):
            self._compute = compute
            self.__doc__ = compute.__doc__

        def __get__(self, instance, owner):
            if instance is None:
                return self
            value = instance.__dict__[self._compute.__name__] = self._compute(instance)
            return value
