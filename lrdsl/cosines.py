"""Cosines of many times by few calls of the cosine."""

from __future__ import annotations

import functools
from typing import Any, TypeAlias

import numpy as np

from lrdsl.signal import Array, Range, Times

BLOCK = 4096
"""Updates in a block. Arrays with rows of this length are what numpy multiplies fastest."""

LONGEST = 2**25
"""Over more updates than this neighbours differ by less than the rounding of a product."""


Turned: TypeAlias = "tuple[Any, Any]"
"""Cosines and sines."""


def cosines(t: Times, span: float, radius: float) -> Array:
    """radius·cos(π·t/span) at times `t` from 0 to `span`, within 4 roundings of `radius`.

    A time is split into the block that it lies in and its place there, t = BLOCK·i + j, and

        cos(π·t/span) = cos θᵢ·cos φⱼ - sin θᵢ·sin φⱼ,  θᵢ = π·BLOCK·i/span,  φⱼ = π·j/span,

    so that a range of times takes one table of the φⱼ, which all blocks share, and an angle for
    each block. Where a time is split depends on that time alone. So does its cosine, to the last
    bit, whether one is asked for, or a range, or times in any order.

    >>> cosines(Range(0.0, 5), 4, 1.0).round(9)
    array([ 1.        ,  0.70710678,  0.        , -0.70710678, -1.        ])
    """
    if span > LONGEST:
        direct: Array = radius * np.cos(np.pi * (np.asarray(t) / span))
        return direct
    begin = 0
    if not isinstance(t, Range):
        block = np.floor(t / BLOCK)
        of_blocks, in_blocks = _of_blocks(block, span, radius), _in_blocks(t - BLOCK * block, span)
    else:
        first, place = divmod(t.first, BLOCK)
        if t.size == 1:
            of_blocks, in_blocks = _turned(BLOCK * first, span, radius), _turned(place, span)
        else:
            begin = int(place)
            count = -(-(begin + t.size) // BLOCK)
            rows = first + np.arange(count)[:, None]
            of_blocks, in_blocks = _turned(BLOCK * rows, span, radius), _table(span)
    values = of_blocks[0] * in_blocks[0]
    values -= of_blocks[1] * in_blocks[1]
    return np.ravel(values)[begin : begin + t.size]


def _turned(t: Any, span: float, radius: float = 1.0) -> Turned:
    """The cosine and the sine of π·t/span, times `radius`."""
    angle = np.pi * (t / span)
    return radius * np.cos(angle), radius * np.sin(angle)


@functools.lru_cache(maxsize=8)
def _table(span: float) -> Turned:
    """Those of the times in a block, which is shorter where the span is."""
    return _turned(np.arange(min(BLOCK, int(span) + 1.0)), span)


def _of_blocks(block: Array, span: float, radius: float) -> Turned:
    """Those of the times at which blocks begin."""
    count = block.max() + 1
    if count > block.size:
        return _turned(BLOCK * block, span, radius)
    cos, sin = _turned(BLOCK * np.arange(count), span, radius)
    index = block.astype(np.intp)
    return cos[index], sin[index]


def _in_blocks(place: Array, span: float) -> Turned:
    """Those of times within blocks."""
    index = place.astype(np.intp)
    if (index != place).any():
        return _turned(place, span)
    cos, sin = _table(span)
    return cos[index], sin[index]
