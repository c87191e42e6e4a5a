"""Specs in YAML files: Hydra's configs, and any other file that has them.

`${…}` is what the same file says it is, else a variable with an unknown value. The documents of a
file are read one by one; the root key `hydra`, and `defaults`, hold no specs.
"""

from __future__ import annotations

import os
from functools import partial

from lrdsl.language.presets import GROUP
from lrdsl.linter.source_file import Snippet
from lrdsl.linter.sources.snippets import snippets_of, with_uses
from lrdsl.linter.sources.yaml_document import read_yaml
from lrdsl.linter.suppressions import Suppressions


def snippets(text: str, suppressions: Suppressions, path: str = "") -> tuple[Snippet, ...]:
    """The specs in a YAML text. Raises Malformed.

    `path` is that of the file: others that the text names lie in the same folder.

    >>> text = "lr: {spec: 'wsd(0.1, 9, 80, 9)'}"
    >>> [snippet.text for snippet in snippets(text, Suppressions(text))]
    ['wsd(0.1, 9, 80, 9)']
    """
    folder = os.path.dirname(path)
    # Elsewhere the one key of a file may well be a name that lrdsl knows by chance.
    is_preset = os.path.basename(os.path.abspath(folder)) == GROUP
    presets = partial(preset_names, folder)
    found: list[Snippet] = []
    for document in read_yaml(text, folder):
        found += snippets_of(document, suppressions, presets, is_preset)
    return with_uses(found)


def preset_names(folder: str) -> frozenset[str]:
    """The names of the configs in the folders of a folder: the options of Hydra's groups."""
    found = set()
    try:
        groups = [each.path for each in os.scandir(folder or ".") if each.is_dir()]
        for group in groups:
            for name in os.listdir(group):
                stem, extension = os.path.splitext(name)
                if extension in (".yaml", ".yml"):
                    found.add(stem)
    except OSError:
        return frozenset(found)
    return frozenset(found)
