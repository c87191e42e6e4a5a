"""Comments to nodes: each comment goes to the nearest place where formatted text can end a line.

A node that takes several lines has such a place around each of its items. A comment elsewhere, as
in the middle of a condition, moves out of the item, never beyond its neighbours: to the end of the
item's line if it ends a line, and above the item if it has a line to itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

from lrdsl.diagnostics import Span
from lrdsl.syntax import ast
from lrdsl.syntax.definition import DefinedParameter, Definition
from lrdsl.syntax.grammar import MAX_BLANK_LINES, MAX_INDENT_LEVELS
from lrdsl.syntax.lark_parser import ParseResult
from lrdsl.syntax.layout import Item, is_bracketed, list_items
from lrdsl.syntax.rebuild import replace_parts
from lrdsl.syntax.trivia import BLANK_LINE, NO_TRIVIA, Comment, Comments, Trivia
from lrdsl.syntax.unparse import precedence

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
    above, tree, below = _Attachment(parsed.brackets).attach(tree, parsed.comments, level=0)
    return _with_trivia(tree, replace(tree.trivia, leading=above, trailing=below))


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
    comments = parsed.comments
    attachment = _Attachment(parsed.brackets)
    attached: list[Definition] = []
    done = 0
    starts = [definition.header_span.start for definition in definitions]
    for definition, following in zip(definitions, [*starts, len(text)][1:], strict=True):
        start, stop = definition.header_span.start, definition.body.span.stop
        above, comments = _split(comments, start)
        leading = _put_blank_lines(text, above, done, start)
        inside, comments = _split(comments, stop)
        # A comment on the definition's last line belongs to it, not to the next one.
        end_of_line = text.find("\n", stop, following)
        last, comments = _split(comments, following if end_of_line < 0 else end_of_line)
        done = last[-1].stop if last else stop
        definition = attachment.attach_to_definition(definition, inside, last)
        attached.append(replace(definition, trivia=replace(definition.trivia, leading=leading)))
    return attached, _put_blank_lines(text, comments, done, len(text))


def _put_blank_lines(text: str, comments: Comments, start: int, stop: int) -> Comments:
    """The comments between two places, with the blank lines that are kept."""
    lines: list[Comment] = []
    for comment in (*comments, None):
        until = stop if comment is None else comment.start
        blank = text.count("\n", start, until) - 1
        lines += [BLANK_LINE] * min(max(blank, 0), MAX_BLANK_LINES)
        if comment is not None:
            lines.append(comment)
            start = comment.stop
    return tuple(lines)


class _Attached(NamedTuple):
    """A node with its comments, and those that have no place inside it: above and below it."""

    above: Comments
    node: ast.Node
    below: Comments


@dataclass(frozen=True)
class _Attachment:
    brackets: Mapping[Span, Span]

    def attach(
        self, node: ast.Node, comments: Comments, level: int, is_grouped: bool = False
    ) -> _Attached:
        """A node at a level of indentation with comments from inside its span.

        `is_grouped` tells that formatted text has round brackets around the node.
        """
        if not comments:
            return _Attached((), node, ())
        span = node.span
        while span in self.brackets:
            span = self.brackets[span]
        above, comments = _split(comments, span.start)
        comments, below = _split(comments, span.stop)
        items = list_items(node) if level <= MAX_INDENT_LEVELS else ()
        if not items:
            own_lines, line_ends = _sort(comments)
            return _Attached(above + own_lines, node, line_ends + below)
        first, nodes, last = self._attach_to_items(items, comments, level)
        if is_bracketed(node):
            return _Attached(above, _with_items(node, nodes, first, last), below)
        first, last = above + first, last + below
        if is_grouped:
            return _Attached((), _with_items(node, nodes, first, last), ())
        return _Attached(first, _with_items(node, nodes), last)

    def _attach_to_items(
        self, items: Sequence[Item], comments: Comments, level: int
    ) -> tuple[Comments, list[ast.Node], Comments]:
        """The items with their comments, and the comments before the first and after the last."""
        gaps: list[Comments] = [()]
        nodes: list[ast.Node] = []
        for item in items:
            between, comments = _split(comments, item.start)
            prefix, comments = _split(comments, item.node.span.start)
            inside, comments = _split(comments, item.node.span.stop)
            is_grouped = precedence(item.node) < item.least
            found = self.attach(item.node, inside, level + item.levels + is_grouped, is_grouped)
            own_lines, line_ends = _sort(prefix)
            above, below = own_lines + found.above, line_ends + found.below
            _add_gap(gaps, between, above, below, is_last=item is items[-1])
            nodes.append(found.node)
        gaps[-1] += comments
        nodes = [
            _with_trivia(node, replace(node.trivia, leading=leading, trailing=trailing))
            for node, (leading, trailing) in zip(nodes, _around_items(gaps), strict=True)
        ]
        return gaps[0], nodes, gaps[-1]

    def attach_to_definition(
        self, definition: Definition, comments: Comments, last: Comments
    ) -> Definition:
        """A definition with the comments inside it and `last`, the one at its end."""
        header, comments = _split(comments, definition.header_span.stop)
        opening: Comments = ()
        closing: Comments = ()
        parameters = definition.parameters
        if parameters and not definition.bracket:
            opening, parameters, closing = _attach_to_parameters(parameters, header)
            header = ()
        equals, comments = _split(comments, definition.body.span.start)
        above, body, below = self.attach(definition.body, comments, level=0)
        trailing = tuple([c for c in below + last if not c.own_line][:1])
        leading = header + equals + above + tuple([c for c in below + last if c not in trailing])
        body = _with_trivia(body, replace(body.trivia, leading=leading))
        trivia = Trivia(opening=opening, closing=closing, trailing=trailing)
        parts = [body.trivia, *[parameter.trivia for parameter in parameters]]
        inside = bool(opening or closing) or any([each != NO_TRIVIA for each in parts])
        return replace(
            definition, parameters=parameters, body=body, trivia=replace(trivia, inside=inside)
        )


def _attach_to_parameters(
    parameters: Sequence[DefinedParameter], comments: Comments
) -> tuple[Comments, tuple[DefinedParameter, ...], Comments]:
    """Parameters with their comments, and those before the first and after the last."""
    gaps: list[Comments] = [()]
    for parameter in parameters:
        between, comments = _split(comments, parameter.span.start)
        last = parameter.span if parameter.default is None else parameter.default.span
        inside, comments = _split(comments, last.stop)
        _add_gap(gaps, between, *_sort(inside), is_last=parameter is parameters[-1])
    gaps[-1] += comments
    attached = [
        replace(parameter, trivia=Trivia(leading=leading, trailing=trailing))
        for parameter, (leading, trailing) in zip(parameters, _around_items(gaps), strict=True)
    ]
    return gaps[0], tuple(attached), gaps[-1]


def _add_gap(
    gaps: list[Comments], between: Comments, above: Comments, below: Comments, *, is_last: bool
) -> None:
    """Add the comments around an item: those `between` it and the item before, and its own.

    Its own comments must not be taken for those of its neighbours. So `above` have lines to
    themselves; of `below`, one ends the item's line, and others go above unless the item is last.
    """
    if not is_last:
        above, below = above + below[1:], below[:1]
        below = tuple([comment._replace(own_line=False) for comment in below])
    gaps[-1] += between + tuple([comment._replace(own_line=True) for comment in above])
    gaps.append(below)


def _around_items(gaps: Sequence[Comments]) -> list[tuple[Comments, Comments]]:
    """The comments above each item and at the end of its line, from those between the items.

    Comments before the first item and after the last belong to the node that has the items.
    """
    leading: list[Comments] = [()]
    trailing: list[Comments] = []
    for gap in gaps[1:-1]:
        line_ends = gap[:1] if gap and not gap[0].own_line else ()
        trailing.append(line_ends)
        leading.append(gap[len(line_ends) :])
    return list(zip(leading, [*trailing, ()], strict=True))


def _split(comments: Comments, position: int) -> tuple[Comments, Comments]:
    """The comments before a position and those after it."""
    i = bisect_left(comments, position, key=lambda comment: comment.start)
    return comments[:i], comments[i:]


def _sort(comments: Comments) -> tuple[Comments, Comments]:
    """The comments with a line to themselves, and those that end a line."""
    own_lines = tuple([comment for comment in comments if comment.own_line])
    return own_lines, tuple([comment for comment in comments if not comment.own_line])


def _with_trivia(node: N, trivia: Trivia) -> N:
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
    return replace(
        replace_parts(node, tuple(nodes)),
        trivia=Trivia(opening=opening, closing=closing, inside=True),
    )
