"""What can be called by name, as data: for the command line, the builder, the reference page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, NamedTuple

from lrdsl.language.curves import CURVES, Curve
from lrdsl.language.functions import FUNCTIONS
from lrdsl.language.infer_kinds import kinds_of
from lrdsl.language.library import Library
from lrdsl.language.list_functions import LISTS
from lrdsl.language.modifiers import MODIFIERS
from lrdsl.language.parameters import Parameter
from lrdsl.language.shapes import SHAPES
from lrdsl.syntax.definition import Definition
from lrdsl.syntax.unparse import unparse
from lrdsl.util.docstrings import Doc, read_doc

EXAMPLE_RUN: Mapping[str, Any] = {"total_steps": 1000, "steps_per_epoch": 50.0, "base_lr": 1.0}
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
        """What it may be, and how it must be given."""
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


def entries(library: Library | None = None) -> tuple[Entry, ...]:
    """All there is, by group, in each by name.

    `library` defaults to the definitions of lrdsl and those that were loaded.

    >>> {"shapes", "modifiers", "curves", "functions", "std"} <= {e.group for e in entries()}
    True
    """
    library = Library() if library is None else library
    found = list(_all(library))
    order = list(GROUPS)
    groups = sorted(
        {entry.group for entry in found},
        key=lambda g: (order.index(g) if g in order else len(order), g == OWN, "." in g, g),
    )
    return tuple(sorted(found, key=lambda e: (groups.index(e.group), e.name.lower())))


def find(name: str, library: Library | None = None) -> tuple[Entry, ...]:
    """What has a name: nothing, one thing, or two, such as the curve and the function `sqrt`.

    >>> [entry.kind for entry in find("sqrt")], find("poly")[0].name
    (['curve', 'function'], 'polynomial')
    """
    library = Library() if library is None else library
    return tuple(_of_name(name, library))


def names(library: Library | None = None) -> Iterator[str]:
    """Every name that can be called; curves that are modes only cannot."""
    library = Library() if library is None else library
    yield from dict.fromkeys([*SHAPES, *MODIFIERS, *FUNCTIONS, *LISTS, *library])


def _all(library: Library) -> Iterator[Entry]:
    for name in dict.fromkeys([*names(library), *CURVES]):
        yield from [entry for entry in _of_name(name, library) if entry.name == name]


def _of_name(name: str, library: Library) -> Iterator[Entry]:
    if name in SHAPES:
        yield _shape(name)
    modifier, curve = MODIFIERS.find(name), CURVES.find(name)
    if modifier is not None:
        rows = _rows(modifier.parameters())
        call = f"{name}[update:value, …]" if modifier.bracket else _call(name, rows)
        text = modifier.__doc__ or ""
        yield Entry(name, "modifiers", "modifier", call, rows, text, bracket=modifier.bracket)
    if curve is not None:
        yield _curve(curve)
    if name in FUNCTIONS:
        function = FUNCTIONS[name]
        yield Entry(name, "functions", "function", function.signature, (), function.doc)
    if name in LISTS:
        make, lists = LISTS[name]
        rows = tuple([Row(each, "a list") for each in lists])
        yield Entry(name, "functions", "function", _call(name, rows), rows, make.__doc__ or "")
    definition = library.find(name)
    if definition is not None:
        yield _definition(definition, library)


def _shape(name: str) -> Entry:
    form = SHAPES[name]
    rows = _rows(form.parameters)
    curve = form.curve
    own = not form.cls.__module__.startswith("lrdsl.language.shapes.")
    main = name if curve is None else curve.name
    return Entry(
        main,
        OWN if own else "shapes",
        "shape",
        f"{main}[update:value, …]" if form.bracket else _call(main, rows),
        rows,
        form.doc,
        bracket=form.bracket,
        aliases=() if curve is None else curve.aliases,
    )


def _curve(curve: type[Curve]) -> Entry:
    rows = _rows(curve.parameters())
    call = ", ".join([curve.name, *[f"{row.name}={row.default}" for row in rows]])
    text = curve.__doc__ or ""
    if curve.is_shape:
        example = f"constant(1, 100) >> cooldown({curve.name}, 200, 0.1)"
        text = f"The way that the shape `{curve.name}` takes.\n\nExample: `{example}`"
    return Entry(curve.name, "curves", "curve", call, rows, text, aliases=curve.aliases)


def _definition(definition: Definition, library: Library) -> Entry:
    kinds = kinds_of(definition, library)
    rows = [
        Row(p.name, kinds[p.name], "" if p.default is None else unparse(p.default))
        for p in definition.parameters
    ]
    file = PurePath(definition.file)
    group = file.stem
    if library.is_user(definition.name):
        group = file.name or OWN
    return Entry(
        definition.name,
        group,
        "definition",
        definition.signature,
        tuple(rows),
        definition.doc,
        bracket=definition.bracket,
        definition=definition,
    )


def _rows(parameters: Iterable[Parameter]) -> tuple[Row, ...]:
    return tuple(
        [
            Row(p.name, p.kind.value.strip(", "), str(p).partition("=")[2], not p.positional)
            for p in parameters
        ]
    )


def _call(name: str, rows: Iterable[Row]) -> str:
    inside = [f"{row.name}={row.default}" if row.default else row.name for row in rows]
    return f"{name}({', '.join(inside)})"
