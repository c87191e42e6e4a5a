"""Warnings for the user of a Scheduler."""

from __future__ import annotations

import sys
import warnings

_BETWEEN = frozenset({"lrdsl", "torch"})
"""The packages that lie between a user's call and a warning about it."""


def warn_user(message: str) -> None:
    """Warn at the first place on the stack that is neither in lrdsl nor in torch."""
    level, frame = 1, sys._getframe(0)
    while frame is not None:
        name = frame.f_globals.get("__name__")
        if not isinstance(name, str) or name.partition(".")[0] not in _BETWEEN:
            break
        level, frame = level + 1, frame.f_back  # type: ignore[assignment]
    warnings.warn(message, stacklevel=level)


def shown_pair(one: float, other: float) -> tuple[str, str]:
    """Two different numbers as text, with as many digits as tell them apart.

    >>> shown_pair(0.1, 0.05), shown_pair(0.1, 0.10000000149)
    (('0.1', '0.05'), ('0.1', '0.10000000149'))
    """
    short = f"{one:g}", f"{other:g}"
    return short if short[0] != short[1] else (repr(one), repr(other))
