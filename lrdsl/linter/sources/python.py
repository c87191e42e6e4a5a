"""Specs in Python files: literals that are given to lrdsl's functions."""

from __future__ import annotations

from lrdsl.linter.source_file import Snippet
from lrdsl.linter.sources.python_document import read_python
from lrdsl.linter.sources.snippets import snippets_of, with_uses


def snippets(text: str, path: str = "") -> tuple[Snippet, ...]:
    """The specs in the text of a Python file. Raises Malformed.

    >>> code = "from lrdsl import compile as c\\nc('hold(5)', total_steps=9)"
    >>> [(found.text, found.context) for found in snippets(code)]
    [('hold(5)', {'total_steps': 9})]
    """
    return with_uses(snippets_of(read_python(text))) if "lrdsl" in text else ()
