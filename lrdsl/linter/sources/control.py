"""Comments that tell the linter what is not wanted: `# lrdsl: ignore[joint-jump]`."""

from __future__ import annotations

import re
from collections.abc import Mapping

_IGNORE = re.compile(r"(?:#|<!--)[ \t]*lrdsl:[ \t]*ignore(?!-)(?:\[([^\]\n]*)\])?")
_IGNORE_FILE = re.compile(r"^[ \t]*#[ \t]*lrdsl:[ \t]*ignore-file\b", re.MULTILINE)
_IGNORE_PAGE = re.compile(r"^[ \t]*<!--[ \t]*lrdsl:[ \t]*ignore-file\b", re.MULTILINE)

ALL: frozenset[str] = frozenset()
"""What stands for every rule."""


def ignores_file(text: str, is_page: bool = False) -> bool:
    """Whether a file wants nothing to be told of it; in Markdown an HTML comment says so.

    >>> ignores_file("# lrdsl: ignore-file\\nlr: wsd()")
    True
    """
    return (_IGNORE_PAGE if is_page else _IGNORE_FILE).search(text) is not None


def ignored_lines(text: str) -> Mapping[int, frozenset[str]]:
    """By line, from 1, the names and codes that are not wanted there; `ALL` for every one.

    >>> ignored_lines("a: 1\\nlr: hold()  # lrdsl: ignore[joint-jump, LR801]")[2] >= {"LR801"}
    True
    """
    found: dict[int, frozenset[str]] = {}
    for match in _IGNORE.finditer(text):
        words = [word.strip() for word in (match[1] or "").split(",")]
        found[text.count("\n", 0, match.start()) + 1] = frozenset([w for w in words if w])
    return found


def ignored_within(
    lines: Mapping[int, frozenset[str]], first: int, last: int
) -> Mapping[int, frozenset[str]]:
    """What is not wanted in a snippet on the lines `first` to `last`.

    A comment on the first or the last line is about all of them: there may be no place for one on
    the others.
    """
    if not lines:
        return {}
    own = [lines[at] for at in {first, last} if at in lines]
    if ALL in own:
        return dict.fromkeys(range(first, last + 1), ALL)
    shared: frozenset[str] = frozenset().union(*own)
    found = {}
    for at in range(first, last + 1):
        if lines.get(at) == ALL:
            found[at] = ALL
        elif at in lines or shared:
            found[at] = shared | lines.get(at, ALL)
    return found


def is_ignored(code: str, name: str, words: frozenset[str] | None) -> bool:
    """Whether a diagnostic is among those that are not wanted; None wants all of them."""
    if words is None:
        return False
    return words == ALL or any([word == name or code.startswith(word) for word in words])
