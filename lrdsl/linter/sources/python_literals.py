"""String literals of Python: their texts, and the offset in the file of each character."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from lrdsl.linter.source_file import Style
from lrdsl.linter.sources.placeholders import Placeholder

_OPENING = re.compile(r"([A-Za-z]{0,2})('''|\"\"\"|'|\")")
_BETWEEN = re.compile(r"(?:\s|\\\r?\n|#[^\r\n]*)*")
_ESCAPE = re.compile(
    r"\\(?:(\r\n|[\r\n])|([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})"
    r"|N\{([^}]+)\}|(.))",
    re.DOTALL,
)
_SHORT = {"\\": "\\", "'": "'", '"': '"'} | dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))


@dataclass(frozen=True)
class Literal:
    """A string as Python reads it, with the offset of each character.

    The replacement fields of an f-string are its placeholders.
    """

    text: str
    offsets: tuple[int, ...]
    style: Style
    placeholders: tuple[Placeholder, ...]
    is_single: bool
    """Whether it is one literal, not several side by side."""


def read_literal(text: str, start: int, stop: int) -> Literal | None:
    """The string that the source at `start` to `stop` makes; None if it is no string of text.

    >>> literal = read_literal("x = 'a' 'b'", 4, 11)
    >>> literal.text, literal.offsets, literal.is_single
    ('ab', (5, 9, 10), False)
    """
    made: list[str] = []
    places: list[int] = []
    placeholders: list[Placeholder] = []
    styles: list[Style] = []
    at, end = start, start
    while at < stop:
        opening = _OPENING.match(text, at, stop)
        if opening is None or "b" in opening[1].lower() or "t" in opening[1].lower():
            return None
        prefix, quote = opening[1].lower(), opening[2]
        styles.append("raw" if "r" in prefix else _style(quote))
        found = _inside(text, opening.end(), stop, quote, prefix, made, places, placeholders)
        if found is None:
            return None
        end = found
        between = _BETWEEN.match(text, end + len(quote), stop)
        at = between.end() if between else stop
    if not styles:
        return None
    return Literal("".join(made), (*places, end), styles[0], tuple(placeholders), len(styles) == 1)


def _style(quote: str) -> Style:
    if len(quote) == 3:
        return "triple"
    return "single" if quote == "'" else "double"


def _inside(
    text: str,
    at: int,
    stop: int,
    quote: str,
    prefix: str,
    made: list[str],
    places: list[int],
    placeholders: list[Placeholder],
) -> int | None:
    """Read one literal up to its closing quotes; where these begin."""
    while at < stop:
        if text.startswith(quote, at):
            return at
        here, length = text[at], 1
        if text.startswith("\r\n", at):
            here, length = "\n", 2
        elif here == "\r":
            here = "\n"
        elif here == "\\" and "r" in prefix:
            # A backslash keeps a quote from ending the literal, and stays.
            here = text[at : at + 2]
            made.append(here)
            places += [at, at + 1]
            at += 2
            continue
        elif here == "\\":
            escape = _ESCAPE.match(text, at, stop)
            if escape is None:
                return None
            unescaped = _unescaped(escape)
            if unescaped is None:
                return None
            here, length = unescaped, len(escape[0])
        elif "f" in prefix and text[at : at + 2] in ("{{", "}}"):
            length = 2
        elif "f" in prefix and here == "{":
            end = _after_field(text, at, stop)
            if end is None:
                return None
            here, length = text[at:end], end - at
            first = len(places)
            placeholders.append(Placeholder(first, first + length, here[1:-1], None))
            made.append(here)
            places += range(at, end)
            at = end
            continue
        made.append(here)
        places += [at] * len(here)
        at += length
    return None


def _unescaped(escape: re.Match[str]) -> str | None:
    newline, octal, x, u, long, name, other = escape.groups()
    if newline is not None:
        return ""
    if octal is not None:
        return chr(int(octal, 8))
    for digits in (x, u, long):
        if digits is not None:
            return chr(int(digits, 16)) if int(digits, 16) < 0x110000 else None
    if name is not None:
        try:
            return unicodedata.lookup(name)
        except KeyError:
            return None
    return _SHORT.get(other, "\\" + other)


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
