"""What a stream can show: signs that its encoding lacks are spelled out, colour is for people."""

from __future__ import annotations

import os
import sys
import unicodedata
from typing import TextIO

import click


def writes(text: str) -> bool:
    """Whether standard output can encode a text."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


_SIGNS = "·×⌊⌋≤≥…−–→½∞’√παβγηλ"
_SPELLED = "* * floor( ) <= >= ... - - -> 1/2 inf ' sqrt pi alpha beta gamma eta lambda"
_PLAIN = dict(zip(_SIGNS, _SPELLED.split(), strict=True))
"""Signs of formulas in words, for what cannot write them."""


def plain(text: str) -> str:
    """The text, with what standard output cannot write spelled out."""
    if writes(text):
        return text
    found: list[str] = []
    for c in text:
        spelled = c if writes(c) else _PLAIN.get(c, unicodedata.normalize("NFKD", c))
        if len(found) and len(found[-1]) > 1 and found[-1][-1].isalpha() and c.isalpha():
            found.append(" ")  # πp is pi p
        found += [spelled] if writes(spelled) else [x if writes(x) else "" for x in spelled]
    return "".join(found)


def colourful(stream: TextIO) -> bool:
    """Whether a stream wants colour: a terminal does, unless NO_COLOR is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def difference(path: str, old: str, new: str) -> str:
    """A unified diff; `patch` and `git apply` take it."""
    import difflib

    hues = {"+": "green", "-": "red", "@": "cyan"}
    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{path}", f"b/{path}"
    )
    shown = []
    for line in lines:
        text, end = line.rstrip("\n"), "" if line.endswith("\n") else _NO_END
        hue = None if line.startswith(("+++", "---")) else hues.get(line[0])
        shown.append(f"{click.style(text, fg=hue) if hue else text}\n{end}")
    return "".join(shown)


_NO_END = "\\ No newline at end of file\n"
