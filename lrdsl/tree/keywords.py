"""The keys of a tree: the words of the tree form itself, and names that are called."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from lrdsl.language.language import Language, current
from lrdsl.syntax import ast
from lrdsl.syntax.grammar import NAME
from lrdsl.syntax.rebuild import join_arithmetic, join_chain, join_pipe
from lrdsl.tree.data import is_data


class ListForm(NamedTuple):
    """A word of the tree form that takes a list of schedules, and how they are joined."""

    join: Callable[..., ast.Node]
    meaning: str
    parts: str = "at least two schedules"
    least: int = 2
    most: int | None = None


def _operate(sign: str, *parts: ast.Node) -> ast.Node:
    return join_arithmetic((sign,) * (len(parts) - 1), parts)


OPERATORS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "floor_divide": "//"}
"""The operators between schedules, by their names in a tree."""

LIST_FORMS = {
    "chain": ListForm(
        join_chain,
        "One after the other, each from where the one before ends.",
        "at least one schedule",
        1,
    ),
    "pipe": ListForm(
        join_pipe,
        "A schedule, and the modifiers that change all of it.",
        "first a schedule, then the modifiers that change it",
    ),
    "power": ListForm(
        ast.Power,
        "The first to the power of the second, pointwise.",
        "two schedules, the base and the exponent",
        most=2,
    ),
    **{
        name: ListForm(functools.partial(_operate, sign), f"Joined pointwise by `{sign}`.")
        for name, sign in OPERATORS.items()
    },
}
"""The words that take a list of schedules."""

CONDITIONAL = ("if", "then", "else")
"""The keys of `{if: …, then: …, else: …}`."""

WORDS = frozenset([*LIST_FORMS, *CONDITIONAL, "negative", "spec", "times"])
"""The words of the tree form: a call of something with such a name is written as text."""

NO_NAMES = frozenset({"if", "else", "and", "or", "not", "def", "in"})
"""Words of the language that name nothing."""

CALLED = re.compile(rf"{NAME.pattern}(?:\.{NAME.pattern})*")
"""A name of something that can be called, or of a parameter; dots are allowed."""


def is_tree(value: object, language: Language | None = None) -> bool:
    """Whether a mapping or a list is the tree of one schedule, and no program or choice of specs.

    A list is a chain. A mapping is a tree if it has one key, and that is a word of the tree form or
    the name of something that a spec can call; or the keys of a conditional. `language` defaults to
    that of the process.

    >>> is_tree({"cosine": {"end": 0}}), is_tree({"lr": 0.1}), is_tree(["hold(5)", 0.1])
    (True, False, True)
    """
    if not isinstance(value, Mapping):
        return is_data(value)
    keys = list(value)
    if set(keys) == set(CONDITIONAL):
        return True
    if len(keys) != 1 or not isinstance(keys[0], str):
        return False
    return keys[0] in WORDS or keys[0] in (current() if language is None else language)


def are_entries(name: str, keys: Collection[object], language: Language) -> bool:
    """Whether the keys below a name are updates, as in `{interval: {600: "*0.5"}}`, no parameters.

    >>> are_entries("interval", ["n"], Language()), are_entries("mine", ["50%"], Language())
    (True, True)
    """
    takes_entries = language.takes_entries(name)
    if takes_entries is not None:
        return takes_entries
    return any([not isinstance(key, str) or CALLED.fullmatch(key) is None for key in keys])
