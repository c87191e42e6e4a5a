"""Spans: where something stands in a text, and text that knows the data it was made from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Site(NamedTuple):
    """A place in a definition: the characters `start` to `stop` of its `source`.

    `name` is the definition's; `file` is the file that it was read from, "" if there is none.
    """

    name: str
    source: str
    file: str
    start: int
    stop: int


class Span(NamedTuple):
    """A stretch of a spec's text: characters `start` up to, not including, `stop`.

    A node that expansion made has the span of the call, or of the argument; `sites` are the places
    in the definitions that it came through, the outermost first.
    """

    start: int
    stop: int
    sites: tuple[Site, ...] = ()

    def to(self, other: Span) -> Span:
        """The span from the start of this one to the end of `other`."""
        return Span(self.start, other.stop, self.sites)

    @property
    def parameter(self) -> str | None:
        """The parameter that an argument was given for, in the call that the spec itself makes.

        None for what stands in no argument of a definition.

        >>> body = Site("down", "def down(n) = linear(1, 0, n)", "", 27, 28)
        >>> Span(5, 6, (body,)).parameter, Span(5, 6).parameter
        ('`n` of `down`', None)
        """
        for site in self.sites[:1]:
            name = site.source[site.start : site.stop]
            if name.isidentifier() and name not in _WORDS:
                return f"`{name}` of `{site.name}`"
        return None


_WORDS = frozenset(
    ["base", "prev", "next", "rest", "total", "epoch", "t", "cycle", "pi", "none", "true", "false"]
)
"""Names in definitions that are no parameters."""

NOWHERE = Span(-1, -1)
"""The span of a node without text, such as an argument of a Python call."""


class SourceMappedText(str):
    """Text made from data, such as a tree of a config.

    `places` are stretches of the text, each with its place in the data, the outer ones first.

    >>> text = SourceMappedText("hold(5)", [(Span(0, 7), "lr"), (Span(5, 6), "lr.hold.steps")])
    >>> text.place(Span(5, 6)), text.place(Span(0, 4))
    ('lr.hold.steps', 'lr')
    """

    places: tuple[tuple[Span, str], ...]

    def __new__(cls, text: str, places: Iterable[tuple[Span, str]] = ()) -> SourceMappedText:
        made = super().__new__(cls, text)
        made.places = tuple(places)
        return made

    def place(self, span: Span) -> str:
        """The place of the smallest part of the data that a span is within, "" if unknown."""
        around = [
            (each.stop - each.start, -i)
            for i, (each, _) in enumerate(self.places)
            if each.start <= span.start and span.stop <= each.stop
        ]
        return self.places[-min(around)[1]][1] if around else ""

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)  # the places are for messages alone


def place_in(source: str, span: Span) -> str:
    """The place in the data of a stretch of text made from it; "" for other text."""
    return source.place(span) if isinstance(source, SourceMappedText) else ""
