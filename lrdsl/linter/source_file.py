"""Source files: the snippets in them, located diagnostics, and edits of their text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from lrdsl.compiler.context import told_over
from lrdsl.diagnostics import NOWHERE, TOO_MANY_MISTAKES, Diagnostic
from lrdsl.linter.origin import NO_ORIGIN, SpecOrigin

Kind = Literal["yaml", "python", "markdown", "library", "config", "argument"]
"""Where a snippet stands: in a kind of file, a composed config, or the command line."""

Style = Literal[
    "plain", "single", "double", "literal", "folded", "triple", "raw", "fence", "definition", "text"
]
"""How a snippet is quoted there.

In YAML: plain, single, double, literal (`|`), folded (`>`). In Python: single, double, triple (in
three quotes of either sort), raw (with an `r` before the quotes). In Markdown: fence. In a `.lr`
file: text is the whole file, definition the example in a comment. An argument is text.
"""

Role = Literal["spec", "piece", "definitions"]
"""A spec, a piece of one that must only be readable, or the text of definitions."""


@dataclass(frozen=True)
class Snippet:
    """A spec, or definitions, found in a file or in a composed config.

    >>> Snippet.of_argument("linear(1, 0, 10)").offsets[-1]
    16
    """

    text: str
    """The spec as lrdsl reads it: without quotes, after unescaping."""
    offsets: tuple[int, ...]
    """For each character of `text`, and one more for its end, the offset in the file's text."""
    kind: Kind
    style: Style
    origin: SpecOrigin = NO_ORIGIN
    context: Mapping[str, Any] = field(default_factory=dict)
    """The known facts about the run: keyword arguments of `lrdsl.lint`, without the definitions."""
    extent: tuple[int, int] | None = None
    """Where it begins and ends in the file, quotes included, if it is suppressed as a whole."""
    writable: bool = True
    """Whether it may be replaced: its text is written in the file as a whole."""
    role: Role = "spec"
    unknown: tuple[tuple[int, int], ...] = ()
    """The stretches of `text` with variables that stand for what the file does not show."""
    mistakes: tuple[Diagnostic, ...] = ()
    """The mistakes of a tree that keep it from having a text, which is "" then."""
    is_used: bool = False
    """Whether an entry point of lrdsl takes it."""

    def __hash__(self) -> int:
        return hash((self.text, self.offsets[0], self.origin, self.role))

    @classmethod
    def of_argument(cls, text: str) -> Snippet:
        """A spec that was given on the command line."""
        return cls(text, tuple(range(len(text) + 1)), "argument", "text")

    def within(
        self, context: Mapping[str, Any], typed: Mapping[str, Any] = MappingProxyType({})
    ) -> Snippet:
        """The same with what else is known of the run.

        The words of its own place go before `context`, and those that were `typed` before both.
        """
        outer = {**context}
        given = outer.pop("definitions", None)
        origin = self.origin
        if given:  # other specs of the project may use them
            outermost = tuple(given) if isinstance(given, (list, tuple)) else (given,)
            definitions = outermost + origin.definitions
            origin = replace(origin, definitions=definitions, definitions_used_elsewhere=None)
        told = told_over(told_over(outer, self.context), typed)
        return replace(self, context=told, origin=origin)

    @property
    def start(self) -> int:
        """The offset at which the text begins in the file."""
        return self.offsets[0]

    @property
    def stop(self) -> int:
        """The offset at which the text ends in the file."""
        return self.offsets[-1]


class LocatedDiagnostic(NamedTuple):
    """A diagnostic in a file: `start` to `stop` are offsets in the file's text.

    The diagnostic's own span is in the snippet.
    """

    path: str
    start: int
    stop: int
    diagnostic: Diagnostic
    snippet: Snippet

    @classmethod
    def of(cls, path: str, diagnostic: Diagnostic, snippet: Snippet) -> LocatedDiagnostic:
        """A diagnostic about a snippet, at its place in the file."""
        if diagnostic.code == TOO_MANY_MISTAKES.code:  # behind all that are shown
            return cls(path, snippet.stop, snippet.stop, diagnostic, snippet)
        if diagnostic.span == NOWHERE or diagnostic.source != snippet.text:
            return cls(path, snippet.start, snippet.stop, diagnostic, snippet)
        last = len(snippet.text)
        start, stop = [snippet.offsets[min(max(at, 0), last)] for at in diagnostic.span[:2]]
        return cls(path, start, max(start, stop), diagnostic, snippet)


class TextEdit(NamedTuple):
    """The characters `start` to `stop` of a text, and the text that replaces them.

    >>> TextEdit.between("hold(5) * 1", "hold(5)")
    TextEdit(start=7, stop=11, text='')
    """

    start: int
    stop: int
    text: str

    @classmethod
    def between(cls, old: str, new: str) -> TextEdit:
        """The one stretch in which two texts differ."""
        start = _alike(old, new)
        same = _alike(old[start:][::-1], new[start:][::-1])
        return cls(start, len(old) - same, new[start : len(new) - same])


def _alike(first: str, second: str) -> int:
    """The number of characters that two texts begin with alike."""
    differ = (i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b)
    return next(differ, min(len(first), len(second)))


@dataclass(frozen=True)
class SourceFile:
    """A file as it was read.

    `text` is decoded, its line ends as they are in the file. With `ignore-file` in it a file has
    no snippets.
    """

    path: str
    text: str
    snippets: tuple[Snippet, ...] = ()
    ignored: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """The suppressions by line, from 1: names and codes; none of them means all."""

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character, both from 1.

        >>> SourceFile("a.yaml", "a: 1\\nb: 2\\n").position(6)
        (2, 2)
        """
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *[found.end() for found in re.finditer("\n", self.text)]]


class Unreadable(Exception):
    """A file that cannot be read; the message is one line that says which and why."""


class Malformed(Exception):
    """The text is not in the language of the file's name; the message says why, and where."""

    def __init__(self, language: str, why: str) -> None:
        super().__init__(f"this is no {language}: {' '.join(why.split())}")


def unix_lines(text: str, start: int, stop: int) -> tuple[str, tuple[int, ...]]:
    """A stretch of a file with `\\n` at its line ends, and the offset of each character.

    That of a line end is where it begins, so that what is replaced up to there keeps it whole.

    >>> unix_lines("a\\r\\nb", 0, 4)
    ('a\\nb', (0, 1, 3, 4))
    """
    places = [at for at in range(start, stop) if at == start or text[at - 1 : at + 1] != "\r\n"]
    return text[start:stop].replace("\r\n", "\n"), (*places, stop)
