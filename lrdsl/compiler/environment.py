"""The place of a term: in its chain, in the run, and between its neighbours."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias, TypeVar

from lrdsl.compiler.context import Inputs
from lrdsl.diagnostics import NEEDS_CONTEXT, Mistake, Problem
from lrdsl.language.length import Exact
from lrdsl.language.round_numbers import OfRounds
from lrdsl.syntax.ast import Node

T = TypeVar("T")

NeighbourValue: TypeAlias = "Callable[[Node], float | None]"
"""Finds the value of `prev` or `next` for the node that needs it."""


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

    def in_definition(self) -> Environment:
        """The environment of the body of a definition that is called here."""
        inputs, mistakes, _, rest, before, after, _, warped_by, _ = self
        return Environment(inputs, mistakes, 0, rest, before, after, self, warped_by)

    def after(self, start: Exact | None) -> Environment:
        """The environment of a part that starts at an update of this term's clock."""
        rest = None if start is None or self.rest is None else self.rest - start
        return self._replace(clock=start, rest=rest, prev=None, next=None)

    def noting(self, mistakes: list[Mistake]) -> Environment:
        """The same environment, whose mistakes are added to another list."""
        caller = None if self.caller is None else self.caller.noting(mistakes)
        return self._replace(mistakes=mistakes, caller=caller)

    def between(self, before: NeighbourValue, after: NeighbourValue) -> Environment:
        """The environment of a part whose neighbours have these values."""
        return self._replace(clock=None, rest=None, prev=before, next=after)
