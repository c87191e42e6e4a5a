"""Recognizes calls that a trainer makes, which its user cannot leave out."""

from __future__ import annotations

import sys

TRAINERS = frozenset({"ignite", "lightning", "pytorch_lightning", "transformers"})
"""The packages whose trainers call `step` on every scheduler that they are given."""


def is_called_by_trainer(depth: int) -> bool:
    """Whether a function on the stack was called by the code of a trainer.

    `depth` selects the function: 0 is the one that calls `is_called_by_trainer`, 1 its caller.
    """
    module = sys._getframe(depth + 2).f_globals.get("__name__")
    return isinstance(module, str) and module.partition(".")[0] in TRAINERS
