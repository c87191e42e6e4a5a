"""Specs in Hydra's overrides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lrdsl.syntax.spec import Operand
from lrdsl.tree.taken import source_of

__all__ = ["override"]


def override(spec: Operand | Mapping[str, Any], key: str = "lr") -> str:
    r"""The Hydra override that puts a spec at `key`.

    It needs one more quoting, `shlex.quote`, to be typed into a shell. A reference such as
    `${peak}` in the spec stays one.

    >>> override("warmup(100) >> cosine(1, 0, 800)")
    'lr="warmup(100) >> cosine(1, 0, 800)"'
    >>> override(0.1, key="model.lr")
    'model.lr="0.1"'
    """
    # Hydra reads a backslash as an escape only before a quote, where it must be doubled.
    text = re.sub(r'(\\*)("|$)', _escaped, source_of(spec))
    return f'{key}="{text}"'


def _escaped(found: re.Match[str]) -> str:
    backslashes, end = found.groups()
    return backslashes * 2 + ('\\"' if end else "")
