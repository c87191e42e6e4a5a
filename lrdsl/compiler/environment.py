"""Where a term stands: in its chain, in the run, and between its neighbours.

These are named tuples, not frozen dataclasses, because every part of a spec makes several of them:
they take a third of the time to make.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from lrdsl.diagnostics import Span
from lrdsl.language.length import Exact


class Environment(NamedTuple):
    """What durations depend on: the place of a term in its chain and in the run.

    `clock` is the update of the chain at which the term starts, `rest` how many updates of the run
    are left; None is unknown. `caller` is the environment of the call of the definition that the
    term stands in.
    """

    clock: Exact | None = None
    rest: Exact | None = None
    caller: Environment | None = None

    def in_definition(self) -> Environment:
        """The environment of the body of a definition that is called here."""
        return Environment(0, self.rest, self)


NO_ENVIRONMENT = Environment()
"""The environment of what stands in no chain: nothing is known."""


NeighbourValue: TypeAlias = "Callable[[Span], float | None]"
"""Finds the value of `prev` or `next`; the span is that of the term that needs it."""


class Neighbours(NamedTuple):
    """What values depend on: those of the parts before and after.

    `caller` are the neighbours of the call of the definition that the term stands in.
    """

    prev: NeighbourValue
    next: NeighbourValue
    caller: Neighbours | None = None

    def in_definition(self) -> Neighbours:
        """The neighbours of the body of a definition that is called here."""
        return Neighbours(self.prev, self.next, self)
