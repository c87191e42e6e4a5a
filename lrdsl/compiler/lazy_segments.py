"""Parts of chains, and entries of an `interval`, while they are lowered: made when needed first."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from lrdsl.compiler.environment import Environment, NeighbourValue
from lrdsl.compiler.placed_ir import PlacedEntry, PlacedTerm
from lrdsl.diagnostics import BAD_ARITHMETIC, Mistake
from lrdsl.language.modifiers.interval import Begun, Entry, begin, signal_at
from lrdsl.language.signal import Signal, TooDear
from lrdsl.syntax import ast
from lrdsl.util.forks import lazy_property


@contextmanager
def too_dear_noted(environment: Environment, node: ast.Node) -> Iterator[None]:
    """Note a mistake at a node that leans on a value which takes too long to find."""
    try:
        yield
    except TooDear as error:
        message = f"this leans on a value for which {error.diagnostics[0].message}"
        environment.complain(BAD_ARITHMETIC, message, node, "write that value as a number")


@dataclass(eq=False)
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
    before: LazySegment | None = None
    after: LazySegment | None = None
    _waits: bool = False
    """Whether it waits for the first value of the part after it."""
    _is_mutual: bool = False
    """Whether that part in turn needed the last value of this one."""

    @lazy_property
    def signal(self) -> Signal | None:
        """The signal of the part; None where something is wrong."""
        return self.make(self.around.between(self._prev, self._next))

    @lazy_property
    def first(self) -> float | None:
        """The value at the first update."""
        if self.begin is not None and "signal" not in self.__dict__:
            return self.begin(self.around.between(self._prev, self._next))
        return None if self.signal is None else self.signal.value_at(0)

    def last(self, node: ast.Node) -> float | None:
        """The value that the part leads to; a mistake at `node` if it takes too much."""
        if self._waits:
            self._is_mutual = True
            return self.around.base(node)
        if self.signal is None or self.length is None:
            return None
        with too_dear_noted(self.around, node):
            return self.signal.value_at(self.length)
        return None

    def _prev(self, node: ast.Node) -> float | None:
        if self.before is not None:
            return self.before.last(node)
        return (self.around.prev or self.around.base)(node)

    def _next(self, node: ast.Node) -> float | None:
        """The first value of the part after; where both lean on each other they meet at base."""
        self._waits, self._is_mutual = True, False
        after = self.after
        while after is not None and after.length == 0:  # no update of it is ever seen
            after = after.after
        found: float | None = None
        with too_dear_noted(self.around, node):
            found = (self.around.next or self.around.base)(node) if after is None else after.first
        self._waits = False
        return self.around.base(node) if self._is_mutual else found


class RememberedNeighbour:
    """The value of `prev` or `next` around a repetition, for rounds that are compiled later.

    As long as the spec is lowered it asks those beside the repetition.
    """

    def __init__(self, find: NeighbourValue) -> None:
        self.find: NeighbourValue | None = find
        self.value: float | None = None

    def __call__(self, node: ast.Node) -> float | None:
        if self.find is not None:
            self.value = self.find(node)
        return self.value

    def settle(self) -> None:
        """Ask for a value that no round has needed so far, and then ask no more."""
        if self.value is None and self.find is not None:
            self.value = self.find(NOTHING)
        self.find = None


NOTHING = ast.Name("prev")
"""The node that asks for a neighbour's value where nothing in the text does."""


class Links:
    """The chains of a spec and the neighbours of its repetitions, while it is lowered.

    Rounds that are needed meanwhile are lowered with the same ones.
    """

    def __init__(self) -> None:
        self.is_open = False
        self._segments: list[LazySegment] = []
        self._remembered: list[RememberedNeighbour] = []

    def link(self, segments: Sequence[LazySegment]) -> None:
        """Let the parts of a chain ask those beside them."""
        self._segments += segments
        for before, after in itertools.pairwise(segments):
            before.after, after.before = after, before

    def remembering(self, environment: Environment) -> Environment:
        """The environment with neighbours whose values are known when the chains are gone."""
        prev, following, caller = environment.prev, environment.next, environment.caller
        return environment._replace(
            prev=None if prev is None else self._remember(prev),
            next=None if following is None else self._remember(following),
            caller=None if caller is None else self.remembering(caller),
        )

    def _remember(self, find: NeighbourValue) -> RememberedNeighbour:
        if isinstance(find, RememberedNeighbour):
            return find
        self._remembered.append(RememberedNeighbour(find))
        return self._remembered[-1]

    @contextmanager
    def opened(self, mistakes: list[Mistake]) -> Iterator[None]:
        """Hold them together; what is asked for at the end of it is no mistake."""
        if self.is_open:
            yield
            return
        self.is_open = True
        try:
            yield
            count = len(mistakes)
            for remembered in self._remembered:
                remembered.settle()
            del mistakes[count:]
        finally:
            self.is_open = False
            self._remembered.clear()
            for segment in self._segments:  # they hold each other in circles
                segment.before = segment.after = None
            self._segments.clear()


class Lowering(Protocol):
    """The stage that lowers terms, and can forget its results since some moment."""

    def lower(self, placed: PlacedTerm, environment: Environment) -> Signal | None: ...

    def checkpoint(self) -> Callable[[], None]: ...


class LazyEntries:
    """The entries of an `interval` over a source, whose `prev` and `next` are what stands there.

    `prev` is what stands where the entry begins. `next` is what stands where it ends, by the other
    entries; for a factor 1. Where an entry leads to what leans on it, and where it never ends,
    `next` is `base`.
    """

    def __init__(
        self,
        entries: Sequence[PlacedEntry],
        source: Signal,
        environment: Environment,
        lowering: Lowering,
    ) -> None:
        self.entries, self.source = entries, source
        self.environment, self.lowering = environment, lowering
        self.made: dict[int, Entry | None] = {}
        self.waiting: dict[int, bool] = {}
        """The entries that are being made, and whether they have been asked for meanwhile."""

    def make(self) -> tuple[Entry, ...] | None:
        """All of them with their signals; None where something is wrong."""
        begun: Begun | None = None
        for i in range(len(self.entries)):
            if i not in self.made:
                self._make(i, (begun,))
            entry = self.made[i]
            begun = begun if entry is None else begin(begun, entry)
        found = [self.made[i] for i in range(len(self.entries))]
        known = tuple([entry for entry in found if entry is not None])
        return known if len(known) == len(found) else None

    def _make(self, i: int, begun: tuple[Begun | None] | None) -> None:
        """Make an entry; `begun` holds those that have begun before it, None if it is not known."""
        placed = self.entries[i]
        at = placed.entry.start

        def prev(node: ast.Node) -> float | None:
            before = self._others(i, at, i) if begun is None else begun
            return None if before is None else self._value(at, *before, node)

        def following(node: ast.Node) -> float | None:
            if placed.entry.factor:
                return 1.0
            return self.environment.base(node) if placed.end is None else self._next(i, node)

        signal = self.lowering.lower(placed.value, self.environment.between(prev, following))
        self.made[i] = None if signal is None else placed.entry.of(signal)

    def _next(self, i: int, node: ast.Node) -> float | None:
        """The value that stands where entry i ends; `base` where that leans on the entry itself."""
        end = self.entries[i].end
        assert end is not None
        known, forget = set(self.made), self.lowering.checkpoint()
        self.waiting[i] = False
        others = self._others(i, end, len(self.entries))
        found = None if others is None else self._value(end, *others, node)
        if not self.waiting.pop(i):
            return found
        for made in set(self.made) - known:  # they have been made without this one
            del self.made[made]
        forget()
        return self.environment.base(node)

    def _others(self, i: int, t: int, stop: int) -> tuple[Begun | None] | None:
        """The entries before number `stop` that have begun at update t, but for entry i."""
        begun: Begun | None = None
        for j, placed in enumerate(self.entries[:stop]):
            if j == i or placed.entry.start > t:
                continue
            if j in self.waiting:
                if placed.entry.stop > t:
                    self.waiting[j] = True
                continue
            if j not in self.made:
                self._make(j, None)
            entry = self.made[j]
            if entry is None:
                return None
            begun = begin(begun, entry)
        return (begun,)

    def _value(self, t: int, begun: Begun | None, node: ast.Node) -> float | None:
        signal, zero = signal_at(t, begun, self.source)
        with too_dear_noted(self.environment, node):
            return signal.value_at(t - zero)
        return None
