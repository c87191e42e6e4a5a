"""A composed config as plain data, as far as it can be resolved."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

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


class PlainConfig(NamedTuple):
    """A config as plain data, and what of it is open: the references by their keys."""

    data: dict[str, Any]
    open: dict[str, str]


def plain(config: DictConfig) -> PlainConfig:
    """The config as mappings, lists and values, without Hydra's own part.

    A reference that cannot be resolved is a variable, `given_…`, where it is a part of a text, and
    None where it is all of it; so is what is missing (`???`). One to `definitions` stays.

    >>> config = OmegaConf.create({"lr": "cosine(${peak}, 0, ${steps})", "steps": 9, "peak": "???"})
    >>> plain(config).data
    {'lr': 'cosine(given_peak, 0, 9)', 'steps': 9, 'peak': None}
    """
    instance = HydraConfig.instance()
    before = instance.cfg
    if "hydra" in config:  # `${hydra:…}` reads this config: Hydra itself says so only to a job
        instance.cfg = config  # type: ignore[assignment]
    try:
        reader = _Reader(config)
        names = [str(name) for name in config if name != "hydra"]
        data = {name: reader.at(config, name, name, 0) for name in names}
        return PlainConfig(data, reader.open)
    finally:
        instance.cfg = before


class _Reader:
    def __init__(self, root: DictConfig) -> None:
        self.root = root
        self.seen = 0
        self.open: dict[str, str] = {}

    def at(self, parent: Any, key: Any, place: str, depth: int) -> Any:
        """The value at a key, whose place is dotted, resolved."""
        self.seen += 1
        if depth > MAX_NESTING or self.seen > MAX_CONFIG_VALUES:
            return None
        try:
            value = parent[key]
        except (OmegaConfBaseException, RecursionError):
            return self._in_part(parent, key, place)
        if isinstance(value, ListConfig):
            return [self.at(value, i, f"{place}.{i}", depth + 1) for i in range(len(value))]
        if isinstance(value, DictConfig):
            names = list(value)
            return {str(x): self.at(value, x, f"{place}.{x}", depth + 1) for x in names}
        return value

    def _in_part(self, parent: Container, key: Any, place: str) -> str | None:
        """The text at a key with those references resolved that can be."""
        raw: Any = OmegaConf.to_container(parent, resolve=False)
        text = raw[key]
        if not isinstance(text, str):
            return None
        raw_text = text
        text, count = text.replace("\0", " "), int(text != "???")
        while count:  # the innermost references first
            text, count = _REFERENCE.subn(self._resolved, text)
        if text == "???" or _PLACEHOLDER.fullmatch(text):
            self.open[place] = raw_text
            return raw_text if key == "definitions" and text != "???" else None
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
