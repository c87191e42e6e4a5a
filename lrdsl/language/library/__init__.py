"""Definitions: those that come with lrdsl, in the `.lr` files of this folder, and the user's.

What comes with lrdsl is indexed by name and parsed one definition at a time, when it is first
asked for.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from lrdsl.syntax.ast import Bracket, Call, Node, walk
from lrdsl.syntax.definition import Definition, doc_above
from lrdsl.syntax.parser import parse_definitions
from lrdsl.util import guarded_read

DEFINED = re.compile(r"^def\s+([A-Za-z][\w.]*)", re.MULTILINE)
"""The names of definitions that begin a line."""


class _Shipped(NamedTuple):
    """Where a definition that comes with lrdsl stands."""

    file: Path
    start: int
    stop: int


@functools.cache
def _text(file: Path) -> str:
    return guarded_read.read_text(file)


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
def _shipped_definition(name: str) -> Definition:
    file, start, stop = shipped()[name]
    text = _text(file)
    # Blanks instead of what stands before keep the places in the file as they are.
    before = re.sub(r"[^\n]", " ", text[:start])
    (definition,) = parse_definitions(before + text[start:stop], file.name)
    return replace(definition, source=text, doc=doc_above(text, start))


@dataclass(frozen=True, eq=False)
class Definitions(Mapping[str, Definition]):
    """The definitions that a spec can call: its own, those of the process, those of lrdsl.

    A name is looked up in this order. A field of a program has a name too,
    `torch.OneCycleLR.momentum`, but is not listed.

    >>> Definitions()["wsd"].parameters[0].name
    'peak'
    """

    own: Mapping[str, Definition] = field(default_factory=lambda: MappingProxyType({}))
    """The definitions that come with a spec."""
    shared: Mapping[str, Definition] = field(default_factory=lambda: MappingProxyType({}))
    """The definitions that `lrdsl.define` and `lrdsl.load` add for all specs of the process."""

    def with_own(self, definitions: Mapping[str, Definition]) -> Definitions:
        """The same with others as the spec's own."""
        return replace(self, own=MappingProxyType(dict(definitions)))

    def with_shared(self, definitions: Mapping[str, Definition], home: str) -> Definitions:
        """The same with more shared ones; what the same file defined before is forgotten."""
        kept = {name: each for name, each in self.shared.items() if not home or each.home != home}
        made = {name: replace(each, home=home) for name, each in definitions.items()}
        return replace(self, shared=MappingProxyType({**kept, **made}))

    def __getitem__(self, name: str) -> Definition:
        found = self.own.get(name) or self.shared.get(name)
        if found is None and name in shipped():
            return _shipped_definition(name)
        return self._field(name) if found is None else found

    def _field(self, name: str) -> Definition:
        """The definition of a field of a program; `KeyError` if there is none of that name."""
        owner, _, key = name.rpartition(".")
        whole = self.get(owner) if owner else None
        program = None if whole is None else whole.program
        if whole is None or program is None:
            raise KeyError(name)
        fields = {n.id: value for n, value in zip(program.names, program.values, strict=True)}
        return replace(whole, name=name, body=fields[key])

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*shipped(), *self.shared, *self.own]))

    def __len__(self) -> int:
        return len({*shipped(), *self.shared, *self.own})

    def owner_name(self, name: str) -> str:
        """The name of what is defined: for a field of a program, the program's.

        >>> Definitions().owner_name("torch.OneCycleLR.momentum")
        'torch.OneCycleLR'
        """
        return name if self.is_user(name) or name in shipped() else name.rpartition(".")[0]

    def is_user(self, name: str) -> bool:
        """Whether a definition is the user's, not lrdsl's."""
        return name in self.own or name in self.shared

    def user_text(self, tree: Node) -> str:
        """The user's definitions that a tree leads to, as text, each after those that it uses."""
        if not self.own and not self.shared:
            return ""
        uses: dict[str, list[str]] = {}
        waiting = self._user_calls([tree])
        while waiting:
            name = waiting.pop()
            if name not in uses:
                uses[name] = self._user_calls(self[name].expressions)
                waiting += uses[name]
        ordered = TopologicalSorter({name: uses[name] for name in self if name in uses})
        return "\n".join([str(self[name]) for name in ordered.static_order()])

    def _user_calls(self, roots: Iterable[Node]) -> list[str]:
        """The names of the user's definitions that are called in some trees."""
        nodes = [node for root in roots for node, _ in walk(root)]
        names = [node.name.id for node in nodes if isinstance(node, (Call, Bracket))]
        owners = dict.fromkeys([self.owner_name(name) for name in names if name in self])
        return [name for name in owners if self.is_user(name)]
