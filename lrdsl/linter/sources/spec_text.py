"""The texts of specs in a document, each character with its place in the file."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from lrdsl.diagnostics import SourceMappedText, Span, SpecError
from lrdsl.linter.source_file import Snippet
from lrdsl.linter.sources.document import Document, Mapping, Node, Scalar, Sequence
from lrdsl.linter.sources.placeholders import substitute_placeholders
from lrdsl.tree.coerce import spec_text

UNKNOWN_VALUE = "given_value"
"""The variable that stands in a tree for a value that the file does not show."""

_UNKNOWN = re.compile(r"\(given_\w+ \* 1[\w%]+\)|given_\w+")
"""The stretches of a tree's text that stand for unknown values."""

MAX_TREE_DEPTH = 200
MAX_TREE_NODES = 10_000
"""Aliases can make a small file endless; what has more nodes is no tree."""


class NotATree(Exception):
    """The node cannot be a tree of a schedule."""


def text_of_node(document: Document, node: Node) -> Snippet | None:
    """A node as a snippet whose place says nothing of it.

    None if a variable cannot stand for what is unknown in it. The text of a tree with mistakes
    is "".
    """
    return _scalar(document, node) if isinstance(node, Scalar) else _tree(document, node)


def tree_data(document: Document, node: Node) -> str:
    """The text of a tree alone. Raises `SpecError` for its mistakes, and NotATree."""
    return spec_text(_TreeReader(document).data(node, "", 0))


def _scalar(document: Document, scalar: Scalar) -> Snippet | None:
    text, offsets = scalar.text, document.offsets(scalar)
    if scalar.kind == "number" and not isinstance(scalar.value, str):
        text, offsets = spec_text(scalar.value), None
    writable = scalar.writable and offsets is not None
    if offsets is None:  # every character stands where the scalar begins
        offsets = (*[scalar.start] * len(text), scalar.stop)
    unknown: tuple[tuple[int, int], ...] = ()
    placeholders = document.placeholders(scalar)
    if placeholders:
        filled = substitute_placeholders(text, offsets, placeholders)
        if filled is None:
            return None
        text, offsets, unknown = filled
        writable = False
    made = Snippet(text, offsets, document.kind, scalar.style, writable=writable, unknown=unknown)
    return replace(made, extent=(scalar.start, scalar.stop))


def _tree(document: Document, node: Node) -> Snippet | None:
    """The text of a tree; of a name it is the place of its key, of a value its own.

    >>> from lrdsl.linter.sources.yaml_document import read_yaml
    >>> (document,) = read_yaml("lr: {cosine: {start: 1, end: 0, steps: 800}}")
    >>> found = text_of_node(document, document.root["lr"])
    >>> found.text, found.offsets[found.text.index("800")]
    ('cosine(1, 0, 800)', 39)
    """
    reader = _TreeReader(document)
    try:
        text = spec_text(reader.data(node, "", 0))
    except NotATree:
        return None
    except SpecError as error:
        at, mistakes = node.start, error.diagnostics
        return Snippet("", (at,), document.kind, "plain", writable=False, mistakes=mistakes)
    assert isinstance(text, SourceMappedText)
    offsets = [reader.starts.get(text.place(Span(i, i + 1)), node.start) for i in range(len(text))]
    offsets.append(offsets[-1] if offsets else node.stop)
    unknown = tuple([found.span() for found in _UNKNOWN.finditer(text)])
    extent = (min(offsets), max(offsets))
    return Snippet(
        text, tuple(offsets), document.kind, "plain", extent=extent, writable=False, unknown=unknown
    )


class _TreeReader:
    """Makes plain data of nodes; `starts` has the offset of each part by its dotted key."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.starts: dict[str, int] = {}
        self.left = MAX_TREE_NODES

    def data(self, node: Node, path: str, depth: int) -> Any:
        self.left -= 1
        if depth > MAX_TREE_DEPTH or self.left < 0:
            raise NotATree
        if isinstance(node, Scalar):
            self.starts[path] = node.start
            return self._scalar(node)
        if isinstance(node, Sequence):
            made = [self.data(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(node)]
            self.starts[path] = self.starts[f"{path}[0]"] if made else node.start
            return made
        found: dict[str, Any] = {}
        for key, value in node.pairs:
            name = key.text
            inner = f"{path}.{name}".lstrip(".")
            found[name] = self.data(value, inner, depth + 1)
            # A message about an argument stands at its value, one about a call at its name.
            if not isinstance(value, Scalar):
                self.starts[inner] = key.start
            self.starts.setdefault(path, key.start)
        self.starts.setdefault(path, node.start)
        return found

    def _scalar(self, node: Scalar) -> Any:
        if node.kind == "unknown":
            if node.value is None:
                return UNKNOWN_VALUE
            raise NotATree  # a date, an octal number: YAML makes something else of it
        if node.kind != "text":
            return node.value
        # A text that is nothing but a reference stands for one value, whatever it may be.
        placeholders = self.document.placeholders(node)
        if [(each.start, each.stop) for each in placeholders] == [(0, len(node.text))]:
            value = placeholders[0].value
            return UNKNOWN_VALUE if value is None else value
        made = _scalar(self.document, node)
        if made is None:
            raise NotATree
        return made.text


def sketched(document: Document, node: Node, depth: int = 0) -> Any:
    """A program as plain data, with names in the place of what the document does not show."""
    if isinstance(node, Scalar):
        if node.kind == "unknown" and node.value is None:
            return "x"
        return document.sketch(node) if node.kind == "text" else node.value
    if isinstance(node, Mapping) and depth < 2:
        return {name: sketched(document, each, depth + 1) for name, each in node.items()}
    return None


def listed(node: Node | None) -> tuple[Node, ...]:
    """The items of a list; of anything else itself, and of nothing none."""
    if isinstance(node, Sequence):
        return node.items
    return () if node is None else (node,)
