"""Names and what they stand for.

A registry finds its entries by importing every module of a package: a leaf module registers one
thing, named after its file, so that adding a shape is adding a file.
"""

from __future__ import annotations

import functools
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from lrdsl.util.forks import import_late

T = TypeVar("T")
C = TypeVar("C", bound=type)


class Registry(Mapping[str, T]):
    """The things of one kind that lrdsl brings, by name.

    They are found in the modules of `package`, each of which registers one thing named after its
    file, with `_` for `-`, when it is imported. A name that is a module's is looked up by importing
    that module alone; any other look-up imports them all, because it may be an alias. So what a
    name stands for never changes, and only what is needed is imported.
    """

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self._package = package
        self._complete = False
        self._entries: dict[str, T] = {}

    def add(self, name: str, entry: T) -> None:
        """Register `entry`; a name can be taken only once."""
        if self._entries.setdefault(name, entry) is not entry:
            raise ValueError(f"the {self.kind} `{name}` is registered twice")

    def register(self, cls: C) -> C:
        """Name a class after its module, and register it under this name and its `aliases`."""
        entry: Any = cls
        entry.name = cls.__module__.rpartition(".")[2]
        for name in (entry.name, *entry.aliases):
            self.add(name, entry)
        return cls

    @property
    def loaded(self) -> frozenset[str]:
        """The names that have been needed so far."""
        return frozenset(self._entries)

    def has_module(self, name: str) -> bool:
        """Whether a module of the package is named after it.

        >>> Registry("encoding", "encodings").has_module("utf-8")
        True
        """
        return name.replace("-", "_") in _modules_of(self._package)

    def __getitem__(self, name: str) -> T:
        if name not in self._entries and self.has_module(name):
            import_late(f"{self._package}.{name.replace('-', '_')}")
        return self._entries[name] if name in self._entries else self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._all()))

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> dict[str, T]:
        if not self._complete:
            for name in _modules_of(self._package):
                import_late(f"{self._package}.{name}")
            self._complete = True
        return self._entries


@functools.cache
def _modules_of(package: str) -> frozenset[str]:
    path = import_late(package).__path__
    return frozenset([module.name for module in pkgutil.iter_modules(path)])
