"""Formats the specs in a file; everything else in it stays byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from lrdsl.diagnostics import SpecError
from lrdsl.linter.patching import CannotWrite, Edit, replace_in
from lrdsl.linter.source_file import LocatedDiagnostic, Role, Snippet, SourceFile
from lrdsl.syntax import ast
from lrdsl.syntax.format import format, format_definitions
from lrdsl.syntax.lark_parser import find_words
from lrdsl.syntax.parser import parse_tree
from lrdsl.syntax.pretty_print import WIDTH

_UNLIMITED_WIDTH = 10**9
"""The width for specs that must stay in one line."""

_MULTILINE_STYLES = ("literal", "triple", "fence", "text")
"""The styles in which a spec may have several lines."""


def rewrite(file: SourceFile) -> tuple[str, list[LocatedDiagnostic]]:
    """The text of a file with its specs and definitions formatted, and the errors in others.

    A spec stays as it is if it has an error, is not written in the file as a whole, or would need
    several lines where there is room for one.

    >>> from lrdsl.linter.read_source import read_text
    >>> rewrite(read_text("a.yaml", "lr:   hold( 5 )>>cosine(1,0,9)   # two\\n"))[0]
    'lr:   hold(5) >> cosine(1, 0, 9)   # two\\n'
    """
    edits: list[Edit] = []
    problems: list[LocatedDiagnostic] = []
    for snippet in file.snippets:
        try:
            made = _edits(snippet) if snippet.writable else ()
            edits += [edit for edit in made if snippet.text[edit[1] : edit[2]] != edit[3]]
        except SpecError as error:
            problems += [LocatedDiagnostic.of(file.path, x, snippet) for x in error.diagnostics]
    return _replaced(file, edits), problems


def _replaced(file: SourceFile, edits: list[Edit]) -> str:
    with suppress(CannotWrite):
        return replace_in(file, edits)
    kept: list[Edit] = []  # the edits that can be written
    text = file.text
    for snippet in file.snippets:
        tried = [*kept, *[edit for edit in edits if edit[0] is snippet]]
        with suppress(CannotWrite):
            text, kept = replace_in(file, tried), tried
    return text


def _edits(snippet: Snippet) -> Iterator[Edit]:
    """The pieces of a snippet, as they are to be written."""
    text = snippet.text
    if snippet.role == "definitions" and snippet.style == "text":
        yield snippet, 0, len(text), format_definitions(text)
        return
    start, stop = len(text) - len(text.lstrip()), len(text.rstrip())
    own = text[start:stop]
    in_lines = snippet.style in _MULTILINE_STYLES or (snippet.style == "raw" and "\n" in text)
    indent = _indent(text, start, snippet.role) if in_lines else ""
    width = WIDTH - len(indent) if in_lines else _UNLIMITED_WIDTH
    if snippet.role == "definitions":
        new = format_definitions(own, width).rstrip("\n")
    else:
        tree = parse_tree(own)
        bare = tree.operand if isinstance(tree, ast.Negative) else tree
        if isinstance(bare, (ast.Number, ast.Name, ast.Keyword, ast.Default, ast.String)):
            return  # a number or a word alone is left to YAML's own reading
        new = format(own, width)
    if in_lines:
        new = "\n".join([new_line and indent + new_line for new_line in new.split("\n")])
        yield snippet, start, stop, new.removeprefix(indent)
    elif "\n" not in new:
        yield from _pieces(snippet, start, stop, new)


def _pieces(snippet: Snippet, start: int, stop: int, new: str) -> Iterator[Edit]:
    """An edit of each word and the spaces before it, so that folded lines stay folded."""
    is_spec = snippet.role != "definitions"
    before = find_words(snippet.text[start:stop], is_spec=is_spec)
    after = find_words(new, is_spec=is_spec)
    if len(before) != len(after):
        yield snippet, start, stop, new
        return
    old_end, new_end = start, 0
    for left, right in zip(before, after, strict=True):
        yield snippet, old_end, start + left.stop, new[new_end : right.stop]
        old_end, new_end = start + left.stop, right.stop


_BEGINS = re.compile(r"[ \t]*(?:def\b|#)")


def _indent(text: str, start: int, role: Role) -> str:
    """The least indentation of the lines that begin in a text.

    The lines inside a definition are indented further, so that only those where one begins count.
    """
    lines = [line for line in text[text.rfind("\n", 0, start) + 1 :].split("\n") if line.strip()]
    begun = lines if "\n" in text[:start] else lines[1:]
    counted = [line for line in begun if role != "definitions" or _BEGINS.match(line)]
    return min([line[: len(line) - len(line.lstrip())] for line in counted], key=len, default="")
