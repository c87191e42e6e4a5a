"""`Plan`: the program of a run from one of its updates on."""

from __future__ import annotations

from dataclasses import dataclass

from lrdsl.compiler.context import Context
from lrdsl.schedule.program import Program


@dataclass(frozen=True, eq=False)
class Plan:
    """A program in a context, which drives its numbers from update `start` on.

    Numbers that the program does not name continue as before. A plan without a program continues
    all numbers, at the pace at which the rest of the previous plan ends with the run.
    """

    program: Program | None
    context: Context
    start: int = 0
    metrics: int = 0
    """The number of metrics that came before the plan."""

    def has_begun(self, index: int, t: int) -> bool:
        """Whether the plan had begun when metric number `index` came, after `t` updates."""
        return t > self.start or (t == self.start and index >= self.metrics)
