"""Random numbers that are a function of a seed and a count: Philox4x32-10.

Salmon, Moraes, Dror and Shaw, Parallel Random Numbers: As Easy as 1, 2, 3, 2011
(doi:10.1145/2063384.2063405). Only whole numbers are added and multiplied, so that all machines
and languages come to the same bits.
"""

from __future__ import annotations

import functools
import itertools
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Words: TypeAlias = "NDArray[np.uint64]"
"""Unsigned numbers of 32 bits, with room for products."""

_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_KEY_STEPS = 0x9E3779B9, 0xBB67AE85
_ROUNDS = 10
_MASK = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_BLOCK = 4096
"""The counts that are computed at once: so many stay in the cache."""
_MIN_TABLED = 513
"""For fewer counts than this no table is made."""


def philox(counter: tuple[Words, Words, Words, Words], seed: int) -> tuple[Words, ...]:
    """Four random words of 32 bits for a counter of four words, and a seed below 2⁶⁴.

    >>> zero = np.zeros(1, dtype=np.uint64)
    >>> [f"{word[0]:08x}" for word in philox((zero, zero, zero, zero), 0)]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    a, b, c, d = counter
    low, high = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(_ROUNDS):
        first, second = a * _MULTIPLIERS[0], c * _MULTIPLIERS[1]
        a, b = (second >> _HALF) ^ b ^ np.uint64(low), second & _MASK
        c, d = (first >> _HALF) ^ d ^ np.uint64(high), first & _MASK
        low, high = (low + _KEY_STEPS[0]) & 0xFFFFFFFF, (high + _KEY_STEPS[1]) & 0xFFFFFFFF
    return a, b, c, d


def standard_noise(count: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """A random number with mean 0 and deviation 1 for each whole number from 0, always the same.

    It is the sum of twelve that are even in 0..1, less 6: nearly normal, and never beyond ±6. The
    sum is one of whole numbers, and exact.

    >>> standard_noise(np.array([0.0, 1.0, 0.0]), 7)[[0, 2]].round(3)
    array([-0.477, -0.477])
    """
    if count.size < _MIN_TABLED:
        return _sums(count.astype(np.uint64), seed)
    # Neighbours are asked for together, and often several times.
    blocks, places = np.divmod(count.astype(np.int64), _BLOCK)
    edges = [0, *(np.flatnonzero(np.diff(blocks)) + 1).tolist(), count.size]
    if len(edges) > 2 + count.size // 64:
        return _sums(count.astype(np.uint64), seed)
    found = np.empty(count.size)
    for start, stop in itertools.pairwise(edges):
        found[start:stop] = _table(int(blocks[start]), seed)[places[start:stop]]
    return found


@functools.lru_cache(maxsize=256)
def _table(block: int, seed: int) -> NDArray[np.float64]:
    return _sums(np.arange(block * _BLOCK, (block + 1) * _BLOCK, dtype=np.uint64), seed)


def _sums(counts: Words, seed: int) -> NDArray[np.float64]:
    low, high, none = counts & _MASK, counts >> _HALF, np.zeros_like(counts)
    total = none
    for draw in range(3):
        for word in philox((low, high, none + np.uint64(draw), none), seed):
            total = total + word
    found: NDArray[np.float64] = total.astype(np.float64) * 2.0**-32 - 6.0
    return found
