"""Modifiers: what stands right of `|` and changes the whole of what stands left. A file each."""

from lrdsl.language.modifiers.base import MODIFIERS, Modifier, modifier

__all__ = ["MODIFIERS", "Modifier", "modifier"]
