from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import Diagnostic
from lrdsl.language.length import ENDLESS, Length
from lrdsl.language.modifiers.base import Modifier, modifier
from lrdsl.language.pointwise.functions import NUMPY
from lrdsl.language.pointwise.times import Array, Range, Times, clamp_end, piecewise
from lrdsl.language.signal import CHUNK, MAX_AT_ONCE, Signal, TooDear
from lrdsl.language.wrapped_signal import WrappedSignal

BLOCK = CHUNK
"""Updates in a block, whose values are multiplied at once."""

BLOCKS_AT_ONCE = 16
"""Blocks that are multiplied in one go on the way to one that is far away."""


@modifier
class Cumulative(Modifier):
    """The running product: at update t, the product of the values at updates 1 to t.

    It is 1 at update 0. It never ends: where the schedule has ended, its final value goes on being
    multiplied. Under `stretch` a time between two updates counts as the earlier one. It multiplies
    up to 10^8 values, and up to 10^6 for a `prev` or `next` that leans on the product.

    Example: `0.95 ** (t / 100) | cumulative()`

    It makes a schedule of the factors that torch's MultiplicativeLR takes.
    """

    accumulates = True
    is_endless = True
    counts_updates = True

    def length(self, source: Length) -> Length:
        return ENDLESS

    def room(self, outer: Fraction) -> Fraction | None:
        return None

    def apply(self, source: Signal, length: Length, end: float, text: str) -> Signal:
        return CumulativeProductSignal(source, text, end=end)


@dataclass(frozen=True, slots=True)
class CumulativeProductSignal(WrappedSignal):
    """The running product of a signal; from update `end` on it holds its value.

    The product at the start of each block is kept once it is known. That never changes a value:
    values are multiplied in the same order always. Two threads may find the same product at the
    same time; there is no lock that one of them could hold during a fork.
    """

    _begins: dict[int, float] = field(default_factory=lambda: {0: 1.0}, repr=False, compare=False)
    """The product at the start of each block, as far as they are known: all up to some block."""

    def values(self, t: Times) -> Array:
        t = t if isinstance(t, Range) else np.floor(t)
        return clamp_end(t, self.end, self._products)

    def _products(self, t: Times) -> Array:
        if self.source.constant_value is not None:
            powers: Array = NUMPY.powers(self.source.constant_value, t)
            return powers
        if t.size == 0:
            return np.empty(0)
        first, last = (t.first, t.last) if isinstance(t, Range) else (t.min(), t.max())
        if last > MAX_AT_ONCE.get():
            message = f"`cumulative` would multiply {int(last):,} values one by one"
            fix = "end it before with `| take(steps)`"
            raise TooDear([Diagnostic(diag.BAD_STEP, message, fix=fix)])
        blocks = np.arange(first // BLOCK, last // BLOCK + 1)
        return piecewise(t, BLOCK * blocks, lambda i, times: self._in_block(int(blocks[i]), times))

    def values_in_rounds(self, t: Array, k: Array) -> Array:
        return self.values(t)

    def _in_block(self, block: int, t: Times) -> Array:
        """The products at times in a block. Those of the blocks before it are found first."""
        while (known := len(self._begins) - 1) < block:
            self._multiplied(known, min(block - known, BLOCKS_AT_ONCE))
        products, at = self._multiplied(block), t - float(BLOCK * block)
        if isinstance(at, Range):
            return products[int(at.first) : int(at.last) + 1]
        return products[at.astype(np.intp)]

    def _multiplied(self, block: int, count: int = 1) -> Array:
        """The products at the updates of some blocks, and at the first one after them.

        All blocks before them are known.
        """
        first = block * BLOCK
        # A copy: a shape of one's own may keep what it has returned.
        values = np.array(self.source.values(Range(float(first), count * BLOCK + 1)))
        values[0] = self._begins[block]
        products: Array = np.multiply.accumulate(values)
        for i in range(1, count + 1):
            self._begins[block + i] = float(products[i * BLOCK])
        return products

    @property
    def constant_value(self) -> None:
        return None

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        return Signal.min_max(self, start, stop)
