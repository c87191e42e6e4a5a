"""Suppressions: comments that silence the linter, `# lrdsl: ignore[joint-jump]`."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping

_IGNORE = re.compile(r"(?:#|<!--)[ \t]*lrdsl:[ \t]*ignore(?!-)(?:\[([^\]\n]*)\])?")
_IGNORE_FILE = re.compile(r"^[ \t]*#[ \t]*lrdsl:[ \t]*ignore-file\b", re.MULTILINE)
_IGNORE_PAGE = re.compile(r"^[ \t]*<!--[ \t]*lrdsl:[ \t]*ignore-file\b", re.MULTILINE)

ALL: frozenset[str] = frozenset()
"""The suppression of every rule."""


def ignores_file(text: str, is_page: bool = False) -> bool:
    """Whether a comment suppresses all diagnostics of a file; in Markdown it is an HTML comment.

    >>> ignores_file("# lrdsl: ignore-file\\nlr: wsd()")
    True
    """
    return (_IGNORE_PAGE if is_page else _IGNORE_FILE).search(text) is not None


class Suppressions:
    """The suppressing comments in a text.

    >>> suppressions = Suppressions("a: 1\\nlr: hold()  # lrdsl: ignore[joint-jump, LR801]")
    >>> suppressions.in_range(5, 15)[2] == {"LR801", "joint-jump"}
    True
    """

    def __init__(self, text: str) -> None:
        self._starts = [0, *[found.end() for found in re.finditer("\n", text)]]
        self._ignored: dict[int, frozenset[str]] = {}
        for match in _IGNORE.finditer(text):
            words = [word.strip() for word in (match[1] or "").split(",")]
            self._ignored[self.line(match.start())] = frozenset([w for w in words if w])

    def line(self, offset: int) -> int:
        """The line that a character is on, from 1."""
        return bisect_right(self._starts, offset)

    def by_line(self) -> Mapping[int, frozenset[str]]:
        """By line, the names and codes that are suppressed there; `ALL` for every one."""
        return self._ignored

    def in_range(self, start: int, stop: int) -> Mapping[int, frozenset[str]]:
        """By line, what is suppressed in a spec at `start` to `stop`, quotes included.

        A comment on its first or its last line holds for all of it: the others may have no place
        for a comment.
        """
        if not self._ignored:
            return {}
        first, last = self.line(start), self.line(max(start, stop - 1))
        own = [self._ignored[at] for at in {first, last} if at in self._ignored]
        shared: frozenset[str] = frozenset().union(*own)
        found = {}
        for at in range(first, last + 1):
            here = self._ignored.get(at)
            if ALL in own or here == ALL:
                found[at] = ALL
            elif here is not None or shared:
                found[at] = shared | (here or frozenset())
        return found


def is_ignored(code: str, name: str, words: frozenset[str] | None) -> bool:
    """Whether a diagnostic is suppressed by the names and codes of its line; None are none."""
    if words is None:
        return False
    return words == ALL or any([word == name or code.startswith(word) for word in words])
