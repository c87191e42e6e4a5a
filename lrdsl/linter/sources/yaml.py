"""Specs in YAML files: Hydra's configs, and any other file that has them.

`${…}` is what the same file says it is, else a variable with an unknown value. The documents of a
file are read one by one; the root key `hydra`, and `defaults`, hold no specs.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import partial

from lrdsl.language.presets import GROUP
from lrdsl.linter.source_file import Snippet
from lrdsl.linter.sources.snippets import snippets_of, with_uses
from lrdsl.linter.sources.yaml_document import read_yaml


def snippets(text: str, path: str = "") -> tuple[Snippet, ...]:
    """The specs in a YAML text. Raises Malformed.

    `path` is that of the file: others that the text names lie in the same folder.

    >>> [snippet.text for snippet in snippets("lr: {spec: 'wsd(0.1, 9, 80, 9)'}")]
    ['wsd(0.1, 9, 80, 9)']
    """
    folder = os.path.dirname(path)
    # Elsewhere the one key of a file may well be a name that lrdsl knows by chance.
    is_preset = os.path.basename(os.path.abspath(folder)) == GROUP
    presets = partial(preset_names, folder)
    documents = read_yaml(text, folder)
    return with_uses([x for each in documents for x in snippets_of(each, presets, is_preset)])


def preset_names(folder: str) -> frozenset[str]:
    """The names of the configs in the folders of a folder: the options of Hydra's groups."""
    found: set[str] = set()
    with suppress(OSError):
        for group in os.scandir(folder or "."):
            names = os.listdir(group) if group.is_dir() else ()
            found |= {name.rpartition(".")[0] for name in names if name.endswith((".yaml", ".yml"))}
    return frozenset(found)
