"""Output for any terminal: colours, widths, and what its encoding cannot write.

What goes to a file or a pipe is neither wrapped nor cut.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any, TextIO

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
    """Whether a stream wants colour: a terminal does, unless NO_COLOR is set or it is dumb.

    With FORCE_COLOR set every stream does; NO_COLOR wins over it.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width_of(stream: TextIO) -> int | None:
    """The columns of a terminal; None for what is none."""
    return max(24, shutil.get_terminal_size((80, 24)).columns) if stream.isatty() else None


def terminal_size() -> tuple[int, int | None]:
    """Columns and rows for a drawing; 80 and None where there is no terminal."""
    columns = width_of(sys.stdout)
    if columns is None:
        return 80, None
    return min(columns, 160), shutil.get_terminal_size((80, 24)).lines


def fitted(lines: Iterable[str]) -> list[str]:
    """The lines, cut where the terminal ends; as they are where there is no terminal."""
    width, cut = width_of(sys.stdout), ellipsis()
    if width is None:
        return list(lines)
    return [x if len(x) <= width else x[: width - len(cut)] + cut for x in lines]


def wrapped(text: str, stream: TextIO, hang: str = "") -> str:
    """Prose, each line wrapped between words at the width of a terminal, and hung from there on.

    A word that is longer than a line, such as a path, is left whole.
    """
    width = width_of(stream)
    if width is None:
        return text
    return "\n".join([_fold(line, width, hang) for line in text.split("\n")])


def _fold(line: str, width: int, hang: str) -> str:
    """A line in lines of at most so many columns."""
    lead = line[: len(line) - len(line.lstrip(" "))]
    lines = [lead]
    for i, word in enumerate(line[len(lead) :].split(" ")):
        longer = lines[-1] + " " * (i > 0 and lines[-1] != lead + hang) + word
        if i and len(click.unstyle(longer)) > width:
            longer = lead + hang + word
            lines.append("")
        lines[-1] = longer
    return "\n".join([x.rstrip(" ") for x in lines])


_SOURCE = re.compile(r" +(?:\d+ )?\|")
_CARETS = re.compile(r"(?P<lead> *\|  *\^+) (?P<advice>.+)")


def wrapped_report(text: str, stream: TextIO) -> str:
    """A report of diagnostics: sentences are wrapped, and lines of a source stay as they are."""
    width = width_of(stream)
    if width is None:
        return text
    lines = []
    for line in text.split("\n"):
        found = _CARETS.fullmatch(click.unstyle(line))
        if found is not None and len(found[0]) > width:
            room = width - len(found["lead"]) - 1
            gutter = found["lead"].partition("|")[0] + "| "
            near = len(found["lead"]) + 1 if room >= 30 else len(gutter)
            lead = found["lead"] if room >= 30 else f"{found['lead']}\n{gutter}".rstrip(" ")
            rest = textwrap.wrap(found["advice"], width - near, **_WHOLE)
            hang = f"\n{gutter}{' ' * (near - len(gutter))}"
            lines.append(click.style(f"{lead} {hang.join(rest)}", fg="cyan"))
        elif _SOURCE.match(click.unstyle(line)):
            lines.append(line)
        else:
            lines.append(_fold(line, width, "  "))
    return "\n".join(lines)


_WHOLE: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}


def table(rows: Sequence[Sequence[str]], indent: str = "", gap: str = "  ") -> list[str]:
    """Lines of columns, the last of which is wrapped below itself at a terminal's width."""
    if not rows:
        return []
    sizes = [max(map(len, column)) for column in list(zip(*rows, strict=True))[:-1]]
    width = width_of(sys.stdout)
    lead = len(indent) + sum(sizes) + len(gap) * len(sizes)
    lines = []
    for *cells, last in rows:
        start = indent + "".join([f"{x:<{n}}{gap}" for x, n in zip(cells, sizes, strict=True)])
        room = 0 if width is None else width - lead
        if width is None:
            parts = [last]
        elif room >= 20:
            parts = textwrap.wrap(last, room, **_WHOLE)
        else:  # a line of its own
            lines.append(start.rstrip())
            lead = len(indent) + 4
            parts, start = textwrap.wrap(last, width - lead, **_WHOLE), " " * lead
        lines.append(f"{start}{parts[0] if parts else ''}".rstrip())
        lines += [" " * lead + part for part in parts[1:]]
    return lines


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
