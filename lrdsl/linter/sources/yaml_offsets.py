"""Scalars of YAML: where each character of the value stands in the file."""

from __future__ import annotations

import re
from collections.abc import Iterable

import yaml

_LINE_END = r"(?:\r\n|[\r\n\x85\u2028\u2029])"
_BREAK = re.compile(_LINE_END)
_FOLD = rf"[ \t]*{_LINE_END}(?:[ \t]|{_LINE_END})*"
_HEX = r"x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}"
_UNITS = {
    "plain": re.compile(rf"{_FOLD}|.", re.DOTALL),
    "single": re.compile(rf"''|{_FOLD}|.", re.DOTALL),
    "double": re.compile(rf"\\(?:{_HEX}|{_FOLD}|.)|{_FOLD}|.", re.DOTALL),
}
"""The source text of one character of a value, by style, or of a few line ends."""


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
    made: list[str] = []
    places: list[int] = []
    for unit in _UNITS[style].finditer(text, start, stop):
        here = unit[0]
        if here == "''" and style == "single":
            here = "'"
        elif here[0] == "\\" and style == "double":
            here = yaml.safe_load(f'"{here}"')
        elif breaks := len(_BREAK.findall(here)):
            here = "\n" * (breaks - 1) or " "
        made.append(here)
        places += [unit.start()] * len(here)
    return (*places, stop) if "".join(made) == value else None


def _block(text: str, start: int, stop: int, value: str) -> tuple[int, ...] | None:
    header = _BREAK.search(text, start, stop)
    if header is None:
        return (stop,) if not value else None
    lines = _BREAK.split(text[header.end() : stop])
    # A line of the value begins with the spaces that are more than the indentation.
    indent = _indent(lines) - _indent(value.split("\n"))
    places: list[int] = []
    at = _line_start(text, header.end(), stop, indent)
    for wanted in value:
        while (ends := _BREAK.match(text, at, stop)) and wanted not in "\n ":
            at = _line_start(text, ends.end(), stop, indent)
        places.append(at)
        if ends is not None:
            at = _line_start(text, ends.end(), stop, indent)
        elif at < stop and text[at] == wanted:
            at += 1
        elif at < stop or wanted != "\n":
            return None
    # The value ends where its last character does: what follows may be chomped.
    return (*places, min(at, stop))


def _indent(lines: Iterable[str]) -> int:
    """The spaces that the first line with anything else in it begins with."""
    return next((len(x) - len(x.lstrip(" ")) for x in lines if x.strip(" ")), 0)


def _line_start(text: str, at: int, stop: int, indent: int) -> int:
    """Where the text of a line begins, after as many spaces as all lines have."""
    indented = text[at : min(at + indent, stop)]
    return at + len(indented) - len(indented.lstrip(" "))
