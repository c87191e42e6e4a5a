"""Tree to canonical text in lines, with the tree's comments.

A node that is too long for its line, or has comments inside, takes a line for each of its items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lrdsl.syntax import ast
from lrdsl.syntax.definition import Definition
from lrdsl.syntax.grammar import MAX_INDENT_LEVELS
from lrdsl.syntax.trivia import NO_TRIVIA, Trivia, put_comments, split_end_of_line
from lrdsl.syntax.unparse import Item, layout, unparse

WIDTH = 88
"""Characters in a line, as far as there are places to break it."""

INDENT = "    "


def pretty_print(node: ast.Node, width: int = WIDTH) -> str:
    """The canonical text of a tree in lines of at most `width` characters, as far as possible.

    >>> from lrdsl.syntax.parser import parse_tree
    >>> tree = parse_tree("warmup(linear, 100) >> cosine(1, 0, 800) | clip(1e-3, _)")
    >>> print(pretty_print(tree, 40))
    warmup(linear, 100)
    >> cosine(1, 0, 800)
    | clip(1e-3, _)
    """
    text = _Printer(width).print_node(node, level=0)
    return put_comments(text, node.trivia.leading, node.trivia.trailing)


def pretty_print_definition(definition: Definition, width: int = WIDTH) -> str:
    """The canonical text of a definition in lines, without the comments above it.

    >>> from lrdsl.syntax.parser import parse_definitions
    >>> definition = parse_definitions("def half(a) = linear(a, a/2, 9)")[0]
    >>> print(pretty_print_definition(definition, 30))
    def half(a) =
        linear(a, a / 2, 9)
    """
    text, body, trivia = str(definition), definition.body, definition.trivia
    if len(text) > width or trivia.inside:
        header = _print_header(definition, width)
        end_of_line, above = split_end_of_line(body.trivia.leading)
        printed = _Printer(width - len(INDENT)).print_node(body, level=0)
        text = f"{header} ={end_of_line}\n{INDENT}{_indent(put_comments(printed, above, ()))}"
    return put_comments(text, (), trivia.trailing)


def _print_header(definition: Definition, width: int) -> str:
    """The text left of the `=`; a line for each parameter if it is long or has comments."""
    header, trivia = definition.header, definition.trivia
    parameters = [(parameter.declaration, parameter.trivia) for parameter in definition.parameters]
    has_comments = trivia.opening or trivia.closing or any([t != NO_TRIVIA for _, t in parameters])
    is_long = len(header) + len(" =") > width and parameters and not definition.bracket
    if not has_comments and not is_long:
        return header
    return _print_bracketed(f"def {definition.name}(", parameters, ")", trivia)


@dataclass(frozen=True)
class _Printer:
    width: int

    def print_node(self, node: ast.Node, level: int) -> str:
        """The lines of a node, without the brackets that its precedence asks for."""
        text = unparse(node)
        laid_out = layout(node)
        _, opening, closing, breaks, _ = laid_out
        if not laid_out.rows or not breaks or self._is_one_line(node, text, level):
            return text
        parts = [(self._print_item(item, level), item.node.trivia) for item in laid_out.items]
        if closing:
            return _print_bracketed(opening, parts, closing, node.trivia)
        return "\n".join([put_comments(text, t.leading, t.trailing) for text, t in parts])

    def _print_item(self, item: Item, level: int) -> str:
        """The lines of an item with its prefix, and with brackets if it needs them."""
        node, level = item.node, level + item.levels
        text = unparse(node, item.least)
        is_grouped = layout(node).precedence < item.least
        if not self._is_one_line(node, text, level, is_grouped):
            text = self.print_node(node, level + is_grouped)
            if is_grouped:
                text = _print_bracketed("(", [(text, NO_TRIVIA)], ")", node.trivia)
        return item.prefix + (_indent(text) if item.hangs else text)

    def _is_one_line(self, node: ast.Node, text: str, level: int, is_grouped: bool = False) -> bool:
        fits = len(text) <= self.width - level * len(INDENT) and not node.trivia.inside
        return fits or level + is_grouped > MAX_INDENT_LEVELS


def _print_bracketed(
    opening: str, parts: Sequence[tuple[str, Trivia]], closing: str, trivia: Trivia
) -> str:
    """Brackets with each part on a line of its own, and the comments between them."""
    end_of_line, above = split_end_of_line(trivia.opening)
    lines = [comment.text for comment in above]
    *others, (last, last_trivia) = parts
    lines += [put_comments(f"{text},", own.leading, own.trailing) for text, own in others]
    lines.append(put_comments(last, last_trivia.leading, trivia.closing))
    inside = "\n".join(lines)
    return f"{opening}{end_of_line}\n{INDENT}{_indent(inside)}\n{closing}"


def _indent(text: str) -> str:
    return text.replace("\n", f"\n{INDENT}")
