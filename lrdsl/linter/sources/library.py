"""`.lr` files: definitions, and the examples in the comments above them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lrdsl.library import DEFINED, shipped
from lrdsl.linter.found import Snippet
from lrdsl.linter.sources.control import Control

_EXAMPLE = re.compile(r"^[ \t]*#[ \t]*Example:[ \t]*`([^`\r\n]+)`", re.MULTILINE)


def snippets(text: str, control: Control, name: str = "") -> Iterator[Snippet]:
    """The definitions of a file as one snippet, then each example.

    `name` is the file's. If it is one of those that come with lrdsl its definitions are known
    already, and their names are taken by none but themselves.

    >>> text = "# A half.\\n#\\n# Example: `half(1)`\\ndef half(a) = a / 2"
    >>> [found.text for found in snippets(text, Control(text))][1:]
    ['half(1)']
    """
    start = 1 if text.startswith("\ufeff") else 0
    places = [at for at in range(start, len(text)) if not text.startswith("\r\n", at)]
    own = text[start:].replace("\r\n", "\n")
    offsets = (*places, len(text))
    known = shipped()
    names = DEFINED.findall(own)
    is_shipped = bool(names) and all([x in known and known[x].file.name == name for x in names])
    facts = {"shipped": True} if is_shipped else {}
    yield Snippet(
        own, offsets, "library", "text", facts, ignored=control.each(), role="definitions"
    )
    for found in _EXAMPLE.finditer(text):
        below = DEFINED.search(text, found.end())
        yield Snippet(
            found[1],
            tuple(range(found.start(1), found.end(1) + 1)),
            "library",
            "definition",
            {"example_of": below[1]} if below else {},
            context={} if is_shipped else {"definitions": own},
            ignored=control.within(found.start(1), found.end(1)),
            writable=False,
        )
