"""The place of a term: in its chain, in the run, and between its neighbours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias, TypeVar

from lrdsl.compiler.context import Inputs
from lrdsl.diagnostics import NEEDS_CONTEXT, Mistake, Problem
from lrdsl.language.length import Exact
from lrdsl.language.round_numbers import OfRounds
from lrdsl.syntax.ast import Node

T = TypeVar("T")

NeighbourValue: TypeAlias = "Callable[[Node], float | None]"
"""Finds the value of `prev` or `next` for the node that needs it."""


class Counting(NamedTuple):
    """A clock by which the lengths inside a term are counted: how much of it is 1 of each unit.

    `bare` says whether numbers without a unit count it, too.
    """

    units: Mapping[str, Exact]
    bare: bool
    name: str
    """The clock as it is written, for messages."""


class Environment(NamedTuple):
    """The inputs of a spec, and the place of a term in its chain and in the run; None is unknown.

    Evaluation adds the mistakes that it finds to `mistakes`. A named tuple is made in a third of
    the time of a frozen dataclass, and every part of a spec makes several.
    """

    inputs: Inputs
    mistakes: list[Mistake]
    clock: Exact | None = None
    """The update of the chain at which the term starts."""
    rest: Exact | None = None
    """The updates of the run that are left."""
    prev: NeighbourValue | None = None
    next: NeighbourValue | None = None
    caller: Environment | None = None
    """The environment of the call of the definition that the term stands in."""
    warped_by: str | None = None
    """The modifier around the term that gives it a time of its own, in which no rest is known."""
    cycle: int | OfRounds | None = None
    """The number of the round that the term is in, where formulas ask for it, or that of any."""
    began: Exact | None = None
    """The exact update of the run at which the term starts."""
    ends_at: Exact | None = None
    """The exact update of the run at which the term ends, where its length does not tell."""
    counting: Counting | None = None
    """The clock by which lengths are counted, if they are not counted in updates."""

    def note(self, mistake: Mistake) -> T | None:
        """Note a mistake, for which there is no result then: None."""
        self.mistakes.append(mistake)
        return None

    def complain(
        self, problem: Problem, message: str, node: Node, fix: str | None = None
    ) -> T | None:
        """Note a mistake at a node; None again."""
        return self.note(Mistake(problem, message, node.span, fix=fix))

    def base(self, node: Node) -> float | None:
        """The parameter group's own learning rate, for a node that needs it."""
        bases = self.inputs.bases
        base_lr = self.inputs.context.base_lr if bases is None else bases
        if base_lr is None:
            written = self.inputs.source[node.span.start : node.span.stop]
            what = "`base`" if written == "base" else "a value left out here is `base`, which"
            fix = "pass base_lr=…, or write the value"
            return self.complain(NEEDS_CONTEXT, f"{what} needs base_lr", node, fix)
        return base_lr

    def nowhere(self) -> Environment:
        """The same environment for a duration that is no distance from the start of the term."""
        return self._replace(began=None, ends_at=None) if self.inputs.clocks else self

    def in_definition(self) -> Environment:
        """The environment of the body of a definition that is called here."""
        return self._replace(clock=0, caller=self, cycle=None)

    def after(self, start: Exact | None) -> Environment:
        """The environment of a part that starts at an update of this term's clock."""
        rest = None if start is None or self.rest is None else self.rest - start
        began = None if start is None or self.began is None else self.began + start
        return self._replace(clock=start, rest=rest, prev=None, next=None, began=began)

    def noting(self, mistakes: list[Mistake]) -> Environment:
        """The same environment, whose mistakes are added to another list."""
        caller = None if self.caller is None else self.caller.noting(mistakes)
        return self._replace(mistakes=mistakes, caller=caller)

    def between(self, before: NeighbourValue, after: NeighbourValue) -> Environment:
        """The environment of a part whose neighbours have these values."""
        return self._replace(clock=None, rest=None, prev=before, next=after)
