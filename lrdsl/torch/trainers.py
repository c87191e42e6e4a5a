"""Who calls: what a trainer calls on its own the user cannot leave out."""

from __future__ import annotations

import sys

TRAINERS = frozenset({"ignite", "lightning", "pytorch_lightning", "transformers"})
"""The packages whose trainers call `step` on every scheduler that they are given."""


def is_called_by_trainer(depth: int) -> bool:
    """Whether a trainer's own code has called a function.

    `depth` says which one: 0 is the function that asks, 1 the one that called that.
    """
    module = sys._getframe(depth + 2).f_globals.get("__name__")
    return isinstance(module, str) and module.partition(".")[0] in TRAINERS
