"""`.lr` files: definitions, and the examples in the comments above them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lrdsl.language.library import DEFINED, is_shipped
from lrdsl.linter.origin import SpecOrigin
from lrdsl.linter.source_file import Snippet, unix_lines

_EXAMPLE = re.compile(r"^[ \t]*#[ \t]*Example:[ \t]*`([^`\r\n]+)`", re.MULTILINE)


def snippets(text: str, path: str = "") -> Iterator[Snippet]:
    """The definitions of a file as one snippet, then each example.

    >>> text = "# A half.\\n#\\n# Example: `half(1)`\\ndef half(a) = a / 2"
    >>> [found.text for found in snippets(text)][1:]
    ['half(1)']
    """
    start = 1 if text.startswith("\ufeff") else 0
    own, offsets = unix_lines(text, start, len(text))
    yield Snippet(own, offsets, "library", "text", role="definitions")
    # Those that come with lrdsl are known to every spec.
    definitions = () if is_shipped(own) else (own,)
    for found in _EXAMPLE.finditer(text):
        below = DEFINED.search(text, found.end())
        name = below[1] if below else None
        origin = SpecOrigin(example_of=name, definitions=definitions)
        first, last = extent = found.span(1)
        places = tuple(range(first, last + 1))
        yield Snippet(
            found[1], places, "library", "definition", origin, extent=extent, writable=False
        )
