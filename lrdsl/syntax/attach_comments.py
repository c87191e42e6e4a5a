"""Comments to nodes: each comment goes to the nearest place where formatted text can end a line.

A node that takes several lines has such a place around each of its items. A comment elsewhere, as
in the middle of a condition, moves out of the item, never beyond its neighbours: to the end of the
item's line if it ends a line, and above the item if it has a line to itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from lrdsl.syntax import ast
from lrdsl.syntax.definition import Definition
from lrdsl.syntax.grammar import MAX_BLANK_LINES, MAX_INDENT_LEVELS
from lrdsl.syntax.parse_result import ParseResult
from lrdsl.syntax.rebuild import replace_parts
from lrdsl.syntax.trivia import BLANK_LINE, NO_TRIVIA, Comment, Comments, Trivia
from lrdsl.syntax.unparse import Item, layout

N = TypeVar("N", bound=ast.Node)


def attach_comments(parsed: ParseResult) -> ast.Node:
    """The tree of a spec with the comments of its text.

    >>> from lrdsl.syntax.parser import parse_spec
    >>> tree = attach_comments(parse_spec("warmup(5)  # up\\n>> cosine()"))
    >>> tree.children[0].trivia.trailing[0].text
    '# up'
    """
    tree: ast.Node = parsed.value
    if not parsed.comments:
        return tree
    attachment = _Attachment(parsed)
    above, tree, below = attachment.attach(tree, level=0)
    return _with_trivia(tree, leading=above, trailing=below + tuple(attachment.waiting))


def attach_comments_to_definitions(
    parsed: ParseResult, text: str
) -> tuple[list[Definition], Comments]:
    """Definitions with the comments and blank lines of their text, and those after the last one.

    >>> from lrdsl.syntax.parser import parse_library
    >>> text = "def half(a) = a / 2  # exact"
    >>> parsed = parse_library(text)
    >>> attach_comments_to_definitions(parsed, text)[0][0].trivia.trailing[0].text
    '# exact'
    """
    definitions: tuple[Definition, ...] = parsed.value
    attachment = _Attachment(parsed)
    attached: list[Definition] = []
    done = 0
    starts = [definition.header_span.start for definition in definitions]
    for definition, following in zip(definitions, [*starts, len(text)][1:], strict=True):
        start, stop = definition.header_span.start, definition.body.span.stop
        leading = _put_blank_lines(text, attachment.take(start), done, start)
        # A comment on the definition's last line belongs to it, not to the next one.
        end_of_line = text.find("\n", stop, following)
        stop = following if end_of_line < 0 else end_of_line
        attached.append(attachment.attach_to_definition(definition, leading, stop))
        done = max(definition.body.span.stop, attachment.done)
    return attached, _put_blank_lines(text, tuple(attachment.waiting), done, len(text))


def _put_blank_lines(text: str, comments: Comments, start: int, stop: int) -> Comments:
    """The comments between two places, and the blank lines that the formatter keeps."""
    lines: list[Comment] = []
    for comment in (*comments, None):
        until = stop if comment is None else comment.start
        blank = text.count("\n", start, until) - 1
        lines += [BLANK_LINE] * min(max(blank, 0), MAX_BLANK_LINES)
        if comment is not None:
            lines.append(comment)
            start = comment.stop
    return tuple(lines)


class _Attachment:
    """Gives the comments of a text to its nodes, from left to right.

    `waiting` are the comments that no node has taken yet; `done` is the end of the last taken one.
    """

    def __init__(self, parsed: ParseResult) -> None:
        self.brackets = parsed.brackets
        self.waiting = deque(parsed.comments)
        self.done = 0

    def take(self, stop: int) -> Comments:
        """The comments before a position that have not been taken yet."""
        taken: list[Comment] = []
        while self.waiting and self.waiting[0].start < stop:
            taken.append(self.waiting.popleft())
            self.done = taken[-1].stop
        return tuple(taken)

    def attach(
        self, node: ast.Node, level: int, is_grouped: bool = False
    ) -> tuple[Comments, ast.Node, Comments]:
        """A node at a level of indentation with its comments.

        The comments that have no place inside it are returned as those above and below it.
        `is_grouped` tells that formatted text has round brackets around the node.
        """
        span = node.span
        if not self.waiting or self.waiting[0].start >= span.stop:
            return (), node, ()
        while span in self.brackets:
            span = self.brackets[span]
        above = self.take(span.start)
        laid_out = layout(node)
        if not laid_out.rows or not laid_out.breaks or level > MAX_INDENT_LEVELS:
            own_lines, line_ends = _sort(self.take(span.stop))
            return above + own_lines, node, line_ends + self.take(node.span.stop)
        first, nodes, last = self.attach_to_items(laid_out.items, level, span.stop)
        below = self.take(node.span.stop)
        if laid_out.closing:
            return above, _with_items(node, nodes, first, last), below
        first, last = above + first, last + below
        if is_grouped:
            return (), _with_items(node, nodes, first, last), ()
        return first, _with_items(node, nodes), last

    def attach_to_items(
        self, items: Sequence[Item], level: int, stop: int
    ) -> tuple[Comments, list[Any], Comments]:
        """The nodes of items with their comments; those before the first, those after the last."""
        nodes: list[Any] = []
        first: Comments = ()
        gap: Comments = ()
        for item in items:
            start = item.node.span.start
            gap += self.take(start if item.start is None else item.start)
            own_lines, line_ends = _sort(self.take(start))
            is_grouped = layout(item.node).precedence < item.least
            inner = level + item.levels + is_grouped
            above, node, below = self.attach(item.node, inner, is_grouped)
            above, below = own_lines + above, line_ends + below
            # A neighbour must not get the item's own comments: one ends its line, and others have
            # lines above it, unless the item is last.
            if item is not items[-1]:
                above, below = above + below[1:], below[:1]
                below = tuple([comment._replace(own_line=False) for comment in below])
            gap += tuple([comment._replace(own_line=True) for comment in above])
            if nodes:
                # A comment on the line of the last one is its own.
                end = int(bool(gap) and not gap[0].own_line)
                nodes[-1] = _with_trivia(nodes[-1], trailing=gap[:end])
                nodes.append(_with_trivia(node, leading=gap[end:]))
            else:
                first = gap
                nodes.append(node)
            gap = below
        return first, nodes, gap + self.take(stop)

    def attach_to_definition(
        self, definition: Definition, leading: Comments, stop: int
    ) -> Definition:
        """A definition with the comments above it, inside it and at its end, up to `stop`."""
        opening: Comments = ()
        closing: Comments = ()
        parameters = definition.parameters
        if parameters and not definition.bracket:
            items = [Item(parameter) for parameter in parameters]
            stop_of_header = definition.header_span.stop
            opening, attached, closing = self.attach_to_items(items, 0, stop_of_header)
            parameters = tuple(attached)
        header = self.take(definition.body.span.start)
        above, body, below = self.attach(definition.body, level=0)
        below += self.take(stop)
        trailing = tuple([comment for comment in below if not comment.own_line][:1])
        others = tuple([comment for comment in below if comment not in trailing])
        body = _with_trivia(body, leading=header + above + others)
        inside = any([opening, closing, *[x.trivia != NO_TRIVIA for x in (body, *parameters)]])
        trivia = Trivia(leading, opening, closing, trailing, inside)
        return replace(definition, parameters=parameters, body=body, trivia=trivia)


def _sort(comments: Comments) -> tuple[Comments, Comments]:
    """Comments with a line to themselves, and comments that end a line."""
    own_lines = tuple([comment for comment in comments if comment.own_line])
    return own_lines, tuple([comment for comment in comments if not comment.own_line])


def _with_trivia(node: N, **changes: Any) -> N:
    trivia = replace(node.trivia, **changes)
    return node if trivia == node.trivia else replace(node, trivia=trivia)


def _with_items(
    node: ast.Node, nodes: Sequence[ast.Node], opening: Comments = (), closing: Comments = ()
) -> ast.Node:
    """A node with other items and with comments after its first bracket and before its last."""
    if not opening and not closing and all([each.trivia == NO_TRIVIA for each in nodes]):
        return node
    if isinstance(node, ast.Bracket):
        nodes = [
            replace(entry, value=each) if isinstance(entry, ast.Entry) else each
            for entry, each in zip(node.entries, nodes, strict=True)
        ]
    trivia = Trivia(opening=opening, closing=closing, inside=True)
    return replace(replace_parts(node, tuple(nodes)), trivia=trivia)
