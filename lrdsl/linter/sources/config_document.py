"""The documents in which `${…}` stands for what they themselves have at that key."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

from lrdsl.linter.sources.document import Document, Mapping, Node, Scalar, Sequence
from lrdsl.linter.sources.placeholders import Placeholder
from lrdsl.tree.interpolations import after_interpolation

_REFERENCE = re.compile(r"\$\{([^${}]*)\}")

MAX_REFERENCE_DEPTH = 10
"""References to references that are followed."""


@dataclass(frozen=True, eq=False)
class ConfigDocument(Document):
    """A config of OmegaConf's, as YAML or in Python."""

    _values: dict[str, str | None] = field(default_factory=dict)
    """The values of references; None also for one that is being followed."""
    _followed: list[str] = field(default_factory=list)
    """The references that are being followed, each from the one before."""

    def placeholders(self, scalar: Scalar) -> tuple[Placeholder, ...]:
        if scalar.placeholders:  # the fields of an f-string
            return scalar.placeholders
        text = scalar.text
        found: list[Placeholder] = []
        at = 0
        while (start := text.find("${", at)) >= 0:
            at = after_interpolation(text, start)
            inside = text[start + 2 : at - 1]
            found.append(Placeholder(start, at, inside, self._value_of(self._key(inside, scalar))))
        return tuple(found)

    def referent(self, node: Node) -> tuple[Node, str | None]:
        found = _REFERENCE.fullmatch(node.text.strip()) if isinstance(node, Scalar) else None
        key = self._key(found[1], node) if found else ""
        referent = self._at(key) if found else None
        return (node, None) if referent is None else (referent, key)

    def definitions(self, text: str) -> str | None:
        # Which folder the program will run in is not known, and neither is the file.
        return None if text.strip().endswith(".lr") else text

    def _value_of(self, reference: str) -> str | None:
        """The text that a reference stands for, looked up once; None if it is not shown."""
        if reference not in self._values and len(self._followed) < MAX_REFERENCE_DEPTH:
            self._values[reference] = None
            self._followed.append(reference)
            node = self._at(reference)
            if isinstance(node, Scalar) and node.value is not None:
                self._values[reference] = self.known_text(node)
            self._followed.pop()
        return self._values.get(reference)

    def _key(self, reference: str, node: Node) -> str:
        """A reference from the top of the document: `.lr` beside `optimizer.eps` is `optimizer.lr`.

        Each dot more leads one mapping or list further out.
        """
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
        """The node that a plain reference such as `optimizer.lr` is to."""
        if ":" in reference:
            return None
        node: Node | None = self.root
        for name in re.findall(r"[^.\[\]]+", reference):
            if isinstance(node, Mapping):
                node = node.get(name)
            elif isinstance(node, Sequence) and name.isdecimal():
                node = node.items[int(name)] if int(name) < len(node.items) else None
            else:
                return None
        return node
