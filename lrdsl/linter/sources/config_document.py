"""The documents in which `${…}` stands for what they themselves have at that key."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from lrdsl.linter.sources.document import Document, Mapping, Node, Scalar, Sequence
from lrdsl.linter.sources.placeholders import Placeholder
from lrdsl.tree.interpolations import after_interpolation

T = TypeVar("T")

MAX_REFERENCE_DEPTH = 10
"""References to references that are followed."""


@dataclass(frozen=True, eq=False)
class ConfigDocument(Document):
    """A config of OmegaConf's, as YAML or in Python."""

    _values: dict[str, str | None] = field(default_factory=dict)
    """The values of references; None also for one that is being followed."""
    _nodes: dict[str, Node | None] = field(default_factory=dict)
    """The nodes at keys; None also for one that is being looked up."""
    _followed: list[str] = field(default_factory=list)
    """The references that are being followed, each from the one before."""

    def placeholders(self, scalar: Scalar) -> tuple[Placeholder, ...]:
        if scalar.placeholders:  # the fields of an f-string
            return scalar.placeholders
        return self._references(scalar.text, scalar)

    def _references(self, text: str, node: Node) -> tuple[Placeholder, ...]:
        """The references in a text that stands at a node, or in a reference there."""
        found: list[Placeholder] = []
        at = 0
        while (start := text.find("${", at)) >= 0:
            at = after_interpolation(text, start)
            inside = text[start + 2 : at - 1]
            key = self._key(inside, node)
            value = None if key is None else self._value_of(key)
            found.append(Placeholder(start, at, inside, value))
        return tuple(found)

    def referent(self, node: Node) -> tuple[Node, str | None]:
        key = None
        for _ in range(MAX_REFERENCE_DEPTH):
            text = node.text.strip() if isinstance(node, Scalar) else ""
            is_reference = text.startswith("${") and after_interpolation(text, 0) == len(text)
            reference = self._key(text[2:-1], node) if is_reference else None
            found = None if reference is None else self._at(reference)
            if found is None:
                break
            node, key = found, reference
        return node, key

    def definitions(self, text: str) -> str | None:
        # Which folder the program will run in is not known, and neither is the file.
        return None if text.strip().endswith(".lr") else text

    def _value_of(self, reference: str) -> str | None:
        """The text that a reference stands for; None if it is not shown."""

        def text_at(reference: str) -> str | None:
            node = self._at(reference)
            if isinstance(node, Scalar) and node.value is not None:
                return self.known_text(node)
            return None

        return self._once(self._values, reference, text_at)

    def _key(self, reference: str, node: Node) -> str | None:
        """A reference from the top of the document: `.lr` beside `optimizer.eps` is `optimizer.lr`.

        Each dot more leads one mapping or list further out. References inside are replaced by what
        they stand for. None if it is to no key, or to one that is not shown.
        """
        resolver, _, arguments = reference.partition(":")
        if resolver.strip() == "oc.select":
            reference = arguments.partition(",")[0].strip()
        inner = reference.count("${")
        if inner > MAX_REFERENCE_DEPTH:
            return None
        for each in reversed(self._references(reference, node)) if inner else ():
            if each.value is None:
                return None
            reference = reference[: each.start] + each.value + reference[each.stop :]
        if ":" in reference:
            return None
        name = reference.lstrip(".")
        around = self._places.get(id(node), ())[: len(name) - len(reference) or None]
        return reference if name == reference else ".".join([*around, name])

    @cached_property
    def _places(self) -> dict[int, tuple[str, ...]]:
        """The keys that lead to each scalar; of an alias, those where its anchor stands."""
        found: dict[int, tuple[str, ...]] = {}
        left: list[tuple[Node, tuple[str, ...]]] = [(self.root, ())]
        while left:
            node, place = left.pop()
            if id(node) in found:
                continue
            found[id(node)] = place
            if isinstance(node, Sequence):
                left += [(item, (*place, str(i))) for i, item in enumerate(node.items)][::-1]
            elif isinstance(node, Mapping):
                left += [(value, (*place, key.text)) for key, value in reversed(node.pairs)]
        return found

    def _at(self, reference: str) -> Node | None:
        """The node that a key such as `optimizer.lr` leads to."""
        return self._once(self._nodes, reference, self._looked_up)

    def _once(self, known: dict[str, Any], reference: str, look_up: Callable[[str], T]) -> T | None:
        """The target of a reference, looked up once; None while it is being followed."""
        if reference not in known and len(self._followed) < MAX_REFERENCE_DEPTH:
            known[reference] = None
            self._followed.append(reference)
            known[reference] = look_up(reference)
            self._followed.pop()
        found: T | None = known.get(reference)
        return found

    def _looked_up(self, reference: str) -> Node | None:
        node: Node | None = self.root
        for name in re.findall(r"[^.\[\]]+", reference):
            if isinstance(node, Scalar):
                node, _ = self.referent(node)
            if isinstance(node, Mapping):
                node = node.get(name)
            elif isinstance(node, Sequence) and name.isdecimal():
                node = node.items[int(name)] if int(name) < len(node.items) else None
            else:
                return None
        return node
