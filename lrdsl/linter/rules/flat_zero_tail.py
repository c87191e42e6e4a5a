import math
from bisect import bisect_left

import numpy as np

from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import at_update


@rule("LR820", "flat-zero-tail", needs=("schedule", "total", "values", "rate"))
class FlatZeroTail(Rule):
    """The learning rate is exactly 0 for the last updates of the run.

    The model learns nothing more while the run goes on and is paid for. It comes from a decay that
    is shorter than the run and is followed by something that never ends, or from a formula that is
    cut off at 0; a schedule that ends before the run is found by `shorter-than-run`.

    Reported as facebookresearch/fairseq#2523: the rate has come to 0, and training is still in
    progress.
    """

    share: float = 0.05
    """The share of the run that may be left at 0."""

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
        schedule, total = context.known_schedule, context.known_total
        # One update at 0 is how a closed decay ends.
        tail = min(total - math.ceil(self.share * total), total - 2)
        if tail < 1 or schedule.length <= tail or schedule(total - 1) != 0:
            return
        steps = np.unique(np.linspace(0, total - 1, 1000).astype(np.int64))
        used = steps[schedule(steps) != 0]
        if not used.size or used[-1] >= tail or schedule(tail) != 0:
            return
        later = range(int(used[-1]) + 1, total)
        first = later[bisect_left(later, True, hi=len(later) - 1, key=lambda t: schedule(t) == 0)]
        message = f"the learning rate is 0 for the last {total - first} updates of the run"
        fix = f"end the run at update {first}, or hold a value above 0"
        yield Violation(message, at_update(context, first), fix)
