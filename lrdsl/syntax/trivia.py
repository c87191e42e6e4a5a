"""Trivia: the comments and blank lines around a node, which change no meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias


class Comment(NamedTuple):
    """A comment from its `#` on, where it starts, and whether it has a line to itself.

    An empty text stands for a blank line.
    """

    text: str
    start: int
    own_line: bool

    @property
    def stop(self) -> int:
        """The position after its last character."""
        return self.start + len(self.text)


BLANK_LINE = Comment("", -1, True)

Comments: TypeAlias = tuple[Comment, ...]


@dataclass(frozen=True, slots=True)
class Trivia:
    """The comments of one node.

    Only the first comment of `opening`, `closing` and `trailing` can share a line with text.
    """

    leading: Comments = ()
    """On the lines above the node."""
    opening: Comments = ()
    """After the opening bracket: the node's own, or the one that its precedence asks for."""
    closing: Comments = ()
    """Before the closing bracket."""
    trailing: Comments = ()
    """At the end of the node's last line, then on the lines below."""
    inside: bool = False
    """Whether the node or a node below it has comments between its tokens."""


NO_TRIVIA = Trivia()


def split_end_of_line(comments: Comments) -> tuple[str, Comments]:
    """The comment that shares the line before it, as text to append, and the other comments.

    >>> split_end_of_line((Comment("# end of line", 0, own_line=False),))
    ('  # end of line', ())
    """
    if comments and not comments[0].own_line:
        return f"  {comments[0].text}", comments[1:]
    return "", comments


def put_comments(text: str, above: Comments, below: Comments) -> str:
    """Text with comments above it, at the end of its last line, and below it.

    >>> own, end = Comment("# own line", 0, True), Comment("# end of line", 0, False)
    >>> print(put_comments("hold(5)", (own,), (end, own)))
    # own line
    hold(5)  # end of line
    # own line
    """
    if not above and not below:
        return text
    suffix, others = split_end_of_line(below)
    return "\n".join([*[c.text for c in above], text + suffix, *[c.text for c in others]])
