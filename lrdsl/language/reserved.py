"""Names that are taken: what nothing new may be called."""

from __future__ import annotations

from lrdsl.language.functions import CONSTANTS, FUNCTIONS
from lrdsl.language.language import Language
from lrdsl.syntax.grammar import KEYWORDS, PYTHON_KEYWORDS

DURATIONS = frozenset({"total", "epoch", "rest"})
"""Names that are durations."""

RESERVED = DURATIONS.union(
    ["base", "prev", "next", "t", "cycle"], CONSTANTS, FUNCTIONS, KEYWORDS, PYTHON_KEYWORDS
)
"""Names that no variable may have."""

WORDS = frozenset({"if", "else", "and", "or", "not", "def", "in"})
"""The words of the grammar."""


def complaint_if_taken(
    name: str, language: Language, *, import_packages: bool = True
) -> str | None:
    """The complaint that a name is taken, by what; None if it is free.

    `import_packages` says whether the shapes of installed packages count, which are imported then.

    >>> complaint_if_taken("clip", Language())
    'the name `clip` is taken: it is a modifier'
    """
    shapes, definitions = language.shapes, language.definitions
    shape = shapes.get(name) if import_packages else shapes.registered(name)
    kinds = {
        f"the shape `{shape.origin}`" if shape and shape.origin else "a shape": shape is not None,
        "a modifier": name in language.modifiers,
        "a function": name in language.functions,
        "a function of lists": name in language.list_functions,
        "a curve": name in language.curves,
        "a word with a meaning of its own": name in RESERVED or name in WORDS,
        "a definition": definitions.is_user(definitions.owner_name(name)),
        "a definition that comes with lrdsl": name in definitions,
    }
    what = next((what for what, is_taken in kinds.items() if is_taken), None)
    return None if what is None else f"the name `{name}` is taken: it is {what}"
