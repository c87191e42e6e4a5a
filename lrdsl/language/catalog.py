"""All callable names as data, for the command line, the builder and the reference page."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, NamedTuple

from lrdsl.language.curves import Curve
from lrdsl.language.infer_kinds import kinds_of
from lrdsl.language.language import Language, current
from lrdsl.language.parameters import Parameter
from lrdsl.language.shapes import ShapeSignature
from lrdsl.syntax.definition import Definition
from lrdsl.syntax.unparse import unparse
from lrdsl.util.docstrings import Doc, read_doc

EXAMPLE_RUN: Mapping[str, Any] = {
    "total_steps": 1000,
    "steps_per_epoch": 50.0,
    "samples_per_step": 8.0,
    "base_lr": 1.0,
}
"""The run that the examples are for."""

GROUPS = {
    "shapes": "Shapes stand in a chain.",
    "modifiers": "Modifiers stand right of `|` and change what stands left of it.",
    "curves": "Curves serve wherever a `mode` is taken.",
    "functions": "Functions apply to numbers, and to schedules pointwise; some, to lists of these.",
    "std": "Definitions of schedules that are made of others.",
}
"""The first groups, with what they hold; those of other systems and the user's follow."""

OWN = "your own"
"""The group of what the user made in Python."""


class Row(NamedTuple):
    """A parameter: its name, what it may be, and how its default is written, "" if it has none."""

    name: str
    kind: str
    default: str = ""
    by_name: bool = False

    @property
    def what(self) -> str:
        """The kind of the parameter, and how it must be given."""
        return f"{self.kind}, by name only" if self.by_name else self.kind


@dataclass(frozen=True)
class Entry:
    """One thing that can be called.

    `kind` is "shape", "modifier", "curve", "function" or "definition"; `text` the whole docstring,
    `doc` its parts.
    """

    name: str
    group: str
    kind: str
    signature: str
    parameters: tuple[Row, ...]
    text: str
    bracket: bool = False
    aliases: tuple[str, ...] = ()
    definition: Definition | None = None

    @property
    def doc(self) -> Doc:
        """The summary, the rest, the example and the source."""
        return read_doc(self.text)


def entries(language: Language | None = None) -> tuple[Entry, ...]:
    """All there is, by group, in each by name.

    `language` defaults to that of the process.

    >>> {"shapes", "modifiers", "curves", "functions", "std"} <= {e.group for e in entries()}
    True
    """
    return tuple(sorted(_all(language or current()), key=_rank))


def _rank(entry: Entry) -> tuple[object, ...]:
    """The place of an entry among all: by its group, and in that by its name."""
    group, order = entry.group, list(GROUPS)
    place = order.index(group) if group in order else len(order)
    return place, group == OWN, "." in group, group, entry.name.lower()


def find(name: str, language: Language | None = None) -> tuple[Entry, ...]:
    """The entries with a name: none, one, or two, such as the curve and the function `sqrt`.

    >>> [entry.kind for entry in find("sqrt")], find("poly")[0].name
    (['curve', 'function'], 'polynomial')
    """
    return tuple(_of_name(name, language or current()))


def names(language: Language | None = None) -> Iterator[str]:
    """Every name that can be called; curves that are modes only cannot."""
    yield from dict.fromkeys(itertools.chain.from_iterable((language or current()).callables))


def _all(language: Language) -> Iterator[Entry]:
    for name in dict.fromkeys([*names(language), *language.curves]):
        yield from [entry for entry in _of_name(name, language) if entry.name == name]


def _of_name(name: str, language: Language) -> Iterator[Entry]:
    shape, curve = language.shapes.get(name), language.curves.get(name)
    if shape is not None:
        yield _shape(shape)
    modifier = language.modifiers.get(name)
    if modifier is not None:
        rows, bracket = _rows(modifier.parameters()), modifier.bracket
        call, text = _call(name, rows, bracket), modifier.__doc__ or ""
        yield Entry(name, "modifiers", "modifier", call, rows, text, bracket)
    if curve is not None:
        yield _curve(curve)
    function = language.functions.get(name)
    if function is not None:
        yield Entry(name, "functions", "function", function.signature, (), function.doc)
    of_lists = language.list_functions.get(name)
    if of_lists is not None:
        rows = tuple([Row(each, "a list") for each in of_lists.parameters])
        text = of_lists.expand.__doc__ or ""
        yield Entry(name, "functions", "function", _call(name, rows), rows, text)
    definition = language.definitions.get(name)
    if definition is not None:
        yield _definition(definition, language)


def _shape(shape: ShapeSignature) -> Entry:
    rows, curve = _rows(shape.parameters), shape.curve
    main, aliases = (shape.name, ()) if curve is None else (curve.name, curve.aliases)
    group, call = OWN if shape.origin else "shapes", _call(main, rows, shape.bracket)
    return Entry(main, group, "shape", call, rows, shape.doc, shape.bracket, aliases)


def _curve(curve: type[Curve]) -> Entry:
    rows = _rows(curve.parameters())
    call = ", ".join([curve.name, *[f"{row.name}={row.default}" for row in rows]])
    text = curve.__doc__ or ""
    if curve.is_shape:
        example = f"constant(1, 100) >> cooldown({curve.name}, 200, 0.1)"
        text = f"The way that the shape `{curve.name}` takes.\n\nExample: `{example}`"
    return Entry(curve.name, "curves", "curve", call, rows, text, aliases=curve.aliases)


def _definition(definition: Definition, language: Language) -> Entry:
    kinds = kinds_of(definition, language)
    rows = [
        Row(
            p.name,
            kinds[p.name] if p.bounds is None else f"{kinds[p.name]} in {p.domain}",
            "" if p.default is None else unparse(p.default),
        )
        for p in definition.parameters
    ]
    name, call, text = definition.name, definition.signature, definition.doc
    file = PurePath(definition.file)
    group = (file.name or OWN) if language.definitions.is_user(name) else file.stem
    bracket = definition.bracket
    return Entry(name, group, "definition", call, tuple(rows), text, bracket, (), definition)


def _rows(parameters: Iterable[Parameter]) -> tuple[Row, ...]:
    return tuple(
        Row(p.name, p.kind.value.strip(", "), str(p).partition("=")[2], not p.positional)
        for p in parameters
    )


def _call(name: str, rows: Iterable[Row], bracket: bool = False) -> str:
    if bracket:
        return f"{name}[update:value, …]"
    inside = [f"{row.name}={row.default}" if row.default else row.name for row in rows]
    return f"{name}({', '.join(inside)})"
