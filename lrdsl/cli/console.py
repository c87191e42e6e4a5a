"""Output for any terminal: colours, widths, and what its encoding cannot write.

What goes to a file or a pipe is neither wrapped nor cut.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Sequence
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


_WORD = re.compile(r"(?:`[^`]{1,50}`|'[^' ]*\([^']{1,50}'|\{[^}]{1,60}\}|[^ ])+")
"""A word of prose: what stands in quotes, and in braces, stays together."""


def words_of(text: str) -> list[str]:
    """The words of a line, between which it may be broken.

    >>> words_of("write `linear(1, 0)` here")
    ['write', '`linear(1, 0)`', 'here']
    """
    return _WORD.findall(text)


def _fold(line: str, width: int, hang: str) -> str:
    """A line in lines of at most so many columns."""
    if len(click.unstyle(line)) <= width:
        return line
    indent = line[: len(line) - len(line.lstrip(" "))]
    lines: list[str] = []
    for word in words_of(line):
        longer = f"{lines[-1]} {word}" if lines else indent + word
        if lines and len(click.unstyle(longer)) > width:
            lines.append(indent + hang + word)
        else:
            lines[-1:] = [longer]
    return "\n".join(lines)


def reflowed(text: str, stream: TextIO) -> str:
    """Paragraphs of prose, whose lines end elsewhere, at the width of a terminal.

    Lines of a paragraph with an indented one stay apart.
    """
    width = width_of(stream)
    if width is None:
        return text
    found = []
    for paragraph in text.split("\n\n"):
        lines = paragraph.split("\n")
        if not any([line.startswith(" ") for line in lines]):
            lines = [" ".join(lines)]
        found.append("\n".join([_fold(line, width, "") for line in lines]))
    return "\n\n".join(found)


_SOURCE = re.compile(r"(?P<gutter> *(?:\d+ )?\| )(?P<text>.*)")
_CARETS = re.compile(r"(?P<gutter> *\| )(?P<space> *)(?P<carets>\^+)(?: (?P<advice>.*))?")
_LEAST = 30
"""Columns for advice behind carets; with fewer it stands below them."""


def wrapped_report(text: str, stream: TextIO) -> str:
    """A report of diagnostics at the width of a terminal.

    Sentences are wrapped, and of a long line of a source is shown what is around the carets.
    """
    width = width_of(stream)
    if width is None:
        return text
    lines = text.split("\n")
    for i, line in enumerate(lines):
        below = click.unstyle(lines[i + 1]) if i + 1 < len(lines) else ""
        carets, source = _CARETS.fullmatch(below), _SOURCE.fullmatch(line)
        if carets is not None and source is not None:
            room = width - len(source["gutter"])
            lines[i], lines[i + 1] = _excerpt(source, carets, room, below != lines[i + 1])
        elif not click.unstyle(line).lstrip(" ").startswith("|"):
            lines[i] = _fold(line, width, "  ")
    return "\n".join(lines)


def _excerpt(
    source: re.Match[str], carets: re.Match[str], room: int, is_coloured: bool
) -> tuple[str, str]:
    """A line of a source in so many columns, and the carets and the advice below it."""
    text, at, size = source["text"], len(carets["space"]), len(carets["carets"])
    first = max(0, at - room // 3) if len(text) > room and at + size > room - 1 else 0
    last = first + room
    shown = text[first:last]
    if first:
        shown = "…" + shown[1:]
    if last < len(text):
        shown = shown[:-1] + "…"
    start = at - first
    marks = carets["gutter"] + " " * start + "^" * min(size, room - start)
    below = [marks]
    left = room - start - size - 1
    advice = carets["advice"] or ""
    if len(advice) <= left or left >= _LEAST:
        hang = " " * (len(marks) + 1 - len(carets["gutter"]))
        head, *rest = _fold(advice, left, "").split("\n")
        below = [f"{marks} {head}".rstrip(), *[f"{carets['gutter']}{hang}{x}" for x in rest]]
    elif advice:
        below += [f"{carets['gutter']}{x}" for x in _fold(advice, room, "").split("\n")]
    written = [click.style(x, fg="cyan") if is_coloured else x for x in below]
    return source["gutter"] + shown, "\n".join(written)


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
        elif room >= max(map(len, ["." * 20, *words_of(last)])):
            parts = _fold(last, room, "").split("\n")
        else:  # a line of its own
            lines.append(start.rstrip())
            lead = len(indent) + 4
            parts, start = _fold(last, width - lead, "").split("\n"), " " * lead
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
