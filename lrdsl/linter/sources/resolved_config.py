"""Specs in a config that Hydra has composed.

A config is plain data here: mappings, lists, text and numbers, every reference resolved.
"""

from __future__ import annotations

import fnmatch
from collections import abc
from dataclasses import replace
from typing import Any

from lrdsl.linter.source_file import Snippet
from lrdsl.linter.sources.document import Document, Mapping, Node, Scalar, ScalarKind, Sequence
from lrdsl.linter.sources.snippets import snippets_of, with_uses
from lrdsl.syntax.spec import as_number
from lrdsl.tree.data import is_data
from lrdsl.tree.keywords import is_tree

MAX_CONFIG_DEPTH = 200
"""Levels of the deepest nesting that is read."""


def config_specs(
    config: abc.Mapping[str, Any],
    exclude: abc.Sequence[str] = (),
    presets: frozenset[str] = frozenset(),
) -> tuple[Snippet, ...]:
    """The specs in a config, in its order; those whose key matches a glob in `exclude` left out.

    Values under the names of the context, beside a spec or around it, are the known facts of its
    run. A spec that an object takes from elsewhere in the config has the key of that other place.
    `presets` are names of configs, which are no specs.

    >>> config = {"lr": {"spec": "cosine()"}, "steps": 900, "scheduler": {
    ...     "_target_": "lrdsl.torch.Scheduler", "spec": "cosine()", "total_steps": 900}}
    >>> [place] = config_specs(config)
    >>> place.origin.key, place.text, place.context
    ('lr.spec', 'cosine()', {'total_steps': 900})
    """
    document = _Composed("config", _node(config, 0), is_config=True, presets=lambda: presets)
    return specs_of_document(document, exclude)


class _Composed(Document):
    def definitions(self, text: str) -> str | None:
        """The definitions, or the name of their file; None for a reference that is left open."""
        return None if text.startswith("${") else text


def specs_of_document(document: Document, exclude: abc.Sequence[str] = ()) -> tuple[Snippet, ...]:
    """The specs in a config that is a document; see `config_specs`."""
    found = _at_their_first_keys(snippets_of(document))
    wanted = [
        each
        for each in dict.fromkeys(found)
        if not any([fnmatch.fnmatchcase(each.origin.key, pattern) for pattern in exclude])
    ]
    return tuple([each for each in with_uses(wanted) if each.role == "spec"])


def _at_their_first_keys(found: abc.Sequence[Snippet]) -> list[Snippet]:
    """The snippets, specs that an object takes from elsewhere in the config once, at that place."""
    pairs = [((each.role, each.text, each.mistakes), each) for each in found]
    first = {written: each.origin.key for written, each in reversed(pairs) if not each.is_used}
    used = {written for written, each in pairs if each.is_used}
    kept = []
    for written, each in pairs:
        if each.is_used:
            key = first.get(written, each.origin.key)
            kept.append(replace(each, origin=replace(each.origin, key=key)))
        elif each.role != "spec" or written not in used:
            kept.append(each)
    return kept


def _node(value: Any, depth: int) -> Node:
    """A value of a config in which every reference is resolved; None is one that is unknown."""
    if depth > MAX_CONFIG_DEPTH:
        return Scalar(None, "unknown")
    if isinstance(value, abc.Mapping):
        # A call without arguments has none; elsewhere it is a value that is not known yet.
        none: ScalarKind = "null" if is_tree(value) else "unknown"
        nodes = [Scalar(None, none) if x is None else _node(x, depth + 1) for x in value.values()]
        keys = [Scalar(str(name), "text") for name in value]
        return Mapping(tuple(zip(keys, nodes, strict=True)))
    if is_data(value):
        return Sequence(tuple([_node(each, depth + 1) for each in value]))
    if isinstance(value, str):
        return Scalar(value, "text")
    if isinstance(value, bool):
        return Scalar(value, "bool")
    return Scalar(value, "unknown" if as_number(value) is None else "number")
