"""A composed config as a located document; it is plain data, and has no file."""

from __future__ import annotations

from collections.abc import Mapping as DataMapping
from typing import Any

from lrdsl.linter.sources.document import Document, Mapping, Node, Scalar, Sequence
from lrdsl.syntax.spec import as_number
from lrdsl.tree.keywords import is_data, is_tree

MAX_CONFIG_DEPTH = 200
"""Levels of the deepest nesting that is read."""


def read_config(config: DataMapping[Any, Any], presets: frozenset[str] = frozenset()) -> Document:
    """A config in which every reference is resolved; None is a value that is unknown.

    `presets` are the names of the configs in its groups.

    >>> root = read_config({"lr": {"spec": "hold()"}, "steps": 9, "peak": None}).root
    >>> root["lr"]["spec"].text, root["peak"].kind
    ('hold()', 'unknown')
    """
    root = _node(config, 0)
    return Document("config", root, is_config=True, presets=lambda: presets)


def _node(value: Any, depth: int) -> Node:
    if depth > MAX_CONFIG_DEPTH:
        return Scalar(None, "unknown")
    if isinstance(value, DataMapping):
        # A call without arguments has none; elsewhere it is a value that is not known yet.
        is_call = is_tree(value)
        pairs = []
        for name, each in value.items():
            is_null = each is None and is_call
            node = Scalar(None, "null") if is_null else _node(each, depth + 1)
            pairs.append((Scalar(str(name), "text"), node))
        return Mapping(tuple(pairs))
    if is_data(value):
        return Sequence(tuple([_node(each, depth + 1) for each in value]))
    if isinstance(value, str):
        return Scalar(value, "text")
    if isinstance(value, bool):
        return Scalar(value, "bool")
    return Scalar(value, "unknown" if as_number(value) is None else "number")
