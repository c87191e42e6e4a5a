"""Placeholders in texts: `${…}` and the fields of f-strings, whose values may be unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

MAX_CHARACTERS = 2**16
"""Characters of the longest text that placeholders are replaced in; no spec is longer."""

_UNIT = re.compile(r"(?:[kKMBT]?(?:ba|ep|dur|sp|tok)|[kMBT]|%)(?![\w.])")
_GLUED_BEFORE = re.compile(r"[\w.'\"]\Z")
_GLUED_AFTER = re.compile(r"[\w.'\"(\[]")


class Placeholder(NamedTuple):
    """The characters `start` to `stop` of a text, which stand for `value`; None is unknown."""

    start: int
    stop: int
    name: str
    value: str | None


class SubstitutedText(NamedTuple):
    """Text without placeholders, the offset of each character, and the stretches of variables."""

    text: str
    offsets: tuple[int, ...]
    unknown: tuple[tuple[int, int], ...]


def substitute_placeholders(
    text: str, offsets: Sequence[int], placeholders: Iterable[Placeholder]
) -> SubstitutedText | None:
    """The text with each placeholder replaced by its value, or a variable where that is unknown.

    None if the text is too long, or no variable can stand there: for a name that is called, inside
    a word, for the whole text.

    >>> substitute_placeholders("hold(${n}ep)", range(13), [Placeholder(5, 9, "n", None)]).text
    'hold((given_n * 1ep))'
    >>> substitute_placeholders("${form}(1, 0)", range(14), [Placeholder(0, 7, "form", None)])
    """
    if len(text) > MAX_CHARACTERS:
        return None
    parts: list[str] = []
    places: list[int] = []
    unknown: list[tuple[int, int]] = []
    done = 0

    def put(piece: str, at: Iterable[int]) -> None:
        parts.append(piece)
        places.extend(at)

    for each in placeholders:
        put(text[done : each.start], offsets[done : each.start])
        start, done = offsets[each.start], each.stop
        if each.value is not None:
            put(each.value, [start] * len(each.value))
            continue
        unit = _UNIT.match(text, each.stop)
        done = unit.end() if unit else each.stop
        alone = not (text[: each.start] + text[done:]).strip()
        if alone or _GLUED_BEFORE.search("".join(parts)) or _GLUED_AFTER.match(text, done):
            return None
        name = "given_" + (re.sub(r"\W+", "_", each.name, flags=re.ASCII).strip("_") or "value")
        first = len(places)
        if unit:
            before = [start] * (len(name) + 5)
            places_of_unit = offsets[each.stop : done]
            put(f"({name} * 1{unit[0]})", [*before, *places_of_unit, places_of_unit[-1]])
        else:
            put(name, [start] * len(name))
        unknown.append((first, len(places)))
    put(text[done:], offsets[done:])
    return SubstitutedText("".join(parts), tuple(places), tuple(unknown))
