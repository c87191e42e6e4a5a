"""Names and what they stand for, with near names for mistyped ones.

A registry finds its entries by importing every module of a package: a leaf module registers one
thing, named after its file, so that adding a shape is adding a file.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


def near(word: str, known: Iterable[str]) -> str | None:
    """The known name most like `word`, or None when nothing is.

    >>> near("cosin", ["linear", "cosine"])
    'cosine'
    >>> near("zzz", ["linear", "cosine"]) is None
    True
    """
    names = sorted(set(known))
    lowered = {name.lower(): name for name in reversed(names)}
    found = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], form: str = "{}") -> tuple[str, str] | None:
    """The fix for a mistyped name, as (sentence, replacement); None when nothing is near."""
    name = near(word, known)
    if name is None:
        return None
    replacement = form.format(name)
    return f"did you mean `{replacement}`?", replacement


class Registry(Generic[T]):
    """The things of one kind by name, discovered in `package` at the first look-up.

    `then` is called after that, for entries that no module of their own stands for.

    >>> fruit = Registry("fruit")
    >>> fruit.add("pear", 1)
    >>> fruit.find("pear"), fruit.find("plum"), list(fruit)
    (1, None, ['pear'])
    """

    def __init__(
        self, kind: str, package: str | None = None, then: Callable[[], None] | None = None
    ) -> None:
        self.kind = kind
        self._package = package
        self._then = then
        self._entries: dict[str, T] = {}

    def add(self, name: str, entry: T) -> None:
        """Register `entry`; a name can be taken only once."""
        if name in self._entries:
            raise ValueError(f"the {self.kind} `{name}` is registered twice")
        self._entries[name] = entry

    def register(self, name: str, *aliases: str) -> Callable[[T], T]:
        """A decorator that registers what it decorates."""

        def decorate(entry: T) -> T:
            for each in (name, *aliases):
                self.add(each, entry)
            return entry

        return decorate

    def find(self, name: str) -> T | None:
        """The entry of that name, or None."""
        self._discover()
        return self._entries.get(name)

    def __getitem__(self, name: str) -> T:
        self._discover()
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        self._discover()
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        self._discover()
        return iter(sorted(self._entries))

    def _discover(self) -> None:
        if self._package is None:
            return
        package = importlib.import_module(self._package)
        for module in pkgutil.iter_modules(package.__path__, f"{self._package}."):
            importlib.import_module(module.name)
        self._package = None
        if self._then is not None:
            self._then()
