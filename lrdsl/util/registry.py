"""Names and what they stand for, with near names for mistyped ones.

A registry finds its entries by importing every module of a package: a leaf module registers one
thing, named after its file, so that adding a shape is adding a file.
"""

from __future__ import annotations

import functools
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from lrdsl.util.forks import import_late, no_fork

T = TypeVar("T")
C = TypeVar("C", bound=type)


def near(word: str, known: Iterable[str], alike: float = 0.6) -> str | None:
    """The known name most like `word`, or None when nothing is.

    `alike` is how much they have in common at least, from 0 to 1.

    >>> near("cosin", ["linear", "cosine"])
    'cosine'
    >>> near("zzz", ["linear", "cosine"]) is None
    True
    """
    return _near(word, frozenset(known), alike)


@functools.lru_cache(maxsize=128)  # a text may have the same mistake thousands of times
def _near(word: str, known: frozenset[str], alike: float) -> str | None:
    with no_fork:
        import difflib

    lowered = {name.lower(): name for name in sorted(known, reverse=True)}
    found = difflib.get_close_matches(word.lower(), lowered, n=3, cutoff=alike)
    # Of those with much in common, the one that takes the fewest changes.
    best = min(found, key=lambda name: _distance(word.lower(), name), default=None)
    return None if best is None else lowered[best]


def _distance(a: str, b: str) -> int:
    """How many letters must be put in, left out or changed to make b of a."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]


def did_you_mean(word: str, known: Iterable[str], form: str = "{}") -> tuple[str, str] | None:
    """The fix for a mistyped name, as (sentence, replacement); None when nothing is near."""
    name = near(word, known)
    if name is None:
        return None
    replacement = form.format(name)
    return f"did you mean `{replacement}`?", replacement


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
