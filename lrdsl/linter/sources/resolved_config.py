"""Specs in a config that Hydra has composed.

A config is plain data here: mappings, lists, text and numbers, every reference resolved.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lrdsl.linter.source_file import Snippet
from lrdsl.linter.sources.config_document import read_config
from lrdsl.linter.sources.snippets import snippets_of, with_uses


def config_specs(
    config: Mapping[str, Any],
    exclude: Sequence[str] = (),
    presets: frozenset[str] = frozenset(),
) -> tuple[Snippet, ...]:
    """The specs in a config, in its order; those whose key matches a glob in `exclude` left out.

    What stands under the names of the context beside them, or around them, is what is known of the
    run. A spec that an object takes from elsewhere in the config has the key of that other place.
    `presets` are names of configs, which are no specs.

    >>> config = {"lr": {"spec": "cosine()"}, "steps": 900, "scheduler": {
    ...     "_target_": "lrdsl.torch.Scheduler", "spec": "cosine()", "total_steps": 900}}
    >>> [place] = config_specs(config)
    >>> place.origin.key, place.text, place.context
    ('lr.spec', 'cosine()', {'total_steps': 900})
    """
    found = _at_their_first_keys(snippets_of(read_config(config, presets)))
    wanted = [
        each
        for each in dict.fromkeys(found)
        if not any([fnmatch.fnmatchcase(each.origin.key, pattern) for pattern in exclude])
    ]
    return tuple([each for each in with_uses(wanted) if each.role == "spec"])


def _at_their_first_keys(found: Sequence[Snippet]) -> list[Snippet]:
    """The snippets, specs that an object takes from elsewhere in the config once, at that place."""
    first: dict[object, str] = {}
    for each in found:
        if not each.is_used:
            first.setdefault((each.role, each.text, each.mistakes), each.origin.key)
    used = {(each.role, each.text, each.mistakes) for each in found if each.is_used}
    kept = []
    for each in found:
        written = (each.role, each.text, each.mistakes)
        if each.is_used:
            key = first.get(written, each.origin.key)
            kept.append(replace(each, origin=replace(each.origin, key=key)))
        elif each.role != "spec" or written not in used:
            kept.append(each)
    return kept
