"""Found specs, and the scopes in which they are found: what is known of the run there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from lrdsl.linter.origin import NO_ORIGIN, SpecOrigin
from lrdsl.linter.source_file import Role
from lrdsl.linter.sources.document import Node
from lrdsl.linter.sources.entry_points import RUN


@dataclass(frozen=True)
class FoundSpec:
    """A node that is a spec, with what its place says of the run: arguments of `lrdsl.lint`.

    `is_used` tells whether an entry point of lrdsl takes it. The definitions are in its origin.
    """

    node: Node
    role: Role = "spec"
    context: dict[str, Any] = field(default_factory=dict)
    origin: SpecOrigin = NO_ORIGIN
    is_used: bool = False

    def seen_again(self, other: FoundSpec) -> FoundSpec:
        """The spec with what another place says of it, where its own place says nothing."""
        mine, theirs = self.origin, other.origin
        origin = replace(
            mine,
            drives=mine.drives or theirs.drives,
            pattern=mine.pattern if mine.drives else theirs.pattern,
            siblings=mine.siblings or theirs.siblings,
            definitions=mine.definitions or theirs.definitions,
            definitions_unknown=mine.definitions_unknown or theirs.definitions_unknown,
            yaml_text_number=mine.yaml_text_number and theirs.yaml_text_number,
            group_lrs=mine.group_lrs or theirs.group_lrs,
            gives_metrics=theirs.gives_metrics
            if mine.gives_metrics is None
            else mine.gives_metrics,
        )
        context = {**other.context, **self.context}
        return FoundSpec(self.node, self.role, context, origin, self.is_used or other.is_used)


@dataclass(frozen=True)
class Scope:
    """What is known of the run at a place in the document."""

    context: dict[str, Any] = field(default_factory=dict)
    definitions: tuple[str, ...] = ()
    definitions_unknown: bool = False
    origin: SpecOrigin = NO_ORIGIN

    def inherited(self) -> Scope:
        """The scope further inside: all but a learning rate, which may be another's."""
        outer = {name: value for name, value in self.context.items() if name in RUN}
        return Scope(outer, self.definitions, self.definitions_unknown)

    def with_definitions(self, definitions: tuple[str, ...] | None) -> Scope:
        """The scope with more definitions; None are unknown ones."""
        if definitions is None:
            return replace(self, definitions_unknown=True)
        if not definitions:
            return self
        return replace(self, definitions=self.definitions + definitions)

    def found(self, node: Node, is_used: bool, **origin: Any) -> FoundSpec:
        """A spec that stands in this scope."""
        told = replace(
            self.origin,
            key=str(node.key or ""),
            definitions=self.definitions,
            definitions_unknown=self.definitions_unknown or self.origin.definitions_unknown,
            **origin,
        )
        return FoundSpec(node, "spec", dict(self.context), told, is_used)
