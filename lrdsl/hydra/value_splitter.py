"""The parts of a value on Hydra's command line: what stands between commas and in brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_STRINGS = {mark: re.compile(rf"{mark}(?:\\.|[^\\{mark}])*{mark}", re.DOTALL) for mark in "\"'"}
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_BEGINS = re.compile(r"(\w*)\s*([(\[{])", re.ASCII)


class BracketedValue(NamedTuple):
    """A value that is all one pair of brackets: `name(inside)`, `[inside]`, `{inside}`."""

    name: str
    opening: str
    inside: str

    def around(self, inside: str) -> str:
        """The same with something else inside."""
        return f"{self.name}{self.opening}{inside}{_CLOSING[self.opening]}"


def split(text: str, at: str, most: int = -1) -> list[str]:
    """The parts of a text between signs that stand in no brackets and no quotes.

    Brackets of all kinds count alike, and a quote that is never closed is none: the text may have
    mistakes. `#` begins a comment, as in a spec. After `most` signs the rest is one part.

    >>> split("cosine(1, 0, 9), '1,2' ,points[0:0, 9:1]", ",")
    ['cosine(1, 0, 9)', " '1,2' ", 'points[0:0, 9:1]']
    """
    parts: list[str] = []
    start = 0
    for place, depth in _marks_outside_strings(text, at):
        if depth == 0 and len(parts) != most:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


def parse_bracketed(text: str) -> BracketedValue | None:
    """The brackets that a text consists of; None for anything else.

    >>> parse_bracketed("choice(a, b)"), parse_bracketed("(a) + (b)")
    (BracketedValue(name='choice', opening='(', inside='a, b'), None)
    """
    text = text.strip()
    begins = _BEGINS.match(text)
    if begins is None or not text.endswith(_CLOSING[begins[2]]):
        return None
    marks = _marks_outside_strings(text, ")]}")
    if next((place for place, depth in marks if depth == 0), None) != len(text) - 1:
        return None
    return BracketedValue(begins[1], begins[2], text[begins.end() : -1])


def _marks_outside_strings(text: str, wanted: str) -> Iterator[tuple[int, int]]:
    """Where one of the wanted characters stands, and in how many brackets.

    None in quotes, and none in a comment. A closing bracket counts as outside.
    """
    at = depth = 0
    marks = set(_STRINGS)
    while at < len(text):
        here = text[at]
        if here in marks:
            string = _STRINGS[here].match(text, at)
            if string is not None:
                at = string.end()
                continue
            marks.discard(here)  # each further try would go through the rest again
        if here == "#":
            at = text.find("\n", at)
            if at < 0:
                return
            continue
        if here in ")]}":
            depth = max(depth - 1, 0)
        if here in wanted:
            yield at, depth
        if here in "([{":
            depth += 1
        at += 1
