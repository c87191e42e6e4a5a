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


FEW = 512
"""For no more times than this no table of cosines is made."""

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
    if isinstance(t, Range) and t.size > FEW:
        first = int(t.first) // BLOCK
        begin = int(t.first) - BLOCK * first
        rows = np.arange(first, first - (-(begin + t.size) // BLOCK))[:, None]
        of_blocks, in_blocks = _turned(BLOCK * rows, span, radius), _table(span)
    else:
        begin = 0
        of_blocks, in_blocks = _each(t, span, radius)
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
    return _turned(np.arange(min(BLOCK, int(span) + 1)), span)


def _each(t: Times, span: float, radius: float) -> tuple[Turned, Turned]:
    """For each of the times, those of its block's begin and those of its place in the block."""
    if t.size > FEW:
        t = np.asarray(t)
        index = t.astype(np.intp)
        blocks = index // BLOCK
        if bool((index == t).all()) and (count := int(blocks.max()) + 1) <= t.size:
            cos, sin = _turned(BLOCK * np.arange(count), span, radius)
            of_cos, of_sin = _table(span)
            index -= BLOCK * blocks
            return (cos[blocks], sin[blocks]), (of_cos[index], of_sin[index])
    times = t.first if isinstance(t, Range) and t.size == 1 else np.asarray(t)
    begin = BLOCK * (times // BLOCK)
    return _turned(begin, span, radius), _turned(times - begin, span)
