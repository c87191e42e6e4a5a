from __future__ import annotations

from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import at_update, bounds, sampled


@rule("LR818", "reaches", needs_values=True, needs_rate=True)
class Reaches(Rule):
    """The highest value of the run is not `reaches`, if that is set.

    A sweep over schedules compares them at the same peak; one that peaks elsewhere, for a factor
    forgotten or a warmup cut off, loses for a reason that has nothing to do with its form.
    """

    reaches: float | None = None
    """The highest value of the run."""
    tolerance: float = 0.01
    """How far away it may be, as a share of `reaches`."""

    invalid = (
        case("warmup(100) >> cosine(0.1, 0, 800)", {"reaches": 1}),
        case("warmup(100) >> cosine(1, 0, 800)", {"reaches": 1}, total_steps=50),
        case("cosine(base, 0, 800)", {"reaches": 0.2}, base_lr=0.1),
    )
    valid = (
        case("warmup(100) >> cosine(1, 0, 800)", {"reaches": 1}),
        case("cosine(base, 0, 800)", {"reaches": 0.2}),
        case("cosine(base, 0, 800)", base_lr=0.1),
    )

    def check(self, context: LintContext) -> Violations:
        found = None if self.reaches is None else bounds(context)
        if found is None or self.reaches is None:
            return
        if abs(found[1] - self.reaches) > self.tolerance * abs(self.reaches):
            steps, values = sampled(context)
            message = f"the highest value is {found[1]:g}, and is to be {self.reaches:g}"
            yield Violation(message, at_update(context, int(steps[values.argmax()])))
