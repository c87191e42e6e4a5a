"""The parts of a chain while it is lowered: each is made when it is first needed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lrdsl.compiler.environment import Environment, NeighbourValue
from lrdsl.diagnostics import Span
from lrdsl.language.signal import Signal


@dataclass(slots=True, eq=False)
class LazySegment:
    """A part of a chain, whose `prev` and `next` are values of the parts beside it.

    `make` lowers it. `begin`, where there is one, finds the value at its first update without
    making it, so that long chains need no deep recursion. `length` is its length in updates, None
    where that is unknown or endless. `around` is the environment of the chain.
    """

    make: Callable[[Environment], Signal | None]
    begin: Callable[[Environment], float | None] | None
    length: int | None
    around: Environment
    base: NeighbourValue
    before: LazySegment | None = None
    after: LazySegment | None = None
    _signal: Signal | None = None
    _is_made: bool = False
    _first: float | None = None
    _is_begun: bool = False
    _waits: bool = False
    """Whether it waits for the first value of the part after it."""
    _is_mutual: bool = False
    """Whether that part in turn needed the last value of this one."""

    @property
    def environment(self) -> Environment:
        """The environment of this part: the values before and after it."""
        return Environment(prev=self._prev, next=self._next, caller=self.around.caller)

    def signal(self) -> Signal | None:
        """The signal of the part; None where something is wrong."""
        if not self._is_made:
            self._signal = self.make(self.environment)
            self._is_made = True
        return self._signal

    def first(self) -> float | None:
        """The value at the first update."""
        if not self._is_begun:
            if self.begin is not None and not self._is_made:
                self._first = self.begin(self.environment)
            else:
                signal = self.signal()
                self._first = None if signal is None else signal.value_at(0)
            self._is_begun = True
        return self._first

    def last(self, span: Span) -> float | None:
        """The value that the part leads to."""
        if self._waits:
            self._is_mutual = True
            return self.base(span)
        signal = self.signal()
        return None if signal is None or self.length is None else signal.value_at(self.length)

    def _prev(self, span: Span) -> float | None:
        if self.before is not None:
            return self.before.last(span)
        return (self.around.prev or self.base)(span)

    def _next(self, span: Span) -> float | None:
        """The first value of the part after; where both lean on each other they meet at base."""
        self._waits, self._is_mutual = True, False
        after = self.after
        found = (self.around.next or self.base)(span) if after is None else after.first()
        self._waits = False
        return self.base(span) if self._is_mutual else found


def link(segments: Sequence[LazySegment]) -> None:
    """Let the parts of a chain ask those beside them."""
    for before, after in itertools.pairwise(segments):
        before.after, after.before = after, before


def unlink(segments: Sequence[LazySegment]) -> None:
    """Let go of the parts of a chain that is lowered: they held each other in circles."""
    for segment in segments:
        segment.before = segment.after = None
