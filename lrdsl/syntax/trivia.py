"""Comments: where they stand among the words of a text, and how they stand in its canonical text.

The parser leaves comments out. Canonical text has the words of the text it is made from, less some
brackets, so a comment has a place in it: a gap between two words. Gap i is the one before word i.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from lrdsl.syntax.pretty import INDENT

_BRACKETS = frozenset("()")
"""The words that canonical text may leave out."""

_OPERATORS = frozenset({"|", ">>", "+", "-", "*", "/", "if", "else"})
"""The words that a line of canonical text begins with."""

_WORD = re.compile(
    r"""(?P<comment>\#[^\n]*)
    | "[^"]*" | '[^']*'
    | (?:[0-9][0-9_]*(?:\.[0-9][0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?(?:%|[A-Za-z_]\w*)?
    | [A-Za-z]\w*(?:\.[A-Za-z]\w*)*
    | >> | \*\* | \.\. | [=!<>]=
    | [^ \t\r\n\f]""",
    re.VERBOSE | re.ASCII,
)


class Word(NamedTuple):
    """A word of a text, or a comment in it, and the characters that it takes."""

    text: str
    start: int
    stop: int


class Comment(NamedTuple):
    """A comment, in which gap it stands, and whether it ends a line with a word in it."""

    text: str
    gap: int
    follows: bool


def scan(text: str, start: int = 0, stop: int | None = None) -> tuple[list[Word], list[Word]]:
    """The words of a text that the parser can read, and its comments; from `start` to `stop`.

    >>> words, comments = scan("hold( 5ep ) # for a while")
    >>> [word.text for word in words], [comment.text for comment in comments]
    (['hold', '(', '5ep', ')'], ['# for a while'])
    """
    words: list[Word] = []
    comments: list[Word] = []
    for match in _WORD.finditer(text, start, len(text) if stop is None else stop):
        found = comments if match["comment"] else words
        found.append(Word(match[0], match.start(), match.end()))
    return words, comments


def without_needless(text: str, words: Iterable[Word], canonical: Iterable[Word]) -> str:
    """The text, less the brackets that its canonical text does not have.

    >>> text, canonical = "((a)) * (b + c)", "a * (b + c)"
    >>> without_needless(text, scan(text)[0], scan(canonical)[0])
    '  a   * (b + c)'
    """
    wanted = [word.text if word.text in _BRACKETS else "" for word in canonical]
    pieces = list(text)
    i = 0
    for word in words:
        # Any word but a bracket has its counterpart, though a number may be spelled differently.
        if i < len(wanted) and wanted[i] == (word.text if word.text in _BRACKETS else ""):
            i += 1
        else:
            pieces[word.start] = " "
    return "".join(pieces)


def comments_of(text: str, comments: Iterable[Word], words: Sequence[Word]) -> Iterator[Comment]:
    """The comments of a text, with their gaps between the words."""
    starts = [word.start for word in words]
    for comment in comments:
        gap = bisect_left(starts, comment.start)
        line = text.rfind("\n", 0, comment.start) + 1
        follows = gap > 0 and bool(text[line : comment.start].strip())
        yield Comment(comment.text.rstrip(" \t\r\f"), gap, follows)


def breaks_of(lines: str) -> list[int]:
    """The gaps at which a text has line ends between words.

    >>> breaks_of("warmup(100)\\n>> hold()")
    [4]
    """
    words, _ = scan(lines)
    return [i for i in range(1, len(words)) if "\n" in lines[words[i - 1].stop : words[i].start]]


def settle(comment: Comment, words: Sequence[Word], places: Sequence[int]) -> Comment:
    """The comment in the nearest gap that a line may end at; these are `places`, in order.

    Before a comma is behind it, and behind an operator is before it. Elsewhere what ends a line
    goes on to the next place, and what has a line to itself back to the one before.
    """
    gap = comment.gap
    if gap < len(words) and words[gap].text == ",":
        gap += 1
    elif gap - 1 in places and words[gap - 1].text in _OPERATORS and gap not in places:
        gap -= 1
    if gap not in places:
        after = bisect_left(places, gap)
        gap = places[after if comment.follows or after == 0 else after - 1]
    return comment._replace(gap=gap)


def put_in(lines: str, comments: Iterable[Comment]) -> str:
    """A laid-out text with comments in the gaps of its words.

    >>> print(put_in("hold(5)\\n>> hold(8)", [Comment("# five", 4, True)]))
    hold(5)  # five
    >> hold(8)
    """
    words, _ = scan(lines)
    by_gap: dict[int, list[Comment]] = {}
    for comment in comments:
        by_gap.setdefault(comment.gap, []).append(comment)
    pieces: list[str] = []
    done = 0
    for gap, (first, *others) in sorted(by_gap.items()):
        stop = words[gap - 1].stop if gap else 0
        indent, inside = _indents(lines, words[gap]) if gap < len(words) else ("", "")
        pieces.append(lines[done:stop])
        if gap and first.follows:
            pieces.append(f"  {first.text}\n")
        else:
            others = [first, *others]
            pieces.append("\n" if gap else "")
        pieces += [f"{inside}{comment.text}\n" for comment in others]
        pieces.append(indent)
        done = words[gap].start if gap < len(words) else len(lines)
    return "".join([*pieces, lines[done:]]).rstrip("\n")


def _indents(lines: str, word: Word) -> tuple[str, str]:
    """The indentation of the line that a word begins, and that of a comment above it."""
    line = lines.rfind("\n", 0, word.start) + 1
    indent = lines[line : word.start]
    indent = indent[: len(indent) - len(indent.lstrip())]
    return indent, indent + INDENT if word.text in ")]}" else indent
