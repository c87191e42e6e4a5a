"""What the keys of a tree may be: the words of the tree form itself, and names that are called."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from lrdsl.language.functions import FUNCTIONS
from lrdsl.language.library import Library
from lrdsl.language.list_functions import LISTS
from lrdsl.language.modifiers import MODIFIERS
from lrdsl.language.shapes import SHAPES
from lrdsl.syntax.grammar import NAME

OPERATORS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}
"""The operators between schedules, by their names in a tree."""

CONDITIONAL = ("if", "then", "else")
"""The keys of `{if: …, then: …, else: …}`."""

WORDS = frozenset([*OPERATORS, *CONDITIONAL, "chain", "pipe", "power", "negative", "spec", "times"])
"""The words of the tree form: a call of something with such a name is written as text."""

NO_NAMES = frozenset({"if", "else", "and", "or", "not", "def", "in"})
"""Words of the language that name nothing."""

CALLED = re.compile(rf"{NAME.pattern}(?:\.{NAME.pattern})*")
"""A name that can be called; dialects and definitions have dots."""


def is_data(value: object) -> bool:
    """Whether a value is a mapping or a list, and so no scalar of a tree.

    >>> is_data({"hold": 5}), is_data("hold(5)")
    (True, False)
    """
    if isinstance(value, (str, bytes, bytearray, memoryview)):
        return False
    return isinstance(value, (Mapping, Sequence))


def is_tree(value: object, library: Library | None = None) -> bool:
    """Whether a mapping or a list is the tree of one schedule, and no program or choice of specs.

    A list is a chain. A mapping is a tree if it has one key, and that is a word of the tree form or
    the name of something that a spec can call; or the keys of a conditional.

    >>> is_tree({"cosine": {"end": 0}}), is_tree({"lr": 0.1}), is_tree(["hold(5)", 0.1])
    (True, False, True)
    """
    if not isinstance(value, Mapping):
        return is_data(value)
    keys = list(value)
    if set(keys) == set(CONDITIONAL):
        return True
    return len(keys) == 1 and isinstance(keys[0], str) and _is_known(keys[0], library)


def _is_known(name: str, library: Library | None) -> bool:
    if name in WORDS or name in FUNCTIONS or name in LISTS:
        return True
    library = Library() if library is None else library
    return name in SHAPES or name in MODIFIERS or name in library


def is_bracket(name: str, library: Library) -> bool:
    """Whether a call of that name is written in square brackets: `interval[600:*0.5]`.

    >>> is_bracket("interval", Library()), is_bracket("clip", Library())
    (True, False)
    """
    form, modifier, definition = SHAPES.find(name), MODIFIERS.find(name), library.find(name)
    if form is not None:
        return form.bracket
    return bool(modifier and modifier.bracket) or bool(definition and definition.bracket)


def are_entries(name: str, keys: Collection[object], library: Library) -> bool:
    """Whether the keys below a name are updates, as in `{interval: {600: "*0.5"}}`, no parameters.

    >>> are_entries("interval", ["n"], Library()), are_entries("mine", ["50%"], Library())
    (True, True)
    """
    if is_bracket(name, library):
        return True
    if name in SHAPES or name in MODIFIERS or name in library:
        return False
    return any([not isinstance(key, str) or NAME.fullmatch(key) is None for key in keys])
