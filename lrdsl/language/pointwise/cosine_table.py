"""Cosines of many times, computed from few by the addition theorem."""

from __future__ import annotations

import functools
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lrdsl.language.pointwise.rows import has_rows
from lrdsl.language.pointwise.times import Array, Range, Times

BLOCK = 4096
"""Updates in a block. Arrays with rows of this length are what numpy multiplies fastest."""

MAX_SPAN = 2**25
"""Over more updates than this neighbours differ by less than the rounding of a product."""

MIN_TABLED = 513
"""For fewer times than this no table of cosines is made."""

Rotation: TypeAlias = "tuple[Any, Any]"
"""Cosines and sines."""


def cosines(t: Times, span: float, radius: float, offset: float = 0.0) -> Array:
    """offset + radius·cos(π·t/span) at times `t` from 0 to `span`, exact to 1e-15·radius.

    A time is split into the block that it lies in and its place there, t = BLOCK·i + j, and

        cos(π·t/span) = cos θᵢ·cos φⱼ - sin θᵢ·sin φⱼ,  θᵢ = π·BLOCK·i/span,  φⱼ = π·j/span,

    so that a range of times takes one table of the φⱼ, which all blocks share, and an angle for
    each block. Where a time is split depends on that time alone. So does its cosine, to the last
    bit, whether one is asked for, or a range, or times in any order.

    >>> cosines(Range(0.0, 5), 4, 1.0).round(9)
    array([ 1.        ,  0.70710678,  0.        , -0.70710678, -1.        ])
    """
    if span > MAX_SPAN:
        direct: Array = radius * np.cos(np.pi * (np.asarray(t) / span))
        return direct + offset
    begin = 0
    block: Any = ...  # no look-up
    place: Any = ...
    if isinstance(t, Range) and t.size >= MIN_TABLED:
        first = int(t.first) // BLOCK
        begin = int(t.first) - BLOCK * first
        lines = np.arange(first, first - (-(begin + t.size) // BLOCK))[:, None]
        of_lines: Any = np.asarray(radius)[..., None] if has_rows(radius) else radius
        (cos, sin), (of_cos, of_sin) = _rotation(BLOCK * lines, span, of_lines), _table(span)
    elif t.size >= MIN_TABLED and (found := _looked_up(np.asarray(t))):
        *at, blocks = found
        block, place = (..., at[0]), at[1]
        cos, sin = _rotation(BLOCK * np.arange(blocks), span, radius)
        of_cos, of_sin = _table(span)
    else:
        each = t.first if isinstance(t, Range) and t.size == 1 else np.asarray(t)
        start = BLOCK * (each // BLOCK)
        (cos, sin), (of_cos, of_sin) = _rotation(start, span, radius), _rotation(each - start, span)
    values = cos[block] * of_cos[place]
    values -= sin[block] * of_sin[place]
    flat = values.reshape(len(values), -1) if has_rows(radius) else np.ravel(values)
    asked = flat[..., begin : begin + t.size]
    asked += offset
    return asked


def _rotation(t: Any, span: float, radius: Any = 1.0) -> Rotation:
    """The cosine and the sine of π·t/span, times `radius`."""
    angle = np.pi * (t / span)
    return radius * np.cos(angle), radius * np.sin(angle)


@functools.lru_cache(maxsize=8)
def _table(span: float) -> Rotation:
    """The cosines and sines of the times in a block, or in the span if that is shorter."""
    return _rotation(np.arange(min(BLOCK, int(span) + 1)), span)


def _looked_up(t: Array) -> tuple[NDArray[np.intp], NDArray[np.intp], int] | None:
    """The blocks of times, their places there, and how many blocks there are up to the last.

    None where tables would not do, for times that are not whole, or would be longer than `t`.
    """
    place = t.astype(np.intp)
    if not bool((place == t).all()):
        return None
    block = place // BLOCK
    blocks = int(block.max()) + 1
    place -= BLOCK * block
    return (block, place, blocks) if blocks <= t.size else None
