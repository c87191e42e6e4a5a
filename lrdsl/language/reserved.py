"""Names that are taken: what nothing new may be called."""

from __future__ import annotations

from collections.abc import Callable

from lrdsl.language.curves import CURVES
from lrdsl.language.functions import CONSTANTS, FUNCTIONS
from lrdsl.language.library import Library
from lrdsl.language.list_functions import LISTS
from lrdsl.language.modifiers import MODIFIERS
from lrdsl.language.shapes import SHAPES
from lrdsl.syntax.grammar import KEYWORDS, PYTHON_KEYWORDS

DURATIONS = frozenset({"total", "epoch", "rest"})
"""Names that are durations."""

RESERVED = frozenset(
    {
        "base",
        "prev",
        "next",
        "t",
        *DURATIONS,
        *CONSTANTS,
        *FUNCTIONS,
        *KEYWORDS,
        *PYTHON_KEYWORDS,
    }
)
"""Names that no variable may have."""

WORDS = frozenset({"if", "else", "and", "or", "not", "def", "in"})
"""The words of the grammar."""


def complaint_if_taken(
    name: str, library: Library, find_shape: Callable[[str], object] = SHAPES.find
) -> str | None:
    """The complaint that a name is taken, by what; None if it is free.

    `library` has the definitions that count; `find_shape` says which shapes do: by default those of
    installed packages too, which are imported for it.

    >>> complaint_if_taken("clip", Library())
    'the name `clip` is taken: it is a modifier'
    """
    kinds: dict[str, Callable[[str], bool]] = {
        "a shape": lambda name: find_shape(name) is not None,
        "a modifier": MODIFIERS.__contains__,
        "a function": FUNCTIONS.__contains__,
        "a function of lists": LISTS.__contains__,
        "a curve": CURVES.__contains__,
        "a word with a meaning of its own": (RESERVED | WORDS).__contains__,
        "a definition": lambda name: library.is_user(library.owner_name(name)),
        "a definition that comes with lrdsl": library.__contains__,
    }
    what = next((what for what, has in kinds.items() if has(name)), None)
    return None if what is None else f"the name `{name}` is taken: it is {what}"
