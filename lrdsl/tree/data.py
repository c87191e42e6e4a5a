"""The data of trees: mappings, lists and scalars, within bounds.

Trees come from files that anybody may have written: their size and depth are bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.syntax.grammar import MAX_CHARACTERS, MAX_DEPTH


def is_data(value: object) -> bool:
    """Whether a value is a mapping or a list, and so no scalar of a tree.

    >>> is_data({"hold": 5}), is_data("hold(5)")
    (True, False)
    """
    if isinstance(value, (str, bytes, bytearray, memoryview)):
        return False
    return isinstance(value, (Mapping, Sequence))


def plain_data(tree: object, change: Callable[[str], str] = str) -> Any:
    """A copy of a tree, of dicts and lists; `change` is applied to each text and each key.

    Raises `SpecError` for a tree that is too large or nested too deep.

    >>> plain_data([{"hold": ("a", 5)}], str.upper)
    [{'HOLD': ['A', 5]}]
    """
    left = MAX_CHARACTERS

    def copy(value: Any, depth: int) -> Any:
        nonlocal left
        left -= 1 + len(value) if isinstance(value, str) else 1
        if left < 0:
            fix = f"its text would have more than {MAX_CHARACTERS // 1024} KiB"
            raise spec_error(diag.TOO_LONG, "the tree is too large", fix=fix)
        if depth > MAX_DEPTH:
            raise spec_error(diag.TOO_DEEP, f"the tree is nested deeper than {MAX_DEPTH} levels")
        if isinstance(value, str):
            return change(value)
        if isinstance(value, Mapping):
            return {
                change(key) if isinstance(key, str) else key: copy(each, depth + 1)
                for key, each in value.items()
            }
        return [copy(each, depth + 1) for each in value] if is_data(value) else value

    return copy(tree, 0)
