"""A composed config as plain data, as far as it can be resolved."""

from __future__ import annotations

import re
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import Container, DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from lrdsl.linter.sources.placeholders import Placeholder, substitute_placeholders

_REFERENCE = re.compile(r"\$\{[^${}]*\}")
_PLACEHOLDER = re.compile(r"\0([^\0]*)\0")
_PATH = re.compile(r"\$\{([\w.@/\[\]-]+)\}")

MAX_NESTING = 64
MAX_CONFIG_VALUES = 10_000
"""References can make a small config endless; beyond this, values are left out."""


def plain(config: DictConfig) -> dict[str, Any]:
    """The config as mappings, lists and values, without Hydra's own part.

    A reference that cannot be resolved is a variable, `given_…`, where it is a part of a text, and
    None where it is all of it; so is what is missing (`???`).

    >>> config = OmegaConf.create({"lr": "cosine(${peak}, 0, ${steps})", "steps": 9, "peak": "???"})
    >>> plain(config)
    {'lr': 'cosine(given_peak, 0, 9)', 'steps': 9, 'peak': None}
    """
    instance = HydraConfig.instance()
    before = instance.cfg
    if "hydra" in config:  # `${hydra:…}` reads this config: Hydra itself says so only to a job
        instance.cfg = config  # type: ignore[assignment]
    try:
        reader = _Reader(config)
        return {name: reader.at(config, name, 0) for name in config if name != "hydra"}  # type: ignore[misc]
    finally:
        instance.cfg = before


class _Reader:
    def __init__(self, root: DictConfig) -> None:
        self.root = root
        self.seen = 0

    def at(self, parent: Any, key: Any, depth: int) -> Any:
        """The value at a key, resolved."""
        self.seen += 1
        if depth > MAX_NESTING or self.seen > MAX_CONFIG_VALUES:
            return None
        try:
            value = parent[key]
        except (OmegaConfBaseException, RecursionError):
            return self._in_part(parent, key)
        if isinstance(value, ListConfig):
            return [self.at(value, i, depth + 1) for i in range(len(value))]
        if isinstance(value, DictConfig):
            return {str(name): self.at(value, name, depth + 1) for name in value}
        return value

    def _in_part(self, parent: Container, key: Any) -> str | None:
        """The text at a key with those references resolved that can be."""
        raw: Any = OmegaConf.to_container(parent, resolve=False)
        text = raw[key]
        if not isinstance(text, str) or _REFERENCE.fullmatch(text) or text == "???":
            return None
        text, count = text.replace("\0", " "), 1
        while count:  # the innermost references first
            text, count = _REFERENCE.subn(self._resolved, text)
        placeholders = [
            Placeholder(*found.span(), found[1], None) for found in _PLACEHOLDER.finditer(text)
        ]
        filled = substitute_placeholders(text, range(len(text) + 1), placeholders)
        return None if filled is None else filled.text

    def _resolved(self, reference: re.Match[str]) -> str:
        """The value of a reference; where it is unknown, its text as a placeholder."""
        path = _PATH.fullmatch(reference[0])
        try:
            value = path and OmegaConf.select(self.root, path[1], throw_on_missing=True)
        except (OmegaConfBaseException, RecursionError):
            value = None
        if isinstance(value, (str, int, float)):
            return str(value)
        return "\0" + reference[0][2:-1].replace("\0", "") + "\0"
