"""Scalars of YAML: where each character of the value stands in the file."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ESCAPES = {"x": 2, "u": 4, "U": 8}
_SHORT = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f",
    "r": "\r", "e": "\x1b", " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0",
    "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
_FOLD = re.compile(r"[ \t]*(?:\r\n|[\r\n\x85\u2028\u2029])(?:[ \t]|\r\n|[\r\n\x85\u2028\u2029])*")


def offsets_of(text: str, start: int, stop: int, value: str, style: str) -> tuple[int, ...] | None:
    """For each character of a scalar's value, and its end, the offset in the file's text.

    The scalar stands at `start` to `stop`, quotes and block header included. None if the two do
    not fit together.

    >>> offsets_of("a: 'it''s'", 3, 10, "it's", "single")
    (4, 5, 6, 8, 9)
    """
    if style in ("literal", "folded"):
        return _block(text, start, stop, value)
    if style != "plain":
        start, stop = start + 1, stop - 1
    made, places = _flow(text, start, stop, style)
    return (*places, stop) if made == value else None


def _flow(text: str, start: int, stop: int, style: str) -> tuple[str, list[int]]:
    made: list[str] = []
    places: list[int] = []
    at = start
    while at < stop:
        here, length = text[at], 1
        fold = _FOLD.match(text, at, stop) if here in " \t\r\n\x85\u2028\u2029" else None
        if fold is not None:
            breaks = len(_BREAK.findall(fold[0]))
            here, length = "\n" * (breaks - 1) or " ", fold.end() - at
        elif style == "single" and here == "'":
            length = 2
        elif style == "double" and here == "\\":
            here, length = _escaped(text, at, stop)
        made.append(here)
        places += [at] * len(here)
        at += length
    return "".join(made), places


def _escaped(text: str, at: int, stop: int) -> tuple[str, int]:
    """What a backslash stands for, and how many characters that takes."""
    kind = text[at + 1 : at + 2]
    if kind in _ESCAPES:
        digits = text[at + 2 : at + 2 + _ESCAPES[kind]]
        try:
            return chr(int(digits, 16)), 2 + len(digits)
        except (ValueError, OverflowError):
            return "", 2
    fold = _FOLD.match(text, at + 1, stop)
    if fold is not None:
        breaks = len(_BREAK.findall(fold[0]))
        return "\n" * (breaks - 1), 1 + len(fold[0])
    return _SHORT.get(kind, ""), 2


def _block(text: str, start: int, stop: int, value: str) -> tuple[int, ...] | None:
    header = _BREAK.search(text, start, stop)
    if header is None:
        return (stop,) if not value else None
    lines = _BREAK.split(text[header.end() : stop])
    # A line of the value begins with the spaces that are more than the indentation.
    indent = _indent(lines) - _indent(value.split("\n"))
    places: list[int] = []
    at, left = _line_start(text, header.end(), stop, indent), len(value)
    while left:
        wanted = value[len(value) - left]
        ends = _BREAK.match(text, at) if at < stop else None
        if ends is not None:
            if wanted in "\n ":
                places.append(at)
                left -= 1
            at = _line_start(text, ends.end(), stop, indent)
        elif at < stop and text[at] == wanted:
            places.append(at)
            left -= 1
            at += 1
        elif at >= stop and wanted == "\n":
            places.append(stop)
            left -= 1
        else:
            return None
    # The value ends where its last character does: what follows may be chomped.
    return (*places, min(at, stop))


def _indent(lines: Iterable[str]) -> int:
    """The spaces that the first line with anything else in it begins with."""
    return next((len(x) - len(x.lstrip(" ")) for x in lines if x.strip(" ")), 0)


def _line_start(text: str, at: int, stop: int, indent: int) -> int:
    """Where the text of a line begins, after as many spaces as all lines have."""
    end = at
    while end < stop and end - at < indent and text[end] == " ":
        end += 1
    return end
