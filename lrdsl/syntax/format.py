"""Text in one spelling of spaces, brackets and line ends, with its comments at their places."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence

from lrdsl.syntax import trivia
from lrdsl.syntax.definition import Definition
from lrdsl.syntax.parser import parse_definitions, parse_tree
from lrdsl.syntax.pretty import WIDTH, lay_out, lay_out_definition
from lrdsl.syntax.unparse import write

_MOST_BLANK = 2
"""Blank lines between definitions that are kept."""


def format(text: str, width: int = WIDTH) -> str:
    """A spec in its canonical spelling, in lines of `width` characters where that can be done.

    The words are those of `str(lrdsl.parse(text))`. What does not fit into a line is broken at
    its operators and commas; so is what has a comment in it. Comments stay at their places.
    `format` changes neither the meaning nor what it has made itself. Raises `SpecError` with every
    syntax error.

    >>> print(format("warmup(100)>>(cosine(1,1e-3,800))  # one cycle"))
    warmup(100) >> cosine(1, 1e-3, 800)  # one cycle
    >>> print(format("warmup(100) >> # 10%\\ncosine(1, 0, 800)|clip(1e-3, _)"))
    warmup(100)  # 10%
    >> cosine(1, 0, 800)
    | clip(1e-3, _)
    """
    tree = parse_tree(text)
    words, found = trivia.scan(text)
    if not found:
        return lay_out(tree, width)
    clean = trivia.without_needless(text, words, trivia.scan(write(tree))[0])
    if clean != text:
        return format(clean, width)

    def lay(has_comment: _HasComment) -> str:
        return lay_out(tree, width, lambda node: has_comment(node.span.start, node.span.stop))

    return _with_comments(text, words, found, lay, first=0)


def format_definitions(text: str, width: int = WIDTH) -> str:
    """The text of a `.lr` file in its canonical spelling; see `format`.

    Comments between definitions stay where they are, and so do up to two blank lines.

    >>> print(format_definitions("# Half of it.\\ndef half( a )=a/2   # exact\\n"), end="")
    # Half of it.
    def half(a) = a / 2  # exact
    """
    definitions = parse_definitions(text)
    words, comments = trivia.scan(text)
    clean = trivia.without_needless(text, words, trivia.scan("\n".join(map(str, definitions)))[0])
    if clean != text:
        return format_definitions(clean, width)
    first_words = [i for i, word in enumerate(words) if word.text == "def"]
    pieces: list[str] = []
    done = 0
    for definition, first, after in zip(
        definitions, first_words, [*first_words, len(words)][1:], strict=True
    ):
        start, stop = words[first].start, words[after - 1].stop
        between = list(_between(text[done:start]))
        if between[:1] == [""] and pieces:
            pieces[-1] = pieces[-1].removesuffix("\n")
        pieces += between
        # What stands on the last line is a comment on the definition, not on the one after it.
        stop = next((x.stop for x in comments if _follows(text, stop, x)), stop)
        inside = [comment for comment in comments if start < comment.start < stop]
        pieces.append(_definition(definition, text, words[first:after], inside, width))
        done = stop
    return "\n".join([*pieces, *_between(text[done:])]).strip("\n") + "\n" if text.strip() else ""


_HasComment = Callable[[int, int], bool]
"""Whether a comment is to stand among the words from one place in a text to another."""


def _with_comments(
    text: str,
    words: Sequence[trivia.Word],
    comments: Sequence[trivia.Word],
    lay: Callable[[_HasComment], str],
    first: int,
) -> str:
    """What `lay` makes of a text, with the text's comments, none of them before gap `first`."""
    broken = lay(lambda start, stop: True)
    places = [gap for gap in [0, *trivia.breaks_of(broken), len(words)] if gap >= first]
    settled = [
        trivia.settle(found, words, places) for found in trivia.comments_of(text, comments, words)
    ]
    gaps = sorted({found.gap for found in settled if 0 < found.gap < len(words)})
    befores, afters = [words[gap - 1].start for gap in gaps], [words[gap].stop for gap in gaps]

    def has_comment(start: int, stop: int) -> bool:
        i = bisect_left(befores, start)
        return i < len(gaps) and afters[i] <= stop

    return trivia.put_in(lay(has_comment), settled)


def _definition(
    definition: Definition,
    text: str,
    words: Sequence[trivia.Word],
    comments: Sequence[trivia.Word],
    width: int,
) -> str:
    """A definition with the comments in it and the one on its last line."""
    if not comments:
        return lay_out_definition(definition, width)
    start, stop = words[0].start, words[-1].stop
    equals = max([word.start for word in words if word.start < definition.body.span.start])

    def lay(has_comment: _HasComment) -> str:
        return lay_out_definition(
            definition,
            width,
            lambda node: has_comment(node.span.start, node.span.stop),
            break_head=has_comment(start, equals),
            break_body=has_comment(start, stop),
        )

    lines = _with_comments(text, words, comments, lay, first=1)
    # A comment on the last line of its own would be that of the next definition.
    return f"{lines}\n" if lines.rpartition("\n")[2].lstrip().startswith("#") else lines


def _follows(text: str, stop: int, comment: trivia.Word) -> bool:
    """Whether a comment is the first thing after a place, in the same line."""
    return comment.start >= stop and not text[stop : comment.start].strip(" \t\r\f")


def _between(text: str) -> Iterator[str]:
    """The lines between two definitions: comments, and some of the blank lines."""
    lines = [line.strip(" \t\r\f") for line in text.split("\n")]
    if lines and not lines[-1]:
        lines.pop()
    if lines and not lines[0]:
        lines.pop(0)
    for is_blank, group in itertools.groupby(lines, lambda line: not line):
        yield from itertools.islice(group, _MOST_BLANK if is_blank else None)
