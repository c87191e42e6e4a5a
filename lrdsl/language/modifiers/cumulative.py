from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.language.length import ENDLESS, Length
from lrdsl.language.modifiers.base import Modifier, modifier
from lrdsl.language.pointwise.functions import NUMPY
from lrdsl.language.pointwise.times import Array, Range, Times, clamp_end, piecewise
from lrdsl.language.signal import CHUNK, Signal
from lrdsl.language.wrapped_signal import WrappedSignal

BLOCK = CHUNK
"""Updates in a block, whose values are multiplied at once."""

MAX_CUMULATIVE_UPDATES = 10**8
"""More updates than this are not multiplied one by one."""

MAX_AT_ONCE: ContextVar[int] = ContextVar("MAX_AT_ONCE", default=MAX_CUMULATIVE_UPDATES)
"""More updates than this are `TooDear`, while a spec is compiled for example."""


class TooDear(Exception):
    """A value would take more than it is worth."""


@modifier
class Cumulative(Modifier):
    """The running product: at update t, the product of the values at updates 1 to t.

    It is 1 at update 0. It never ends: where the schedule has ended, its final value goes on being
    multiplied. Under `stretch` a time between two updates counts as the earlier one.

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
        if MAX_AT_ONCE.get() < last <= MAX_CUMULATIVE_UPDATES:
            raise TooDear
        if last > MAX_CUMULATIVE_UPDATES:
            message = f"`cumulative` would multiply {int(last):,} values one by one"
            raise spec_error(diag.BAD_STEP, message, fix="end it before with `| take(steps)`")
        blocks = np.arange(first // BLOCK, last // BLOCK + 1)
        return piecewise(t, BLOCK * blocks, lambda i, times: self._in_block(int(blocks[i]), times))

    def _in_block(self, block: int, t: Times) -> Array:
        """The products at times in a block. Those of the blocks before it are found first."""
        while len(self._begins) <= block:
            self._multiplied(len(self._begins) - 1)
        products, at = self._multiplied(block), t - float(BLOCK * block)
        if isinstance(at, Range):
            return products[int(at.first) : int(at.last) + 1]
        return products[at.astype(np.intp)]

    def _multiplied(self, block: int) -> Array:
        """The products at the updates of a block, and at the first one after it."""
        first = block * BLOCK
        values = self.source.values(Range(float(first), BLOCK + 1))
        values[0] = self._begins[block]
        products: Array = np.multiply.accumulate(values)
        self._begins[block + 1] = float(products[-1])
        return products

    @property
    def constant_value(self) -> None:
        return None

    def min_max(self, start: int, stop: int) -> tuple[float, float]:
        return Signal.min_max(self, start, stop)
