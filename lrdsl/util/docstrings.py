"""The form of the docstrings of shapes, modifiers, curves and of the comments on definitions.

First a paragraph that begins with a summary of one sentence, formula included; then what else there
is to say; then a line with an example; then the sources. A line that begins with `Deprecated:`
says what to use instead.
"""

from __future__ import annotations

import functools
import inspect
import re
from typing import NamedTuple

_SENTENCE = re.compile(r"(.+?\.)(?:\s+(?=[A-Z`])|$)", re.DOTALL)
_DEPRECATED = re.compile(r"^Deprecated:[ \t]*(\S.*?)(?=\n[ \t]*\n|\Z)", re.DOTALL | re.MULTILINE)
_EXAMPLE = re.compile(r"Example: `([^`]+)`")


class Doc(NamedTuple):
    """A docstring by its parts; what is not there is ""."""

    summary: str
    body: str
    example: str
    source: str


def read_doc(text: str) -> Doc:
    """The parts of a docstring.

    >>> read_doc("Half of `a`. Not more.\\n\\nExample: `half(1)`\\n\\nA paper, 2020.")
    Doc(summary='Half of `a`.', body='Not more.', example='half(1)', source='A paper, 2020.')
    """
    before: list[str] = []
    after: list[str] = []
    example = ""
    for paragraph in re.split(r"\n[ \t]*\n", inspect.cleandoc(text)):
        found = _EXAMPLE.fullmatch(" ".join(paragraph.split()))
        if found is not None and not example:
            example = found[1]
        elif paragraph.strip():
            (after if example else before).append(paragraph.strip("\n"))
    first, *others = before or [""]
    sentence = _SENTENCE.match(first)
    summary = first if sentence is None else sentence[1]
    rest = first[len(summary) :].strip()
    body = "\n\n".join([part for part in (rest, *others) if part])
    return Doc(" ".join(summary.split()), body, example, "\n\n".join(after))


@functools.lru_cache(maxsize=1024)
def deprecation(text: str) -> str | None:
    """The advice of a docstring on what to use instead; None if its subject is not deprecated.

    It is a line that begins with `Deprecated:`, up to the end of its paragraph.

    >>> deprecation("Half of `a`.\\n\\nDeprecated: Write `a / 2`\\ninstead.\\n\\nOf 2020.")
    'write `a / 2` instead'
    """
    found = _DEPRECATED.search(inspect.cleandoc(text))
    if found is None:
        return None
    advice = " ".join(found[1].split()).removesuffix(".")
    return advice[:1].lower() + advice[1:]
