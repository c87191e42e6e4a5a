"""Output for any terminal: signs that its encoding lacks are spelled out, lines are cut."""

from __future__ import annotations

import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import PurePath
from typing import TextIO

import click

from lrdsl.util.paths import is_within, slashed


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


def terminal_size() -> tuple[int, int | None]:
    """Columns and rows of the terminal; 80 and None where there is no terminal."""
    if not sys.stdout.isatty():
        return 80, None
    columns, rows = shutil.get_terminal_size((80, 24))
    return max(24, min(columns, 160)), rows


def fitted(lines: Iterable[str]) -> list[str]:
    """The lines, cut where the terminal ends; as they are where there is no terminal."""
    if not sys.stdout.isatty():
        return list(lines)
    width, cut = max(24, shutil.get_terminal_size((80, 24)).columns), ellipsis()
    return [x if len(x) <= width else x[: width - len(cut)] + cut for x in lines]


def ellipsis() -> str:
    """The sign for what is left out."""
    return "…" if writes("…") else "..."


_LINE = re.compile(r"[^\n]*\n|[^\n]+")
"""A line as `patch` counts them: other characters that end lines for Python stand in them."""


def _named(path: str) -> str:
    """The path of a file as a diff has it: from here, or else from the root."""
    if path.startswith("<"):  # what stands in no file
        return path
    whole, here = PurePath(os.path.abspath(path)), PurePath(os.path.abspath("."))
    return slashed(whole, here if is_within(whole, here) else PurePath(whole.anchor))


def _quoted(name: str) -> str:
    """A name as git writes it: in quotes if need be, with a tab behind it if it has spaces."""
    if all([c.isprintable() and c not in '"\\' for c in name]):
        return f"{name}\t" if " " in name else name
    special = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join([special.get(c) or _octal(c) for c in name]) + '"'


def _octal(c: str) -> str:
    return c if c.isprintable() else "".join([f"\\{byte:03o}" for byte in os.fsencode(c)])


def difference(path: str, old: str, new: str) -> str:
    """A unified diff; `patch -p1` and `git apply` take it in the working directory.

    A file outside of that has its whole path, as `git diff --no-index` has it: for the root.
    """
    import difflib

    hues = {"+": "green", "-": "red", "@": "cyan"}
    name = _named(path)
    lines = difflib.unified_diff(
        _LINE.findall(old), _LINE.findall(new), _quoted(f"a/{name}"), _quoted(f"b/{name}")
    )
    shown = []
    for line in lines:
        text, end = line.rstrip("\n"), "" if line.endswith("\n") else _NO_END
        hue = None if line.startswith(("+++", "---")) else hues.get(line[0])
        shown.append(f"{click.style(text, fg=hue) if hue else text}\n{end}")
    return "".join(shown)


_NO_END = "\\ No newline at end of file\n"
