"""Entry points of a group in installed packages, each imported when its name is used."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from lrdsl.util.forks import no_fork

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

T = TypeVar("T")


class EntryPointGroup:
    """The entry points of one group. Their names are known without importing any of them.

    >>> EntryPointGroup("lrdsl.no_such_group").names
    frozenset()
    """

    def __init__(self, group: str) -> None:
        self.group = group
        self.broken: dict[str, str] = {}
        """Why what is installed under a name cannot be used; only names that were asked for."""
        self._path: tuple[str, ...] | None = None
        self._offers: dict[str, dict[str, EntryPoint]] = {}
        """The entry points by name, and then by package."""

    @property
    def names(self) -> frozenset[str]:
        """All names that packages on `sys.path` offer."""
        path = tuple(sys.path)
        if path != self._path:
            self._offers, self.broken = _offers(self.group), {}
            self._path = path
        return frozenset(self._offers)

    def load(self, name: str, registered: Callable[[], T | None]) -> T | None:
        """The class that is `registered` once the entry point of that name is imported.

        None if there is no such entry point, or it cannot be used; `broken` says why.
        """
        if name not in self.names or name in self.broken:
            return None
        offers = self._offers[name]
        if len(offers) > 1:
            packages = " and ".join([f"`{package}`" for package in offers])
            self.broken[name] = f"the packages {packages} both bring a `{name}`"
            return None
        ((package, entry),) = offers.items()
        try:
            with no_fork:
                entry.load()
        except (Exception, SystemExit) as error:
            reason = f"{type(error).__name__}: {error}"
            self.broken[name] = f"`{name}` of the package `{package}` cannot be loaded: {reason}"
            return None
        found = registered()
        if found is None:
            self.broken[name] = (
                f"the package `{package}` says that `{entry.value}` is `{name}`, but nothing"
                " registers itself there under that name"
            )
        return found


@no_fork
def _offers(group: str) -> dict[str, dict[str, EntryPoint]]:
    """The entry points of a group by name. Of a package found twice the first counts."""
    import importlib.metadata  # takes as long as all of lark, and most specs need no plugin

    found: dict[str, dict[str, EntryPoint]] = {}
    seen: set[str] = set()
    for distribution in importlib.metadata.distributions():
        try:
            package = distribution.metadata["Name"]
            key = re.sub(r"[-_.]+", "-", package).lower()
            entries = list(distribution.entry_points.select(group=group))
        except Exception:  # what cannot be read at all offers nothing
            continue
        if key not in seen:
            seen.add(key)
            for entry in entries:
                found.setdefault(entry.name, {}).setdefault(package, entry)
    return found
