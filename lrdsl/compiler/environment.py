"""The place of a term: in its chain, in the run, and between its neighbours."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from lrdsl.diagnostics import Span
from lrdsl.language.length import Exact

NeighbourValue: TypeAlias = "Callable[[Span], float | None]"
"""Finds the value of `prev` or `next`; the span is that of the term that needs it."""


class Environment(NamedTuple):
    """The place of a term in its chain and in the run; None is unknown.

    A named tuple is made in a third of the time of a frozen dataclass, and every part of a spec
    makes several.
    """

    clock: Exact | None = None
    """The update of the chain at which the term starts."""
    rest: Exact | None = None
    """The updates of the run that are left."""
    prev: NeighbourValue | None = None
    next: NeighbourValue | None = None
    caller: Environment | None = None
    """The environment of the call of the definition that the term stands in."""

    def in_definition(self) -> Environment:
        """The environment of the body of a definition that is called here."""
        return Environment(0, self.rest, self.prev, self.next, self)

    def after(self, start: Exact | None) -> Environment:
        """The environment of a part that starts at an update of this term's clock."""
        rest = None if start is None or self.rest is None else self.rest - start
        return Environment(start, rest, caller=self.caller)


NOWHERE = Environment()
"""The environment of what stands in no chain: nothing is known."""
