"""String literals of Python: their texts, and the offset in the file of each character."""

from __future__ import annotations

import ast
import re
from functools import cache

from lrdsl.linter.source_file import Style
from lrdsl.linter.sources.document import Scalar
from lrdsl.linter.sources.placeholders import Placeholder

_OPENING = re.compile(r"([A-Za-z]{0,2})('''|\"\"\"|'|\")")
_BETWEEN = re.compile(r"(?:\s|\\\r?\n|#[^\r\n]*)*")
_STYLES: dict[str, Style] = {"'": "single", '"': "double"}
_ESCAPE = (
    r"(?P<escape>\\(?:\r\n|[\r\n\\'\"abfnrtv]|[0-3]?[0-7]{1,2}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}"
    r"|U[0-9a-fA-F]{8}|N\{[^}]+\}))"
)
_FIELD = r"(?P<brace>\{\{|\}\})|(?P<field>\{(?:[^{}'\"]|'[^']*'|\"[^\"]*\"|\{[^{}]*\})*\})"


@cache
def _pieces(is_raw: bool, has_fields: bool) -> re.Pattern[str]:
    """A piece of a literal: a character, an escape, or a field of an f-string.

    In a raw literal a backslash keeps a quote from ending the literal, and stays.
    """
    own = [_FIELD] * has_fields + [_ESCAPE] * (not is_raw)
    return re.compile("|".join([*own, r"\\.", r"\r\n", r"."]), re.DOTALL)


def read_literal(text: str, start: int, stop: int) -> Scalar | None:
    """The string that the source at `start` to `stop` makes; None if it is no string of text.

    The replacement fields of an f-string are its placeholders. Several literals side by side cannot
    be replaced.

    >>> literal = read_literal("x = 'a' 'b'", 4, 11)
    >>> literal.value, literal.offsets, literal.writable
    ('ab', (5, 9, 10), False)
    """
    made: list[str] = []
    places: list[int] = []
    placeholders: list[Placeholder] = []
    styles: list[Style] = []
    at = end = start
    while at < stop:
        opening = _OPENING.match(text, at, stop)
        if opening is None or not {"b", "t"}.isdisjoint(opening[1].lower()):
            return None
        prefix, quote = opening[1].lower(), opening[2]
        styles.append("raw" if "r" in prefix else _STYLES.get(quote, "triple"))
        pieces = _pieces("r" in prefix, "f" in prefix)
        end = opening.end()
        while not text.startswith(quote, end):
            piece = pieces.match(text, end, stop)
            here = None if piece is None else _unescaped(piece)
            if piece is None or here is None or ("f" in prefix and here == piece[0] == "{"):
                return None
            if piece.lastgroup == "field":
                first = len(places)
                placeholders.append(Placeholder(first, first + len(here), here[1:-1], None))
            made.append(here)
            length = piece.end() - end
            places += range(end, end + length) if len(here) == length else [end] * len(here)
            end += length
        between = _BETWEEN.match(text, end + len(quote), stop)
        at = between.end() if between else stop
    if not styles:
        return None
    offsets, is_single = (*places, end), len(styles) == 1
    value, style, fields = "".join(made), styles[0], tuple(placeholders)
    return Scalar(value, "text", start, stop, style, offsets, fields, is_single)


def _unescaped(piece: re.Match[str]) -> str | None:
    """The text that a piece stands for; None if there is no character of that name or number."""
    if piece.lastgroup == "brace":
        return piece[0][0]
    if piece.lastgroup != "escape":
        return "\n" if piece[0] in ("\r\n", "\r") else piece[0]
    try:
        found: str = ast.literal_eval(f'"{piece[0]}"')
    except SyntaxError:
        return None
    return found
