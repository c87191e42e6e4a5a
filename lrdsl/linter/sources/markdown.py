"""Specs in Markdown: fences marked `lr` hold a spec a line, those marked `library` definitions.

A comment `<!-- lrdsl: total_steps=1000 base_lr=0.1 -->` tells of the run that the fences below it
are for, up to the next such comment. Definitions on a page are known to all its specs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lrdsl.linter.origin import SpecOrigin
from lrdsl.linter.source_file import Snippet, unix_lines
from lrdsl.linter.sources.heuristics import as_text_number

_LINE = re.compile(r"([^\r\n]*)(\r\n|[\r\n]|\Z)")
_FENCE = re.compile(r"( *)(`{3,}|~{3,}) *(\S*)[^`]*\Z")
_RUN = re.compile(r"\s*<!--\s*lrdsl:\s*(?!ignore)(.*?)-->")
_WORD = re.compile(r"([A-Za-z]\w*)=([^\s,]+)")


def snippets(text: str, path: str = "") -> Iterator[Snippet]:
    """The specs in the text of a Markdown page.

    >>> page = "<!-- lrdsl: total_steps=9 -->\\n```lr\\nhold()  # for ever\\n```\\n"
    >>> [(found.text, found.context) for found in snippets(page)]
    [('hold()  # for ever', {'total_steps': 9})]
    """
    blocks = [block for block in _blocks(text) if block[0] in ("lr", "library")]
    own = [unix_lines(text, *inside)[0] for kind, inside, _ in blocks if kind == "library"]
    known, above = SpecOrigin(definitions=tuple(own)), 0
    for kind, inside, run in blocks:
        if kind == "library":  # it may call from those above it
            origin = SpecOrigin(definitions=known.definitions[:above])
            places = unix_lines(text, *inside)
            yield Snippet(*places, "markdown", "fence", origin, role="definitions")
            above += 1
            continue
        for line in _LINE.finditer(text, *inside):
            spec = line[1].strip()
            if spec and not spec.startswith("#"):
                first = line.start() + line[1].index(spec)
                last = first + len(spec)
                places = unix_lines(text, first, last)
                yield Snippet(*places, "markdown", "fence", known, run, extent=(first, last))


def _blocks(text: str) -> Iterator[tuple[str, tuple[int, int], dict[str, Any]]]:
    """The fences: the word, where the inside begins and ends, and the run it is for."""
    fence, kind, inside = "", "", 0
    run: dict[str, Any] = {}
    for line in _LINE.finditer(text):
        here = line[1] if line.start() else line[1].removeprefix("\ufeff")
        if fence:
            bare = here.strip()
            if bare.startswith(fence) and not bare.strip(fence[0]):
                yield kind, (inside, line.start()), run
                fence = ""
        elif opening := _FENCE.match(here):
            fence, kind, inside = opening[2], opening[3], line.end()
        elif told := _RUN.match(here):
            words = [(name, value, as_text_number(value)) for name, value in _WORD.findall(told[1])]
            run = {name: value if number is None else number for name, value, number in words}
    if fence:
        yield kind, (inside, len(text)), run
