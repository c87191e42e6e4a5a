"""Curves lead from a start value to an end value. Each serves as a `mode` and as a shape."""

from lrdsl.language.curves.base import CURVES, Curve, curve

__all__ = ["CURVES", "Curve", "curve"]
