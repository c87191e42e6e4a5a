"""Error recovery: notes each syntax error, repairs the parser's state and parses on."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from lrdsl.diagnostics import Mistake, Span
from lrdsl.syntax import stray_characters, syntax_errors
from lrdsl.syntax.grammar import MAX_DEPTH, MAX_PENDING_TOKENS, MAX_SYNTAX_ERRORS

_INSERTS = ("MISSING", "COMMA", "THEN", "COLON")
"""The tokens that may be missing before another, likeliest first."""

_ENDINGS = ("MISSING", "RPAR", "RSQB", "COLON", "ELSE")
"""The tokens that may be missing at the end of the text, likeliest first."""

_OPERATORS = {">>": "THEN", "**": "POWER", "*": "STAR", "-": "MINUS", "/": "SLASH"}


class Recovery:
    """The error handler of one parse; `mistakes` are the syntax errors so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.mistakes: list[Mistake] = []
        self._errors = 0
        self._dropped_until: int | None = None

    def __call__(self, error: Any) -> bool:
        """Repair the parser's state after lark's error; False if that is impossible."""
        self._errors += 1
        if self._errors > MAX_SYNTAX_ERRORS:
            return False
        parser, start = error.interactive_parser, error.pos_in_stream
        if isinstance(error, UnexpectedCharacters):
            self._skip_character(parser, start)
            return True
        token = error.token
        if len(parser.parser_state.value_stack) > MAX_PENDING_TOKENS:
            # `accepts` copies the stack for each terminal.
            self.mistakes.append(syntax_errors.too_deep(token.start_pos))
            return False
        accepted = frozenset(parser.accepts())
        if token.type == "$END":
            return self._complete(parser, accepted)
        if token.type == "COMPARE" and len(token) == 1:
            # A single `<` or `>` outside a condition is a stray character.
            self._replace_character(parser, token.start_pos)
            return True
        if token == "=" and self.text.startswith(">", token.end_pos):
            return True  # an arrow, which its head reports
        if not self._follows_dropped(token.start_pos):
            span = Span(token.start_pos, token.end_pos)
            mistake = syntax_errors.unexpected_word(self.text, span, accepted)
            self.mistakes.append(mistake)
            if mistake.span != span:  # it goes with the word before it
                self._dropped_until = token.end_pos
                return True
            if mistake.replacement == ">>":
                return _feed(parser, ["THEN"], token)
        self._repair(parser, token)
        return True

    def _skip_character(self, parser: Any, start: int) -> None:
        """Note a character that starts no token, or a placeholder `${…}`."""
        placeholder = stray_characters.placeholder(self.text, start)
        if placeholder is None:
            self._replace_character(parser, start)
            return
        self.mistakes.append(placeholder)
        stop = placeholder.span.stop
        parser.lexer_thread.state.line_ctr.feed(self.text[start:stop])
        if "MISSING" in parser.accepts():
            parser.feed_token(Token("MISSING", "", start, end_pos=stop))

    def _replace_character(self, parser: Any, start: int) -> None:
        """Note a stray character and insert the operator that was probably meant, if any."""
        self.mistakes.append(stray_characters.stray_character(self.text, start))
        meant = _OPERATORS.get(stray_characters.LIKELY_OPERATORS.get(self.text[start], ""))
        if meant is not None and meant in parser.accepts():
            parser.feed_token(Token(meant, "", start, end_pos=start + 1))
        else:
            self._dropped_until = start + 1

    def _follows_dropped(self, start: int) -> bool:
        """Whether a dropped word ends directly before `start`: one mistake is enough for both."""
        if self._dropped_until is not None and self.text[self._dropped_until : start].strip():
            self._dropped_until = None
        return self._dropped_until is not None

    def _repair(self, parser: Any, token: Token) -> None:
        """Insert the tokens that are missing before `token`, or drop `token`."""
        other = {"RPAR": "RSQB", "RSQB": "RPAR"}.get(token.type, "")
        if other in parser.accepts():
            _feed(parser, [other], token)
            return
        for count in (1, 2):
            for inserts in itertools.product(_INSERTS, repeat=count):
                types = [*inserts, token.type]
                if _feed(parser.copy(deepcopy_values=False), types, token):
                    _feed(parser, inserts, token)
                    parser.feed_token(token)
                    return
        self._dropped_until = token.end_pos

    def _complete(self, parser: Any, accepted: frozenset[str]) -> bool:
        """Insert the tokens that are missing at the end of the text."""
        end = len(self.text)
        if self._errors == 1 and not parser.parser_state.value_stack:
            self.mistakes.append(syntax_errors.empty())
            return False
        only_brackets = self._follows_dropped(end)
        self.mistakes += syntax_errors.unexpected_end(self.text, accepted, only_brackets)
        for _ in range(3 * MAX_DEPTH):
            accepted = parser.accepts()
            if "$END" in accepted:
                break
            missing = next((name for name in _ENDINGS if name in accepted), None)
            if missing is None:
                return False
            parser.feed_token(Token(missing, "", end, end_pos=end))
        return True


def _feed(parser: Any, types: Iterable[str], where: Token) -> bool:
    """Feed empty tokens of these types at the place of `where`; False if one does not fit."""
    try:
        for name in types:
            parser.feed_token(Token.new_borrow_pos(name, "", where))
    except UnexpectedToken:
        return False
    return True
