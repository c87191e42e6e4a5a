"""Cosines of many times by few calls of the cosine."""

from __future__ import annotations

import functools

import numpy as np

from lrdsl.signal import Array, Range, Times

BLOCK = 4096
"""Updates in a block. Arrays with rows of this length are what numpy multiplies fastest."""

LONGEST = 2**25
"""Over more updates than this neighbours differ by less than the rounding of a product."""

FEW = 512
"""For no more times than this a table of cosines is not worth making."""


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
        return radius * np.cos(np.pi * (np.asarray(t) / span))
    if not isinstance(t, Range):
        block = np.floor(t / BLOCK)
        (cos, sin), (of_cos, of_sin) = _of_blocks(block, span), _in_blocks(t - BLOCK * block, span)
        return radius * cos * of_cos - radius * sin * of_sin
    first, last = int(t.first) // BLOCK, int(t.last) // BLOCK
    begin = int(t.first) - BLOCK * first
    cos, sin = _turned(np.arange(first, last + 1.0)[:, None] * BLOCK, span)
    if t.size > FEW or last > first:
        of_cos, of_sin = _table(span)
        if last == first:
            of_cos, of_sin = of_cos[begin : begin + t.size], of_sin[begin : begin + t.size]
            begin = 0
    else:
        of_cos, of_sin = _turned(np.arange(begin, begin + t.size, dtype=np.float64), span)
        begin = 0
    out = radius * cos * of_cos
    out -= radius * sin * of_sin
    return out.ravel()[begin : begin + t.size]


def _turned(t: Array, span: float) -> tuple[Array, Array]:
    """The cosine and the sine of π·t/span."""
    angle = np.pi * (t / span)
    return np.cos(angle), np.sin(angle)


@functools.lru_cache(maxsize=8)
def _table(span: float) -> tuple[Array, Array]:
    """Those of the times in a block, the first one if there is one alone."""
    return _turned(np.arange(min(BLOCK, int(span) + 1), dtype=np.float64), span)


def _of_blocks(block: Array, span: float) -> tuple[Array, Array]:
    """Those of the times at which blocks begin."""
    count = int(block.max()) + 1
    if count > block.size:
        return _turned(block * BLOCK, span)
    cos, sin = _turned(np.arange(float(count)) * BLOCK, span)
    index = block.astype(np.intp)
    return cos[index], sin[index]


def _in_blocks(t: Array, span: float) -> tuple[Array, Array]:
    """Those of times within blocks."""
    index = t.astype(np.intp)
    if t.size <= FEW or (index != t).any():
        return _turned(t, span)
    cos, sin = _table(span)
    return cos[index], sin[index]
