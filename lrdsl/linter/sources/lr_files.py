"""`.lr` files: definitions, and the examples in the comments above them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lrdsl.language.library import DEFINED, is_shipped
from lrdsl.linter.origin import SpecOrigin
from lrdsl.linter.source_file import Snippet
from lrdsl.linter.suppressions import Suppressions

_EXAMPLE = re.compile(r"^[ \t]*#[ \t]*Example:[ \t]*`([^`\r\n]+)`", re.MULTILINE)


def snippets(text: str, suppressions: Suppressions, path: str = "") -> Iterator[Snippet]:
    """The definitions of a file as one snippet, then each example.

    >>> text = "# A half.\\n#\\n# Example: `half(1)`\\ndef half(a) = a / 2"
    >>> [found.text for found in snippets(text, Suppressions(text))][1:]
    ['half(1)']
    """
    start = 1 if text.startswith("\ufeff") else 0
    places = [at for at in range(start, len(text)) if not text.startswith("\r\n", at)]
    own = text[start:].replace("\r\n", "\n")
    offsets = (*places, len(text))
    ignored = suppressions.by_line()
    yield Snippet(own, offsets, "library", "text", ignored=ignored, role="definitions")
    # Those that come with lrdsl are known to every spec.
    context = {} if is_shipped(own) else {"definitions": own}
    for found in _EXAMPLE.finditer(text):
        below = DEFINED.search(text, found.end())
        yield Snippet(
            found[1],
            tuple(range(found.start(1), found.end(1) + 1)),
            "library",
            "definition",
            SpecOrigin(example_of=below[1] if below else None),
            context=context,
            ignored=suppressions.in_range(found.start(1), found.end(1)),
            writable=False,
        )
