from __future__ import annotations

import math

import numpy as np

from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import at_update


@rule("LR820", "flat-zero-tail", needs_total=True, needs_values=True, needs_rate=True)
class FlatZeroTail(Rule):
    """The learning rate is exactly 0 for the last updates of the run.

    Nothing is learned any more while the run goes on and is paid for. It comes from a decay that is
    shorter than the run with something after it that never ends, or from a formula cut off at 0; a
    schedule that is simply over is found by `shorter-than-run`.

    Reported as facebookresearch/fairseq#2523: the rate has come to 0, and training is still in
    progress.
    """

    share: float = 0.05
    """How much of the run may be left at 0."""

    invalid = (
        case("warmup(100) >> cosine(1, 0, 700) >> constant(0)", total_steps=1000),
        case("max(0, base * (1 - t / 500))", total_steps=1000, base_lr=0.1),
        case("constant(1, 500) >> 0", total_steps=1000),
        case("linear(1, -1, 1000) | clip(0)", total_steps=1000),
    )
    valid = (
        case("warmup(100) >> cosine(1, 0, 900)", total_steps=1000),
        case("warmup(100) >> cosine(1, 0, 700)", total_steps=1000),
        case("0", total_steps=1000),
        case("linear(1, 0, 11, closed=true)", total_steps=11),
        case("max(0, base * (1 - t / 500))", base_lr=0.1),
        case("warmup(100) >> cosine(1, 0, 880) >> constant(0)", total_steps=1000),
    )

    def check(self, context: LintContext) -> Violations:
        schedule, total = context.schedule, context.total
        assert schedule is not None and total is not None
        # One update at 0 is how a closed decay ends.
        tail = min(total - math.ceil(self.share * total), total - 2)
        if tail < 1 or schedule.length <= tail or schedule(total - 1) != 0:
            return
        steps = np.unique(np.linspace(0, total - 1, 1000).astype(np.int64))
        values = np.asarray(schedule(steps))
        used = np.flatnonzero(values)
        if not used.size or int(steps[used[-1]]) >= tail or schedule(tail) != 0:
            return
        first = _first_zero(context, int(steps[used[-1]]))
        message = f"the learning rate is 0 from update {first} on, for {total - first} updates"
        yield Violation(message, at_update(context, first), "end the run there, or hold a value")


def _first_zero(context: LintContext, used: int) -> int:
    """The first of the zeros: none is known to lie before the update `used`."""
    assert context.schedule is not None and context.total is not None
    for first in range(used + 1, context.total, 10_000):
        chunk = np.arange(first, min(first + 10_000, context.total))
        zeros = np.flatnonzero(np.asarray(context.schedule(chunk)) == 0)
        if zeros.size:
            return int(chunk[zeros[0]])
    return context.total - 1
