"""Specs in Markdown: fences marked `lr` hold a spec a line, those marked `library` definitions.

A comment `<!-- lrdsl: total_steps=1000 base_lr=0.1 -->` tells of the run that the fences below it
are for, up to the next such comment. Definitions on a page are known to all its specs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lrdsl.linter.source_file import Snippet
from lrdsl.linter.sources.heuristics import is_number
from lrdsl.linter.suppressions import Suppressions

_LINE = re.compile(r"([^\r\n]*)(\r\n|[\r\n]|\Z)")
_FENCE = re.compile(r"( *)(`{3,}|~{3,}) *(\S*)[^`]*\Z")
_RUN = re.compile(r"\s*<!--\s*lrdsl:\s*(?!ignore)(.*?)-->")
_WORD = re.compile(r"([A-Za-z]\w*)=([^\s,]+)")


def snippets(text: str, suppressions: Suppressions, path: str = "") -> Iterator[Snippet]:
    """The specs in the text of a Markdown page.

    >>> page = "<!-- lrdsl: total_steps=9 -->\\n```lr\\nhold()  # for ever\\n```\\n"
    >>> [(found.text, found.context) for found in snippets(page, Suppressions(page))]
    [('hold()  # for ever', {'total_steps': 9})]
    """
    blocks = list(_blocks(text))
    own = "\n".join([text[start:stop] for kind, start, stop, _ in blocks if kind == "library"])
    own = re.sub(r"\r\n?", "\n", own)
    for kind, start, stop, run in blocks:
        if kind == "library":
            yield _snippet(text, start, stop, suppressions, {}, is_library=True)
            continue
        context = {**run, "definitions": own} if own else run
        for line in _LINE.finditer(text, start, stop):
            spec = line[1].strip()
            if spec and not spec.startswith("#"):
                first = line.start() + line[1].index(spec)
                yield _snippet(text, first, first + len(spec), suppressions, context)
            if line.end() >= stop:
                break


def _snippet(
    text: str,
    start: int,
    stop: int,
    suppressions: Suppressions,
    context: dict[str, Any],
    is_library: bool = False,
) -> Snippet:
    places = [at for at in range(start, stop) if not text.startswith("\r\n", at)]
    return Snippet(
        re.sub(r"\r\n", "\n", text[start:stop]),
        (*places, stop),
        "markdown",
        "fence",
        context=context,
        ignored=suppressions.by_line() if is_library else suppressions.in_range(start, stop),
        role="definitions" if is_library else "spec",
    )


def _blocks(text: str) -> Iterator[tuple[str, int, int, dict[str, Any]]]:
    """The fences of ours: their word, where their inside begins and ends, and the run."""
    fence, kind, inside = "", "", 0
    run: dict[str, Any] = {}
    for line in _LINE.finditer(text):
        here = line[1]
        if fence:
            bare = here.strip()
            if bare.startswith(fence) and not bare.strip(fence[0]):
                if kind in ("lr", "library"):
                    yield kind, inside, line.start(), run
                fence = ""
        elif opening := _FENCE.match(here):
            fence, kind, inside = opening[2], opening[3], line.end()
        elif told := _RUN.match(here):
            run = {name: _number(value) for name, value in _WORD.findall(told[1])}
        if line.end() >= len(text):
            break
    if fence and kind in ("lr", "library"):
        yield kind, inside, len(text), run


def _number(text: str) -> Any:
    if not is_number(text):
        return text
    number = float(text)
    return int(number) if number.is_integer() else number
