from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.language.length import ENDLESS, Length
from lrdsl.language.modifiers.base import Modifier, modifier
from lrdsl.language.pointwise.times import Array, Range, Times
from lrdsl.language.signal import Signal
from lrdsl.language.wrapped_signal import WrappedSignal

BLOCK = 4096
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
        n = np.floor(np.minimum(t, self.end))
        if self.source.constant_value is not None:
            power: Array = self.source.constant_value**n
            return power
        if n.size and MAX_AT_ONCE.get() < n.max() <= MAX_CUMULATIVE_UPDATES:
            raise TooDear
        if n.size and n.max() > MAX_CUMULATIVE_UPDATES:
            message = f"`cumulative` would multiply {int(n.max()):,} values one by one"
            raise spec_error(diag.BAD_STEP, message, fix="end it before with `| take(steps)`")
        out = np.empty_like(n)
        blocks = n // BLOCK
        wanted = np.unique(blocks).astype(np.int64).tolist()
        # Blocks before the first wanted one are multiplied, too, if its beginning is not known yet.
        between = range(min(len(self._begins) - 1, wanted[-1]), wanted[-1]) if wanted else ()
        for block in sorted({*wanted, *between}):
            products = self._multiplied(block)
            chosen = blocks == block
            out[chosen] = products[(n[chosen] - block * BLOCK).astype(np.intp)]
        return out

    def _multiplied(self, block: int) -> Array:
        """The products at the updates of a block, and at the first one after it.

        All blocks before it are known.
        """
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
