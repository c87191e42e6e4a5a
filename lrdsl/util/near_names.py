"""Near names: the known name that a mistyped word was most likely meant to be."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from lrdsl.util.forks import no_fork


def near(word: str, known: Iterable[str], alike: float = 0.6) -> str | None:
    """The known name most like `word`, or None when nothing is.

    A name that begins with the word comes first. `alike` is how much the others have in common with
    it at least, from 0 to 1.

    >>> near("cosin", ["linear", "cosine"])
    'cosine'
    >>> near("const", ["cos", "constant"])
    'constant'
    >>> near("zzz", ["linear", "cosine"]) is None
    True
    """
    return _near(word, frozenset(known), alike)


@functools.lru_cache(maxsize=128)  # a text may have the same mistake thousands of times
def _near(word: str, known: frozenset[str], alike: float) -> str | None:
    lowered = {name.lower(): name for name in sorted(known, reverse=True)}
    longer = [name for name in lowered if name.startswith(word.lower())]
    if len(word) >= 3 and longer:
        return lowered[min(longer, key=len)]
    found = _close(word.lower(), frozenset(lowered), alike)
    # Of those with much in common, the one that takes the fewest changes.
    best = min(found, key=lambda name: _distance(word.lower(), name), default=None)
    return None if best is None else lowered[best]


def is_near(word: str, known: Iterable[str], alike: float) -> bool:
    """Whether a known name has `alike` in common with a word, whatever letters are capitals.

    >>> is_near("Cosin", ["cosine", "linear"], 0.75), is_near("choice", ["cosine"], 0.75)
    (True, False)
    """
    return bool(_close(word.lower(), frozenset([name.lower() for name in known]), alike))


@functools.lru_cache(maxsize=128)
def _close(word: str, names: frozenset[str], alike: float) -> tuple[str, ...]:
    with no_fork:
        import difflib

    return tuple(difflib.get_close_matches(word, names, n=3, cutoff=alike))


def _distance(a: str, b: str) -> int:
    """How many letters must be put in, left out or changed to make b of a."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]
