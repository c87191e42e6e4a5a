"""Specs in Python files: literals that are given to lrdsl's functions."""

from __future__ import annotations

from lrdsl.linter.source_file import Snippet
from lrdsl.linter.sources.python_document import PythonDocument
from lrdsl.linter.sources.python_module import PythonModule
from lrdsl.linter.sources.snippets import snippets_of, with_uses
from lrdsl.linter.suppressions import Suppressions


def snippets(text: str, suppressions: Suppressions, path: str = "") -> tuple[Snippet, ...]:
    """The specs in the text of a Python file. Raises Malformed.

    >>> code = "from lrdsl import compile as c\\nc('hold(5)', total_steps=9)"
    >>> [(found.text, found.context) for found in snippets(code, Suppressions(code))]
    [('hold(5)', {'total_steps': 9})]
    """
    if "lrdsl" not in text:
        return ()
    return with_uses(snippets_of(PythonDocument(PythonModule(text)), suppressions))
