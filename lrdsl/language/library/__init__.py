"""Definitions: those that come with lrdsl, in the `.lr` files of this folder, and the user's own.

What comes with lrdsl is indexed by name and parsed one definition at a time, when it is first
asked for.
"""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from lrdsl.syntax.definition import Definition, doc_above
from lrdsl.syntax.parser import parse_definitions

DEFINED = re.compile(r"^def\s+([A-Za-z][\w.]*)", re.MULTILINE)
"""The names of definitions that begin a line."""


class _Shipped(NamedTuple):
    """Where a definition that comes with lrdsl stands."""

    file: Path
    start: int
    stop: int


@functools.cache
def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


@functools.cache
def shipped() -> Mapping[str, _Shipped]:
    """The definitions that come with lrdsl, by name, in the order of their files."""
    found: dict[str, _Shipped] = {}
    for file in sorted(Path(__file__).parent.glob("*.lr")):
        starts = [(match[1], match.start()) for match in DEFINED.finditer(_text(file))]
        stops = [start for _, start in starts[1:]] + [len(_text(file))]
        for (name, start), stop in zip(starts, stops, strict=True):
            found[name] = _Shipped(file, start, stop)
    return found


def is_shipped(text: str) -> bool:
    """Whether a text is a whole file of definitions that comes with lrdsl."""
    return any([_text(file) == text for file in {entry.file for entry in shipped().values()}])


@functools.cache
def _parsed(name: str) -> Definition:
    file, start, stop = shipped()[name]
    text = _text(file)
    # Blanks instead of what stands before keep the places in the file as they are.
    before = re.sub(r"[^\n]", " ", text[:start])
    (definition,) = parse_definitions(before + text[start:stop], file.name)
    return replace(definition, source=text, doc=doc_above(text, start))


_LOADED: dict[str, Definition] = {}
_LOCK = threading.Lock()
_changes = 0


def register(definitions: Mapping[str, Definition], gone: Iterable[str] = ()) -> None:
    """Make definitions known to all specs of this process, and forget others."""
    global _changes
    with _LOCK:
        for name in gone:
            _LOADED.pop(name, None)
        _LOADED.update(definitions)
        _changes += 1  # last: who has seen the number sees the definitions too


def changes() -> int:
    """How often the definitions of this process have changed."""
    return _changes


def loaded() -> Mapping[str, Definition]:
    """The definitions that were made known to all specs of this process."""
    with _LOCK:
        return dict(_LOADED)


@dataclass(frozen=True)
class Library:
    """The definitions that a spec can use: `own` ones before those of the process."""

    own: Mapping[str, Definition] = field(default_factory=lambda: MappingProxyType({}))
    process: Mapping[str, Definition] = field(default_factory=loaded)

    def find(self, name: str) -> Definition | None:
        """The definition of that name, or None.

        A field of a program has a name of its own: `torch.OneCycleLR.momentum`.

        >>> Library().find("wsd").parameters[0].name
        'peak'
        """
        found = self.own.get(name) or self.process.get(name)
        if found is None and name in shipped():
            found = _parsed(name)
        if found is None and "." in name:
            return self._field(*name.rsplit(".", 1))
        return found

    def _field(self, name: str, key: str) -> Definition | None:
        whole = self.find(name)
        program = None if whole is None else whole.program
        if whole is None or program is None:
            return None
        fields = {n.id: value for n, value in zip(program.names, program.values, strict=True)}
        return replace(whole, name=f"{name}.{key}", body=fields[key]) if key in fields else None

    def owner_name(self, name: str) -> str:
        """The name of what is defined: for a field of a program, the program's.

        >>> Library().owner_name("wsd")
        'wsd'
        """
        defined = name in self.own or name in self.process or name in shipped()
        return name if defined else name.rpartition(".")[0]

    @property
    def has_user(self) -> bool:
        """Whether there are definitions of the user's."""
        return bool(self.own or self.process)

    def is_user(self, name: str) -> bool:
        """Whether a definition is the user's, not lrdsl's."""
        return name in self.own or name in self.process

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.find(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*shipped(), *self.process, *self.own]))
