"""Parsers made by lark, one for each parse at a time.

A lark parser fills its lexers on first use, without locks, and hands comments to callbacks that
know nothing of the parse. So no two parses share a parser: each takes an idle one, or makes one,
and puts it back. Taking and putting back are atomic operations of a deque; there is no lock that
another thread could hold during a fork.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import lark
from lark import Lark, Token
from lark.exceptions import UnexpectedInput

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import Mistake, Span
from lrdsl.syntax.parse_result import ParseResult
from lrdsl.syntax.recovery import Recovery
from lrdsl.syntax.tree_builder import TreeBuilder, token_span
from lrdsl.syntax.trivia import Comment
from lrdsl.util.guarded_read import read_text
from lrdsl.util.resources import folder, private_cache

_idle: deque[tuple[Lark, TreeBuilder]] = deque()
"""As many parsers as were in use at the same time, each with its tree builder."""


@contextmanager
def _borrow_parser() -> Iterator[tuple[Lark, TreeBuilder]]:
    try:
        parser, builder = _idle.pop()
    except IndexError:
        builder = TreeBuilder()
        parser = _make_lark(builder)
    builder.comments.clear()
    builder.brackets = {}
    try:
        yield parser, builder
    finally:
        _idle.append((parser, builder))


def run_parser(text: str, rule: str, kind: str) -> tuple[ParseResult, list[Mistake]]:
    """Parse a text, which is to be of a kind, by a start rule of the grammar.

    The result has no value where the syntax errors cannot be repaired.
    """
    recovery = Recovery(text)
    try:
        with _borrow_parser() as (parser, builder):
            value = parser.parse(text, start=rule, on_error=recovery)
            comments = tuple([_read_comment(text, token) for token in builder.comments])
            return ParseResult(value, comments, builder.brackets), recovery.mistakes
    except UnexpectedInput as error:
        start = error.pos_in_stream or 0
        failed = Mistake(diag.UNEXPECTED, f"this is not {kind}", Span(start, start + 1))
        return ParseResult(), recovery.mistakes or [failed]


def find_words(text: str, *, is_spec: bool = True) -> list[Span]:
    """The spans of the tokens and comments of a spec, or of definitions, without syntax errors.

    >>> text = "hold( 5ep ) # for a while"
    >>> [text[span.start : span.stop] for span in find_words(text)]
    ['hold', '(', '5ep', ')', '# for a while']
    """
    with _borrow_parser() as (parser, builder):
        rule = "start" if is_spec else "library"
        tokens = parser.parse_interactive(text, start=rule).exhaust_lexer()
        comments = [_read_comment(text, token) for token in builder.comments]
    return sorted([*map(token_span, tokens), *[Span(c.start, c.stop) for c in comments]])


def _read_comment(text: str, token: Token) -> Comment:
    start = token.start_pos
    assert start is not None
    line = text.rfind("\n", 0, start) + 1
    return Comment(token.rstrip(), start, own_line=not text[line:start].strip())


def _make_lark(builder: TreeBuilder) -> Lark:
    """A lark parser; its tables are read from a cache file, in a tenth of the time it takes to
    make them.
    """
    grammar = read_text(folder("grammar") / "lrdsl.lark")
    key = f"{grammar}{lark.__version__}{sys.version_info[:2]}"
    cache = private_cache(f"grammar-{hashlib.sha256(key.encode()).hexdigest()[:16]}")
    # lark writes its file in place. A file under another name is renamed, so that no other process
    # reads half of it.
    is_new = cache is not None and not cache.exists()
    file = f"{cache}.{os.getpid()}.{threading.get_ident()}" if is_new else cache
    made = Lark(
        grammar,
        parser="lalr",
        start=["start", "library"],
        lexer="contextual",
        transformer=builder,
        lexer_callbacks={"COMMENT": builder.comments.append},
        cache=False if file is None else str(file),
    )
    if cache is not None and is_new:
        with suppress(OSError):
            os.replace(str(file), cache)
    return made
