"""String literals of Python: their texts, and the offset in the file of each character."""

from __future__ import annotations

import ast
import re

from lrdsl.linter.source_file import Style
from lrdsl.linter.sources.document import Scalar
from lrdsl.linter.sources.placeholders import Placeholder

_OPENING = re.compile(r"([A-Za-z]{0,2})('''|\"\"\"|'|\")")
_BETWEEN = re.compile(r"(?:\s|\\\r?\n|#[^\r\n]*)*")
_ESCAPE = re.compile(
    r"\\(?:\r\n|[\r\n\\'\"abfnrtv]|[0-3]?[0-7]{1,2}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}"
    r"|U[0-9a-fA-F]{8}|N\{[^}]+\})"
)


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
        styles.append(_style(prefix, quote))
        end = opening.end()
        while not text.startswith(quote, end):
            piece = _piece(text, end, stop, prefix)
            if piece is None:
                return None
            here, length = piece
            if len(here) > 1 and here[0] == "{":
                first = len(places)
                placeholders.append(Placeholder(first, first + length, here[1:-1], None))
            made.append(here)
            places += range(end, end + length) if len(here) == length else [end] * len(here)
            end += length
        between = _BETWEEN.match(text, end + len(quote), stop)
        at = between.end() if between else stop
    if not styles:
        return None
    offsets, is_single = (*places, end), len(styles) == 1
    value, style, fields = "".join(made), styles[0], tuple(placeholders)
    return Scalar(value, "text", start, stop, style, offsets, fields, is_single)


def _style(prefix: str, quote: str) -> Style:
    if "r" in prefix:
        return "raw"
    if len(quote) == 3:
        return "triple"
    return "single" if quote == "'" else "double"


def _piece(text: str, at: int, stop: int, prefix: str) -> tuple[str, int] | None:
    """The text of the next piece of a literal, and how many characters of the source it takes.

    A piece is one character, an escape, or a field of an f-string, which stands for itself.
    """
    pair = text[at : min(at + 2, stop)]
    if "f" in prefix and pair in ("{{", "}}"):
        return pair[0], 2
    if "f" in prefix and pair.startswith("{"):
        end = _after_field(text, at, stop)
        return None if end is None else (text[at:end], end - at)
    if pair.startswith("\\"):
        # In a raw literal it keeps a quote from ending the literal, and stays.
        escape = None if "r" in prefix else _ESCAPE.match(text, at, stop)
        if escape is None:
            return pair, len(pair)
        try:
            return ast.literal_eval(f'"{escape[0]}"'), len(escape[0])
        except SyntaxError:  # there is no character of that name or number
            return None
    if pair == "\r\n":
        return "\n", 2
    return (pair[0].replace("\r", "\n"), 1) if pair else None


def _after_field(text: str, at: int, stop: int) -> int | None:
    """Past the replacement field of an f-string that begins here; strings in it may hold braces."""
    depth, quote = 0, ""
    for i in range(at, stop):
        here = text[i]
        if quote:
            quote = "" if here == quote else quote
        elif here in "'\"":
            quote = here
        elif here in "{[(":
            depth += 1
        elif here in "}])":
            depth -= 1
            if depth == 0:
                return i + 1
    return None
