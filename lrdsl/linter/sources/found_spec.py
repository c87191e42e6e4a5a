"""Found specs, and the scopes in which they are found: what is known of the run there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from lrdsl.compiler.context import told_over
from lrdsl.linter.origin import NO_ORIGIN, SpecOrigin
from lrdsl.linter.source_file import Role
from lrdsl.linter.sources.document import Node

MAX_KEY_CHARACTERS = 2_000
"""Characters of the longest dotted key that is written out."""


@dataclass(frozen=True)
class FoundSpec:
    """A node that is a spec, with what its place says of the run: arguments of `lrdsl.lint`.

    `is_used` tells whether an entry point of lrdsl takes it. The definitions are in its origin.
    """

    node: Node
    role: Role = "spec"
    context: Mapping[str, Any] = field(default_factory=dict)
    origin: SpecOrigin = NO_ORIGIN
    is_used: bool = False

    def or_else(self, other: FoundSpec) -> FoundSpec:
        """The spec with what another place says of it, where its own place says nothing."""
        context = told_over(other.context, self.context)
        origin = self.origin.or_else(other.origin)
        return FoundSpec(self.node, self.role, context, origin, self.is_used or other.is_used)


class Scope(NamedTuple):
    """The scope of a place in a document: its run, and the origin of a spec that stands there.

    >>> Scope().at("a").at(2).at("lr").key
    'a[2].lr'
    """

    context: Mapping[str, Any] = MappingProxyType({})
    origin: SpecOrigin = NO_ORIGIN
    key: str = ""

    def told(self, **origin: Any) -> Scope:
        """The scope with more that is known of a spec."""
        return self._replace(origin=replace(self.origin, **origin))

    def at(self, part: str | int | None) -> Scope:
        """The scope of a part further inside."""
        if part is None:
            return self
        shown = f"[{part}]" if isinstance(part, int) else f".{part}"
        return self._replace(key=(self.key + shown).lstrip(".")[:MAX_KEY_CHARACTERS])
