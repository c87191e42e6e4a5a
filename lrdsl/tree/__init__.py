"""Schedules as data: the nodes of YAML and JSON instead of text.

>>> from lrdsl.tree import from_tree, to_tree
>>> tree = to_tree("warmup(100) >> cosine(1, 1e-3, 800)")
>>> tree
[{'warmup': {'steps': 100}}, {'cosine': {'start': 1, 'end': 0.001, 'steps': 800}}]
>>> str(from_tree(tree))
'warmup(100) >> cosine(1, 1e-3, 800)'

The public names are imported when they are first used: whoever compiles text needs none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdsl.util.forks import late_names

if TYPE_CHECKING:
    from lrdsl.tree.decode import from_tree
    from lrdsl.tree.encode import to_tree
    from lrdsl.tree.schema import json_schema

_HOME = {
    "from_tree": "lrdsl.tree.decode",
    "json_schema": "lrdsl.tree.schema",
    "to_tree": "lrdsl.tree.encode",
}

__all__ = ["from_tree", "json_schema", "to_tree"]

__getattr__ = late_names(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
