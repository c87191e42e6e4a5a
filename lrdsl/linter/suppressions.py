"""Suppressions: comments that silence the linter, `# lrdsl: ignore[joint-jump]`."""

from __future__ import annotations

import re
from collections.abc import Mapping

_IGNORE = re.compile(r"(?:#|<!--)[ \t]*lrdsl:[ \t]*ignore(?!-)(?:\[([^\]\n]*)\])?")
_IGNORE_FILE = re.compile(r"^[ \t]*#[ \t]*lrdsl:[ \t]*ignore-file\b", re.MULTILINE)
_IGNORE_PAGE = re.compile(r"^[ \t]*<!--[ \t]*lrdsl:[ \t]*ignore-file\b", re.MULTILINE)


def ignores_file(text: str, is_page: bool = False) -> bool:
    """Whether a comment suppresses all diagnostics of a file; in Markdown it is an HTML comment.

    >>> ignores_file("# lrdsl: ignore-file\\nlr: wsd()")
    True
    """
    return (_IGNORE_PAGE if is_page else _IGNORE_FILE).search(text) is not None


def suppressions(text: str) -> Mapping[int, frozenset[str]]:
    """By line, from 1, the names and codes that a comment there suppresses; none means all.

    >>> found = suppressions("a: 1\\nlr: hold()  # lrdsl: ignore[joint-jump, LR801]")
    >>> found[2] == {"LR801", "joint-jump"}
    True
    """
    if "lrdsl:" not in text:
        return {}
    return {
        line: frozenset([word.strip() for word in (match[1] or "").split(",") if word.strip()])
        for line, written in enumerate(text.split("\n"), 1)
        for match in _IGNORE.finditer(written)
    }
