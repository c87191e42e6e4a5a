"""Specs in YAML that are trees: found, and made text of which every character has its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from lrdsl.diagnostics import SourceMappedText, Span, SpecError
from lrdsl.linter.sources import yaml_nodes
from lrdsl.linter.sources.heuristics import calls_schedule, is_number
from lrdsl.linter.sources.placeholders import Hole, fill
from lrdsl.linter.sources.yaml_nodes import Node, Scalar
from lrdsl.tree.coerce import spec_text
from lrdsl.tree.keywords import is_tree

_GIVEN = re.compile(r"given_\w+")
_WORDS = {"true": True, "false": False}
_DEEPEST = 200
_MOST = 10_000
"""Aliases can make a small file endless; what has more parts is no tree."""


class Found(NamedTuple):
    """The text of a tree, the place in the file of each character, and its stand-ins."""

    text: SourceMappedText
    offsets: tuple[int, ...]
    unknown: tuple[tuple[int, int], ...]


def is_one(node: Node, by_place: bool, holes: Callable[[str], Iterator[Hole]]) -> bool:
    """Whether a node is the tree of a schedule.

    By its place, where an object of lrdsl takes a spec, any list and any mapping with a known key
    is one; elsewhere it must call something that makes a schedule, and nothing unknown.
    """
    if isinstance(node, Scalar):
        return False
    if isinstance(node, yaml_nodes.Mapping):
        keys = [key for key, _ in node.items()]
        if keys == ["spec"] or not is_tree(dict.fromkeys(keys)):
            return False
    if by_place:
        return True
    try:
        return calls_schedule(spec_text(_Reader(holes).data(node, "", 0)))
    except (SpecError, _NoTree):
        return False


def text_of(node: Node, holes: Callable[[str], Iterator[Hole]]) -> Found | None:
    """A tree's text; None if it has none. `holes` gives the references in a text.

    >>> (document,) = yaml_nodes.documents("lr: {cosine: {start: 1, end: 0, steps: 800}}")
    >>> found = text_of(document.get("lr"), lambda text: iter(()))
    >>> found.text, found.offsets[found.text.index("800")]
    ('cosine(1, 0, 800)', 39)
    """
    reader = _Reader(holes)
    try:
        text = spec_text(reader.data(node, "", 0))
    except (SpecError, _NoTree):
        return None
    assert isinstance(text, SourceMappedText)
    offsets = [
        reader.starts.get(text.place(Span(i, i + 1)), reader.starts[""]) for i in range(len(text))
    ]
    unknown = tuple([(found.start(), found.end()) for found in _GIVEN.finditer(text)])
    return Found(text, (*offsets, offsets[-1]), unknown)


def within(node: Node) -> Iterator[Node]:
    """A node and all that is below it, once."""
    seen: set[int] = set()
    left = [node]
    while left:
        each = left.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        if isinstance(each, yaml_nodes.Sequence):
            left += each.items
        elif isinstance(each, yaml_nodes.Mapping):
            left += [value for _, value in each.pairs]


class _NoTree(Exception):
    """What cannot be a tree of a schedule."""


class _Reader:
    """Makes plain data of nodes, as YAML would; `starts` says where each part stands."""

    def __init__(self, holes: Callable[[str], Iterator[Hole]]) -> None:
        self.holes = holes
        self.starts: dict[str, int] = {}
        self.left = _MOST

    def data(self, node: Node, path: str, depth: int) -> Any:
        self.left -= 1
        if depth > _DEEPEST or self.left < 0:
            raise _NoTree
        if isinstance(node, Scalar):
            self.starts[path] = node.start
            return self._scalar(node)
        if isinstance(node, yaml_nodes.Sequence):
            made = [self.data(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(node.items)]
            self.starts[path] = self.starts[f"{path}[0]"] if made else 0
            return made
        found: dict[str, Any] = {}
        for key, value in node.pairs:
            if not isinstance(key, Scalar):
                raise _NoTree
            inner = f"{path}.{key.value}".lstrip(".")
            found[key.value] = self.data(value, inner, depth + 1)
            # Of an argument it is its value that a message is about; of a call, its name.
            if not isinstance(value, Scalar):
                self.starts[inner] = key.start
            self.starts.setdefault(path, key.start)
        self.starts.setdefault(path, 0)
        return found

    def _scalar(self, node: Scalar) -> Any:
        if node.tag == "null":
            return None
        if node.tag == "bool":
            return _WORDS.get(node.value.lower(), node.value)
        if node.tag != "str" and not is_number(node.value):
            raise _NoTree  # a date, an octal number: what YAML makes of it is not what it says
        text = node.value
        if "${" in text:
            # A text that is nothing but a reference stands for one value, whatever it may be.
            holes = [*self.holes(text)]
            alone = len(holes) == 1 and (holes[0].start, holes[0].stop) == (0, len(text))
            if alone:
                return "given_value" if holes[0].value is None else holes[0].value
            filled = fill(text, range(len(text) + 1), holes)
            if filled is None:
                raise _NoTree
            text = filled.text
        return text
