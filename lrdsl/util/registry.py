"""Names and what they stand for, with near names for mistyped ones.

A registry finds its entries by importing every module of a package: a leaf module registers one
thing, named after its file, so that adding a shape is adding a file.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from lrdsl.util.entry_points import EntryPointGroup

T = TypeVar("T")


def near(word: str, known: Iterable[str], alike: float = 0.6) -> str | None:
    """The known name most like `word`, or None when nothing is.

    `alike` is how much they have in common at least, from 0 to 1.

    >>> near("cosin", ["linear", "cosine"])
    'cosine'
    >>> near("zzz", ["linear", "cosine"]) is None
    True
    """
    import difflib

    lowered = {name.lower(): name for name in sorted(set(known), reverse=True)}
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


class Registry(Generic[T]):
    """The things of one kind by name.

    They are found in the modules of `package`, each of which registers one thing named after its
    file, with `_` for `-`. A name that is a module's is looked up by importing that module alone;
    any other look-up imports them all. `make` supplies entries that have no module of their own: it
    is asked for a name, and for all of them with None, and says whether it added what was asked
    for. `plugins` are modules of other packages, imported when a name is otherwise unknown; their
    names count as known before.

    >>> fruit = Registry("fruit")
    >>> fruit.add("pear", 1)
    >>> fruit.find("pear"), fruit.find("plum"), list(fruit)
    (1, None, ['pear'])
    """

    def __init__(
        self,
        kind: str,
        package: str | None = None,
        make: Callable[[str | None], bool] | None = None,
        plugins: EntryPointGroup | None = None,
    ) -> None:
        self.kind = kind
        self._package = package
        self._make = make
        self._plugins = plugins
        self._complete = package is None
        self._entries: dict[str, T] = {}
        self.changes = 0
        """How often an entry was put in place: what a name stood for before may be outdated."""
        self._lock = threading.RLock()

    def add(self, name: str, entry: T) -> None:
        """Register `entry`; a name can be taken only once."""
        if name in self._entries:
            raise ValueError(f"the {self.kind} `{name}` is registered twice")
        self._entries[name] = entry

    def put(self, name: str, entry: T) -> None:
        """Register `entry` in place of what has that name."""
        with self._lock:
            self._entries[name] = entry
            self.changes += 1  # last: who has seen the number sees the entry too

    def register(self, name: str, *aliases: str) -> Callable[[T], T]:
        """A decorator that registers what it decorates."""

        def decorate(entry: T) -> T:
            for each in (name, *aliases):
                self.add(each, entry)
            return entry

        return decorate

    @property
    def loaded(self) -> frozenset[str]:
        """The names that have been needed so far."""
        return frozenset(self._entries)

    def find(self, name: str) -> T | None:
        """The entry of that name, or None."""
        found = self.built_in(name)
        if found is None and self._plugins is not None:
            # Without the lock: a thread that is importing a plugin may be waiting for it.
            self._plugins.load(name)
            found = self._entries.get(name)
            if found is None:
                self._plugins.missing(name)
        return found

    def built_in(self, name: str) -> T | None:
        """The entry of that name, or None; no plugin is imported for it."""
        if name not in self._entries and not self._complete:
            with self._lock:
                self._load(name)
        return self._entries.get(name)

    def why_broken(self, name: str) -> str | None:
        """Why a plugin's entry that was looked up cannot be used; None if nothing is wrong."""
        return None if self._plugins is None else self._plugins.broken.get(name)

    def __getitem__(self, name: str) -> T:
        entry = self.find(name)
        if entry is None:
            raise KeyError(name)
        return entry

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.find(name) is not None

    def __iter__(self) -> Iterator[str]:
        self._load_all()
        names = set(self._entries)
        return iter(sorted(names if self._plugins is None else names | self._plugins.names))

    def _load(self, name: str) -> None:
        """Make sure that an entry of that name is there, if there is one at all."""
        module = name.replace("-", "_")
        if module in self._modules():
            importlib.import_module(f"{self._package}.{module}")
        if name not in self._entries and not (self._make is not None and self._make(name)):
            self._load_all()

    def _load_all(self) -> None:
        if self._complete:
            return
        with self._lock:
            for name in self._modules():
                importlib.import_module(f"{self._package}.{name}")
            if self._make is not None:
                self._make(None)
            self._complete = True

    @functools.cache  # noqa: B019 - there is a handful of registries, and they live for ever
    def _modules(self) -> frozenset[str]:
        """The names of the modules in the package."""
        if self._package is None:
            return frozenset()
        path = importlib.import_module(self._package).__path__
        return frozenset([module.name for module in pkgutil.iter_modules(path)])
