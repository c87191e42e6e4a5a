from __future__ import annotations

from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import at_update, bounds, sampled


@rule("LR812", "above-limit", needs_values=True, needs_rate=True)
class AboveLimit(Rule):
    """A value is above the limit `max`, if one is set.

    One rate that is too high undoes days of training, and a slip of a digit is enough. Projects
    know which rate their models bear: a limit keeps all their schedules below it.
    """

    max: float | None = None
    """The highest value that is allowed."""

    invalid = (
        case("warmup(100) >> cosine(3, 0, 800)", {"max": 0.3}),
        case("cosine(base * 8, 0, 800)", {"max": 0.3}, base_lr=0.1),
        case("constant(0.1) | interval[500:*10]", {"max": 0.5}, total_steps=1000),
    )
    valid = (
        case("warmup(100) >> cosine(0.3, 0, 800)", {"max": 0.3}),
        case("cosine(base * 8, 0, 800)", {"max": 0.3}),
        case("cosine(30, 0, 800)"),
        case("constant(0.1) | interval[500:*10]", {"max": 0.5}, total_steps=400),
    )

    def check(self, context: LintContext) -> Violations:
        found = None if self.max is None else bounds(context)
        if found is None or self.max is None or found[1] <= self.max:
            return
        steps, values = sampled(context)
        span = at_update(context, int(steps[values.argmax()]))
        message = f"the value goes up to {found[1]:g}, above the limit of {self.max:g}"
        yield Violation(message, span)
