"""Schedules in the place of an option's name: `schedule@lr="cosine(1, 0, 900)"`."""

from __future__ import annotations

import re

from lrdsl.syntax.grammar import MAX_CHARACTERS

PROBE = "0"
"""A schedule that every group has as an option which takes schedules."""

_NAME = re.compile(r"[\w./@ -]*")
_NUMBER = re.compile(r"[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_REFERENCE = re.compile(r"\$\{[^${}]*\}")
MAX_NESTING = 16
"""So deep references in each other are looked into."""


def as_option(name: str) -> str | int | float | None:
    """The schedule that a chosen option is: text or a number; None for the name of a config.

    A schedule with mistakes is one as well, so that lrdsl explains them.

    >>> as_option("cosine(1, 0, 900)"), as_option("0.1"), as_option("wsd"), as_option("a/b-2")
    ('cosine(1, 0, 900)', 0.1, None, None)
    """
    name = name.strip()
    if len(name) > MAX_CHARACTERS:
        return None
    if _NUMBER.fullmatch(name):
        number = float(name)
        return int(name) if name.lstrip("+-").replace("_", "").isdigit() else number
    if _NAME.fullmatch(name):
        return None
    from lrdsl.linter.sources.heuristics import looks_like_spec  # few options are schedules

    return name if looks_like_spec(name) or is_spec(name) else None


def is_spec(text: str) -> bool:
    """Whether lrdsl's grammar reads a text; a reference `${…}` may stand where a word may.

    >>> is_spec("cosine(${peak}, 0, ${n}ep)"), is_spec("cosin(1)"), is_spec("cosine(1")
    (True, True, False)
    """
    from lrdsl.syntax.parser import parse_spec

    for _ in range(MAX_NESTING):
        text, count = _REFERENCE.subn("x", text)
        if not count:
            break
    return not parse_spec(text).diagnostics
