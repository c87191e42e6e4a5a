"""Warnings for the user of a Scheduler."""

from __future__ import annotations

import sys
import warnings

_BETWEEN = frozenset({"lrdsl", "torch", "accelerate"})
"""The packages that lie between a user's call and a warning about it."""

_SILENCING = frozenset({"transformers"})
"""The packages that drop warnings: transformers' Trainer does while it loads a scheduler."""


def warn_user(message: str) -> None:
    """Warn at the first place on the stack that is no part of lrdsl, torch or a wrapper."""
    _, level = _caller()
    warnings.warn(message, stacklevel=level)


def is_silenced() -> bool:
    """Whether a warning is likely to be dropped by the code that it would be shown for."""
    return _caller()[0] in _SILENCING


def _caller() -> tuple[str, int]:
    """The package at the first such place, and the level of its frame as seen by the caller."""
    level, frame = 1, sys._getframe(1)
    while frame is not None:
        name = frame.f_globals.get("__name__")
        package = name.partition(".")[0] if isinstance(name, str) else ""
        if package not in _BETWEEN:
            return package, level
        level, frame = level + 1, frame.f_back  # type: ignore[assignment]
    return "", level


def shown_pair(one: float, other: float) -> tuple[str, str]:
    """Two different numbers as text, with as many digits as tell them apart.

    >>> shown_pair(0.1, 0.05), shown_pair(0.1, 0.10000000149)
    (('0.1', '0.05'), ('0.1', '0.10000000149'))
    """
    short = f"{one:g}", f"{other:g}"
    return short if short[0] != short[1] else (repr(one), repr(other))
