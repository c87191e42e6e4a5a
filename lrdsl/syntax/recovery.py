"""Error recovery: reports each syntax error, repairs the parser's state and parses on."""

from __future__ import annotations

import itertools
from typing import Any

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import Reporter, Span
from lrdsl.syntax import syntax_errors
from lrdsl.syntax.grammar import MAX_DEPTH, MAX_PENDING_TOKENS, MAX_SYNTAX_ERRORS


class Recovery:
    """The error handler of one parse; `kind` is what the text should be: `a schedule`."""

    def __init__(self, text: str, kind: str, reporter: Reporter) -> None:
        self.text = text
        self.kind = kind
        self.reporter = reporter
        self.errors = 0
        self._dropped: tuple[int, int] | None = None

    def __call__(self, error: UnexpectedInput) -> bool:
        """Repair the parser's state after an error; False if that is impossible."""
        self.errors += 1
        if self.errors > MAX_SYNTAX_ERRORS:
            return False
        if isinstance(error, UnexpectedCharacters):
            self._skip_character(error)
            return True
        assert isinstance(error, UnexpectedToken)
        parser: Any = error.interactive_parser
        token = error.token
        if len(parser.parser_state.value_stack) > MAX_PENDING_TOKENS:
            # `accepts` copies the stack for each terminal.
            start = min(token.start_pos or len(self.text), len(self.text) - 1)
            syntax_errors.report_too_deep(start, self.reporter)
            return False
        accepted = frozenset(parser.accepts())
        if token.type == "$END":
            start = len(self.text)
            if self.errors == 1 and not parser.parser_state.value_stack:
                syntax_errors.report_empty(self.reporter)
                return False
            only_brackets = self._follows_dropped(start)
            syntax_errors.report_unexpected_end(self.text, accepted, only_brackets, self.reporter)
            return self._complete(parser)
        assert token.start_pos is not None
        if token.type == "COMPARE" and len(token) == 1:
            # A single `<` or `>` outside a condition is a stray character.
            self._replace_character(parser, token.start_pos)
            return True
        if not self._follows_dropped(token.start_pos):
            syntax_errors.report_unexpected_token(self.text, token, accepted, self.reporter)
        self._repair(parser, token)
        return True

    def _skip_character(self, error: UnexpectedCharacters) -> None:
        """Report a character that starts no token, or a placeholder `${…}`."""
        start = error.pos_in_stream
        assert start is not None
        parser: Any = error.interactive_parser
        placeholder = syntax_errors.report_placeholder(self.text, start, self.reporter)
        if placeholder is not None:
            parser.lexer_thread.state.line_ctr.feed(placeholder)
            if "MISSING" in parser.accepts():
                parser.feed_token(Token("MISSING", "", start, end_pos=start + len(placeholder)))
            return
        self._replace_character(parser, start)

    def _replace_character(self, parser: Any, start: int) -> None:
        """Report a stray character and insert the operator that was probably meant, if any."""
        syntax_errors.report_stray_character(self.text, start, self.reporter)
        meant = _OPERATORS.get(syntax_errors.LIKELY_OPERATORS.get(self.text[start], ""))
        if meant is not None and meant in parser.accepts():
            parser.feed_token(Token(meant, "", start, end_pos=start + 1))
        else:
            self._drop(start, start + 1)

    def _drop(self, start: int, stop: int) -> None:
        self._dropped = self._dropped or (start, stop)
        self._dropped = (self._dropped[0], stop)

    def _follows_dropped(self, start: int) -> bool:
        """Whether a dropped stretch ends directly before `start`: one report is enough for both."""
        if self._dropped is None or self.text[self._dropped[1] : start].strip():
            self._dropped = None
            return False
        return True

    def _repair(self, parser: Any, token: Token) -> None:
        """Insert what is missing before `token`, or drop `token`."""
        other = {"RPAR": "RSQB", "RSQB": "RPAR"}.get(token.type)
        if other is not None and other in parser.accepts():
            parser.feed_token(Token.new_borrow_pos(other, "", token))
            return
        for inserts in ((), *((m,) for m in _INSERTS), *itertools.product(_INSERTS, repeat=2)):
            trial = parser.copy(deepcopy_values=False)
            if _feed(trial, (*inserts, token.type), token):
                _feed(parser, inserts, token)
                parser.feed_token(token)
                return
        assert token.start_pos is not None
        assert token.end_pos is not None
        self._drop(token.start_pos, token.end_pos)

    def _complete(self, parser: Any) -> bool:
        """Insert what is missing at the end of the text."""
        position = len(self.text)
        for _ in range(3 * MAX_DEPTH):
            accepted = parser.accepts()
            if "$END" in accepted:
                break
            missing = next(
                (c for c in ("MISSING", "RPAR", "RSQB", "COLON", "ELSE") if c in accepted), None
            )
            if missing is None:
                return False
            parser.feed_token(Token(missing, "", position, end_pos=position))
        return True

    def report_failure(self, error: UnexpectedInput) -> None:
        """Report an error without a repair, unless something was reported already."""
        if not self.reporter.diagnostics:
            position = error.pos_in_stream or 0
            span = Span(position, position + 1)
            self.reporter.report(diag.UNEXPECTED, f"this is not {self.kind}", span)


_INSERTS = ("MISSING", "COMMA", "THEN", "COLON")
"""The tokens that may be missing before another, likeliest first."""

_OPERATORS = {">>": "THEN", "**": "POWER", "*": "STAR", "-": "MINUS", "/": "SLASH"}


def _feed(parser: Any, types: tuple[str, ...], where: Token) -> bool:
    """Feed empty tokens of these types at the place of `where`; False if one does not fit."""
    try:
        for type_ in types:
            parser.feed_token(Token.new_borrow_pos(type_, "", where))
    except UnexpectedToken:
        return False
    return True
