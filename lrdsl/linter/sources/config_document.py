"""A composed config as a located document; it is plain data, and has no file."""

from __future__ import annotations

from collections.abc import Mapping as DataMapping
from typing import Any

from lrdsl.linter.sources.document import (
    Document,
    DottedKey,
    Mapping,
    Node,
    Scalar,
    ScalarKind,
    Sequence,
)
from lrdsl.linter.sources.placeholders import Placeholder
from lrdsl.syntax.spec import as_number
from lrdsl.tree.data import is_data
from lrdsl.tree.keywords import is_tree

MAX_CONFIG_DEPTH = 200
"""Levels of the deepest nesting that is read."""


class ConfigDocument(Document):
    """A config in which every reference is resolved; None is a value that is unknown.

    >>> document = ConfigDocument({"lr": {"spec": "hold()"}, "steps": 9, "peak": None})
    >>> str(document.root["lr"]["spec"].key), document.root["peak"].kind
    ('lr.spec', 'unknown')
    """

    kind = "config"
    is_config = True

    def __init__(self, config: DataMapping[Any, Any]) -> None:
        self.root = _node(config, None, 0)

    def placeholders(self, scalar: Scalar) -> tuple[Placeholder, ...]:
        return ()

    def offsets(self, scalar: Scalar) -> tuple[int, ...] | None:
        return tuple(range(len(scalar.text) + 1))


def _node(value: Any, key: DottedKey | None, depth: int) -> Node:
    if depth > MAX_CONFIG_DEPTH:
        return Scalar(None, "unknown", 0, 0, "text", key)
    if isinstance(value, DataMapping):
        # A call without arguments has none; elsewhere it is a value that is not known yet.
        is_call = is_tree(value)
        pairs = []
        for name, each in value.items():
            inner = DottedKey(key, str(name))
            node = _node(each, inner, depth + 1)
            if each is None and is_call:
                node = Scalar(None, "null", 0, 0, "text", inner)
            pairs.append((Scalar(str(name), "text", 0, 0, "text"), node))
        return Mapping(tuple(pairs), 0, 0, key)
    if is_data(value):
        items = [_node(each, DottedKey(key, i), depth + 1) for i, each in enumerate(value)]
        return Sequence(tuple(items), 0, 0, key)
    return Scalar(value, _kind(value), 0, 0, "text", key)


def _kind(value: Any) -> ScalarKind:
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool):
        return "bool"
    return "unknown" if as_number(value) is None else "number"
