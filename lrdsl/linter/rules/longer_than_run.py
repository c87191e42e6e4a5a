from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

from lrdsl.diagnostics import Severity
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Case, Rule, Violation, case, rule


@rule
class LongerThanRun(Rule):
    """The schedule goes on after the run has ended, so that its end is never reached.

    A decay that is cut off leaves the learning rate high in the very updates that were meant to
    bring it down, and costs the accuracy of the whole run. It comes from counting epochs where
    updates are meant, or from a run that was shortened without its schedule.

    Reported as VITA-Group/BERT-Tickets#4: runs of 3 epochs had the decay of 30, and ended at nine
    tenths of the rate that they were to bring down to 0.
    """

    code: ClassVar[str] = "LR801"
    name: ClassVar[str] = "longer-than-run"
    severity: ClassVar[Severity] = "warning"
    needs_total: ClassVar[bool] = True

    tolerance: float = 0.01
    """How much longer it may be, as a share of the run."""

    invalid: ClassVar[tuple[Case, ...]] = (
        case("warmup(100) >> cosine(1, 0, 800)", total_steps=600),
        case("linear(1, 0, 10ep)", total_steps=500, steps_per_epoch=100),
        case("constant(1, 500) >> cooldown(linear, 200)", total_steps=600, base_lr=1),
    )
    valid: ClassVar[tuple[Case, ...]] = (
        case("warmup(100) >> cosine(1, 0, 800)", total_steps=900),
        case("warmup(100) >> cosine(1, 0, 800)"),
        case("cosine(1, 0)", total_steps=600),
        case("linear(1, 0, 100) | repeat()", total_steps=600),
        case("step(1, 0.5, 300)", total_steps=600),
    )

    def check(self, context: LintContext) -> Iterator[Violation]:
        assert context.schedule is not None and context.total is not None
        length, total = context.schedule.length, context.total
        if math.isinf(length) or length <= total * (1 + self.tolerance):
            return
        message = f"the schedule is {length:g} updates long, the run {total}"
        fix = "shorten it, or leave a length out: it is the rest of the run then"
        cut = next((segment for segment in context.segments if segment.stop > total), None)
        yield Violation(message, context.tree.span if cut is None else cut.span, fix)
