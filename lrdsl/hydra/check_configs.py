"""The files of a Hydra app, looked at before Hydra opens them.

Hydra waits at pipes, and writes aliases out as often as they are named.
"""

from __future__ import annotations

import os

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.linter.source_file import Malformed
from lrdsl.linter.sources.document import Node, Scalar, Sequence
from lrdsl.linter.sources.yaml_document import read_yaml
from lrdsl.util.guarded_read import CannotRead, read_text

MAX_NODES = 10**6
"""The nodes of the largest config, its aliases written out."""


def check_configs(folder: str) -> None:
    """Raise `SpecError` for a config below a folder that Hydra had better not open."""
    for place, _, names in os.walk(folder):
        for name in sorted(names):
            path = os.path.join(place, name)
            if name.endswith((".yaml", ".yml")) and os.path.exists(path):
                _check(path)


def _check(path: str) -> None:
    try:
        documents = read_yaml(read_text(path))
    except CannotRead as error:
        raise spec_error(diag.BAD_CONFIG, f"{path}: {error.why}") from None
    except Malformed:
        return  # Hydra says so, if the app comes to use it
    if sum([written_out(document.root) for document in documents]) > MAX_NODES:
        message = f"{path}: its aliases make more than {MAX_NODES:,} values of it"
        raise spec_error(diag.BAD_CONFIG, message)


def written_out(root: Node) -> int:
    """How many nodes a node is once its aliases are written out.

    >>> written_out(read_yaml("[&a [1, 2], *a, *a]")[0].root)
    10
    """
    sizes: dict[int, int] = {}
    waiting = [root]
    while waiting:
        node = waiting[-1]
        parts = _parts(node)
        unknown = [part for part in parts if id(part) not in sizes]
        if unknown:
            waiting += unknown
        else:
            sizes[id(node)] = 1 + sum([sizes[id(part)] for part in parts])
            waiting.pop()
    return sizes[id(root)]


def _parts(node: Node) -> list[Node]:
    if isinstance(node, Scalar):
        return []
    return [*node.items] if isinstance(node, Sequence) else [value for _, value in node.pairs]
