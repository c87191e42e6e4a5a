"""The located document: what YAML, Python and composed configs are read into.

A document is made of mappings, sequences and scalars, each with its range in the file. The spec
finder works on documents alone and knows nothing of the languages that they are from.
"""

from __future__ import annotations

import collections.abc as abc
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from lrdsl.linter.origin import NO_ORIGIN, SpecOrigin
from lrdsl.linter.source_file import Kind, Style
from lrdsl.linter.sources.placeholders import MAX_CHARACTERS, Placeholder

ScalarKind = Literal["text", "number", "bool", "null", "unknown"]
"""The type of a scalar; "unknown" if the file does not show it, or no schedule can use it."""


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A value without parts, at `start` to `stop` of the file, quotes included.

    `value` is a Python value; a number of a YAML file is the text that it is written as.
    """

    value: Any
    kind: ScalarKind
    start: int = 0
    stop: int = 0
    style: Style = "text"
    offsets: tuple[int, ...] | None = None
    """For each character of a text, and its end, the offset in the file, where that is known."""
    placeholders: tuple[Placeholder, ...] = ()
    """The references in a text, with what they stand for where that is known."""
    writable: bool = True
    """Whether a text may be replaced in the file."""

    @property
    def text(self) -> str:
        """The value as text, as lrdsl writes it."""
        value = self.value
        if isinstance(value, str):
            return value
        if isinstance(value, bool):
            return str(value).lower()
        return "" if value is None else str(value)

    def followed_by(self, other: Scalar) -> Scalar | None:
        """Two texts as one, which cannot be replaced; None where they have placeholders."""
        if self.placeholders or other.placeholders or not (self.offsets and other.offsets):
            return None
        offsets = (*self.offsets[:-1], *other.offsets)
        value = self.value + other.value
        return Scalar(value, "text", self.start, other.stop, self.style, offsets, writable=False)


@dataclass(frozen=True, eq=False)
class Sequence(abc.Sequence["Node"]):
    """A list of nodes."""

    items: tuple[Node, ...]
    start: int = 0
    stop: int = 0

    def __getitem__(self, index: Any) -> Any:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, eq=False)
class Mapping(abc.Mapping[str, "Node"]):
    """Nodes by key, in the order of the file. Of a key that is given twice the first counts.

    `pairs` has the scalar of each key. `context` and `origin` are what the code around a call says
    of the run and of the spec.
    """

    pairs: tuple[tuple[Scalar, Node], ...]
    start: int = 0
    stop: int = 0
    context: abc.Mapping[str, Any] = field(default_factory=dict)
    origin: SpecOrigin = NO_ORIGIN

    @cached_property
    def _by_key(self) -> dict[str, Node]:
        return {key.text: value for key, value in reversed(self.pairs)}

    def __getitem__(self, key: str) -> Node:
        return self._by_key[key]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([key.text for key, _ in self.pairs]))

    def __len__(self) -> int:
        return len(self._by_key)

    __eq__ = object.__eq__  # two nodes are one only if they stand at the same place
    __hash__ = object.__hash__


Node = Scalar | Sequence | Mapping


@dataclass(frozen=True, eq=False)
class Document:
    """A document, and how its scalars are to be understood."""

    kind: Kind
    root: Node
    is_config: bool = False
    """Whether it is a config that lrdsl reads; in any file, a key for specs may be another's."""
    holds_calls: bool = False
    """Whether the document is made of calls alone, outside of which nothing is a spec."""
    is_preset: bool = False
    """Whether it is a config of lrdsl's group, so that it may be a tree as a whole."""
    is_spec: bool = False
    """Whether the document as a whole is a tree or a program."""
    is_foreign: bool = False
    """Whether nothing says that lrdsl reads it: a spec there calls a shape, or nearly one."""
    by_omegaconf: abc.Callable[[], bool] = lambda: True
    """Whether Hydra or OmegaConf read it, to which `1e-4` is a number."""
    presets: abc.Callable[[], frozenset[str]] = frozenset
    """The names of the configs in the groups around it, which are no specs."""

    def placeholders(self, scalar: Scalar) -> tuple[Placeholder, ...]:
        """The references in a text, with what they stand for where that is known."""
        return scalar.placeholders

    def offsets(self, scalar: Scalar) -> tuple[int, ...] | None:
        """For each character of a text, and its end, the offset in the file; None if unknown."""
        return scalar.offsets

    def referent(self, node: Node) -> tuple[Node, str | None]:
        """The node that a scalar refers to, and its key, if it is nothing but a reference.

        Else the node itself, and no key.
        """
        return node, None

    def definitions(self, text: str) -> str | None:
        """The definitions that a text stands for: itself, or what the file so named holds."""
        return text

    def known_text(self, scalar: Scalar) -> str | None:
        """A text with its references replaced; None if any of them is unknown."""
        values = [each.value for each in self.placeholders(scalar)]
        known = [value for value in values if value is not None]
        whole = self._replaced(scalar, known)
        return whole if known == values and len(whole) <= MAX_CHARACTERS else None

    def sketch(self, scalar: Scalar) -> str:
        """A text with a name in the place of each reference, to see what it calls."""
        return self._replaced(scalar, itertools.repeat("x"))

    def _replaced(self, scalar: Scalar, values: Iterable[str]) -> str:
        parts: list[str] = []
        done = 0
        for each, value in zip(self.placeholders(scalar), values, strict=False):
            parts += [scalar.text[done : each.start], value]
            done = each.stop
        return "".join([*parts, scalar.text[done:]])


def nodes_within(node: Node) -> Iterator[Node]:
    """A node and all that is below it; what an anchor names several times comes once."""
    seen: set[int] = set()
    left = [node]
    while left:
        each = left.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        if not isinstance(each, Scalar):
            left += each.items if isinstance(each, Sequence) else [value for _, value in each.pairs]
