"""Cosines of many times, computed from few by the addition theorem."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from lrdsl.language.pointwise.blocks import BLOCK, Factors, InBlocks
from lrdsl.language.pointwise.rows import against
from lrdsl.language.pointwise.times import Array, Times

MAX_SPAN = 2**25
"""Over more updates than this neighbours differ by less than the rounding of a product."""


class Cosines(InBlocks):
    """radius·cos(π·t/span), where

    cos(π·t/span) = cos θ·cos φ - sin θ·sin φ,  θ = π·start/span,  φ = π·place/span.
    """

    def __init__(self, span: float, radius: float) -> None:
        self.span, self.radius = span, radius

    def of_starts(self, t: Any) -> Factors:
        return _rotation(t, self.span, against(self.radius, t))

    def of_places(self, t: Any) -> Factors:
        return _rotation(t, self.span)

    def table(self) -> Factors:
        return _table(self.span)

    def combined(self, starts: Factors, places: Factors) -> Array:
        (cos, sin), (of_cos, of_sin) = starts, places
        values: Array = cos * of_cos
        values -= sin * of_sin
        return values

    def directly(self, t: Array) -> Array:
        # As a sine: the angle is rounded least in the middle, where that matters most.
        values: Array = t / -self.span
        values += 0.5
        values *= np.pi
        np.sin(values, out=values)
        return values * self.radius


def cosines(t: Times, span: float, radius: float, offset: float = 0.0) -> Array:
    """offset + radius·cos(π·t/span) at times `t` from 0 to `span`, exact to 1e-15·radius.

    >>> cosines(np.arange(5.0), 4, 1.0).round(9)
    array([ 1.        ,  0.70710678,  0.        , -0.70710678, -1.        ])
    """
    found = Cosines(span, radius)
    values = found.directly(np.asarray(t)) if span > MAX_SPAN else found.values(t)
    values += offset
    return values


def _rotation(t: Any, span: float, radius: Any = 1.0) -> Factors:
    """The cosine and the sine of π·t/span, times `radius`."""
    angle = np.pi * (t / span)
    return radius * np.cos(angle), radius * np.sin(angle)


@functools.lru_cache(maxsize=8)
def _table(span: float) -> Factors:
    """The cosines and sines of the times in a block, or in the span if that is shorter."""
    return _rotation(np.arange(min(BLOCK, int(span) + 1)), span)
