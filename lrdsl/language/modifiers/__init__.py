"""Modifiers stand right of `|` and change the signal on the left; a file per modifier."""

from lrdsl.language.modifiers.base import MODIFIERS, Modifier, modifier

__all__ = ["MODIFIERS", "Modifier", "modifier"]
