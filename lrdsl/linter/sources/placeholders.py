"""Text with holes: interpolations of which a file says what they stand for, or does not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

LONGEST = 2**16
"""Characters of the longest text that holes are filled in; no spec is longer."""

_UNIT = re.compile(r"(?:[kKMB]?(?:ba|ep|dur|sp|tok)|[kMB]|%)(?![\w.])")
_GLUED_BEFORE = re.compile(r"[\w.'\"]\Z")
_GLUED_AFTER = re.compile(r"[\w.'\"(\[]")


class Hole(NamedTuple):
    """The characters `start` to `stop` of a text, which stand for `value`; None is unknown."""

    start: int
    stop: int
    name: str
    value: str | None


class Filled(NamedTuple):
    """Text without holes, where its characters stand, and which of them are stand-ins."""

    text: str
    offsets: tuple[int, ...]
    unknown: tuple[tuple[int, int], ...]


def fill(text: str, offsets: Sequence[int], holes: Iterable[Hole]) -> Filled | None:
    """The text with something in its holes: the value, or a variable for what is not known.

    None where it is too long, or a variable cannot stand: as a name that is called, inside a word,
    as the whole spec.

    >>> fill("hold(${n}ep)", range(13), [Hole(5, 9, "n", None)]).text
    'hold((given_n * 1ep))'
    >>> fill("${form}(1, 0)", range(14), [Hole(0, 7, "form", None)])
    """
    if len(text) > LONGEST:
        return None
    parts: list[str] = []
    places: list[int] = []
    unknown: list[tuple[int, int]] = []
    done = 0

    def put(piece: str, at: Iterable[int]) -> None:
        parts.append(piece)
        places.extend(at)

    for hole in holes:
        put(text[done : hole.start], offsets[done : hole.start])
        start, done = offsets[hole.start], hole.stop
        if hole.value is not None:
            put(hole.value, [start] * len(hole.value))
            continue
        unit = _UNIT.match(text, hole.stop)
        done = unit.end() if unit else hole.stop
        alone = not (text[: hole.start] + text[done:]).strip()
        if alone or _GLUED_BEFORE.search("".join(parts)) or _GLUED_AFTER.match(text, done):
            return None
        name = "given_" + (re.sub(r"\W+", "_", hole.name, flags=re.ASCII).strip("_") or "value")
        first = len(places)
        if unit:
            put(f"({name} * 1", [start] * (len(name) + 5))
            put(unit[0], offsets[hole.stop : done])
            put(")", [offsets[done - 1]])
        else:
            put(name, [start] * len(name))
        unknown.append((first, len(places)))
    put(text[done:], offsets[done:])
    return Filled("".join(parts), tuple(places), tuple(unknown))
