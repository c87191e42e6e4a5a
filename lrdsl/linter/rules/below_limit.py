from __future__ import annotations

from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import at_update, bounds, sampled, warmup_of


@rule("LR813", "below-limit", needs_values=True, needs_rate=True)
class BelowLimit(Rule):
    """A value is below the limit `min`, if one is set; a warmup may start below it.

    A rate that is far too low costs as much as one that is too high, it only looks healthier: the
    loss goes down, slowly. `outside-bounds` looks at the warmup, too.
    """

    min: float | None = None
    """The lowest value that is allowed."""

    invalid = (
        case("warmup(100) >> cosine(1, 0, 800)", {"min": 0.01}),
        case("step(0.1, 0.1, 30)", {"min": 1e-6}, total_steps=1000),
        case("cosine(base, base / 1000, 800)", {"min": 0.01}, base_lr=0.1),
    )
    valid = (
        case("warmup(100) >> cosine(1, 0.01, 800)", {"min": 0.01}),
        case("step(0.1, 0.1, 30)", {"min": 1e-6}),
        case("cosine(base, base / 1000, 800)", {"min": 0.01}),
        case("warmup(100) >> cosine(1, 0, 800)"),
    )

    def check(self, context: LintContext) -> Violations:
        if self.min is None:
            return
        warmup = warmup_of(context)
        start = 0 if warmup is None else int(warmup.stop)
        found = bounds(context, start)
        if found is None or found[0] >= self.min:
            return
        steps, values = sampled(context)
        later = steps >= start
        span = at_update(context, int(steps[later][values[later].argmin()]))
        message = f"the value goes down to {found[0]:g}, below the limit of {self.min:g}"
        yield Violation(message, span)
