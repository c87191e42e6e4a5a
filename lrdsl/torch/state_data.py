"""The plain data in a `state_dict`, which is not trusted: decodes and copies it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from lrdsl.diagnostics import BAD_STATE, spec_error
from lrdsl.syntax.spec import as_number

MAX_TEXT = 64 * 2**20
"""The most characters of a text in a state."""

MAX_NESTING = 100
"""Levels of the deepest data in a state."""

MAX_VALUES = 100_000
"""The most values of data in a state that is not JSON text."""

MAX_SHOWN = 80
"""Characters of the longest text of a state that a message repeats."""


def decoded(value: Any, *, is_spec: bool = False) -> Any:
    """A value that is JSON text, or was not in older versions; a spec may be text itself."""
    if not isinstance(value, str):
        return _plain(value)
    value = str.__str__(value)  # that of a subclass may do anything
    if is_spec and not value.startswith("{"):
        return value
    try:
        if len(value) > MAX_TEXT:
            raise ValueError
        return json.loads(value)
    except (ValueError, RecursionError):
        if is_spec:
            return value  # compiling it says what is wrong
        raise spec_error(BAD_STATE, "a text of the state is no JSON") from None


def _plain(value: Any) -> Any:
    """A copy of mappings, lists and values, all of them of Python's own types."""
    copied = 0

    def copy(value: Any, depth: int) -> Any:
        nonlocal copied
        copied += 1  # a list can be in another many times
        if depth > MAX_NESTING or copied > MAX_VALUES:
            raise spec_error(BAD_STATE, "the state is nested too deep, or has too many values")
        if isinstance(value, Mapping):
            return {copy(key, depth + 1): copy(value[key], depth + 1) for key in value}
        if isinstance(value, (list, tuple)):
            return [copy(each, depth + 1) for each in value]
        if isinstance(value, str):
            return str.__str__(value)
        is_number = isinstance(value, (int, float)) and (type(value) is float or is_finite(value))
        if value is None or isinstance(value, bool) or is_number:
            return value
        raise spec_error(BAD_STATE, f"the state holds what no state does: {shown(value)}")

    return copy(value, 0)


def shown(value: object) -> str:
    """A value for a message: as it is written if that is short, else its type."""
    is_short = isinstance(value, str) and len(value) <= MAX_SHOWN
    is_small = type(value) is int and abs(value) < 10**MAX_SHOWN
    if is_short or is_small or value is None or isinstance(value, (bool, float)):
        return repr(value)
    return f"something of type {type(value).__name__}"


def is_finite(value: object) -> bool:
    """Whether a value is a number that a float can hold."""
    number = as_number(value)
    return number is not None and abs(number) < math.inf and abs(number) <= 1.7e308
