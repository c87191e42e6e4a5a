"""Schedules as data: the nodes of YAML and JSON instead of text.

>>> tree = to_tree("warmup(100) >> cosine(1, 1e-3, 800)")
>>> tree
[{'warmup': {'steps': 100}}, {'cosine': {'start': 1, 'end': 0.001, 'steps': 800}}]
>>> str(from_tree(tree))
'warmup(100) >> cosine(1, 1e-3, 800)'
"""

from lrdsl.tree.read import from_tree
from lrdsl.tree.schema import json_schema
from lrdsl.tree.write import to_tree

__all__ = ["from_tree", "json_schema", "to_tree"]
