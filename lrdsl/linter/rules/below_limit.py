from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import bounds, place_of_lowest, warmup_of


@rule("LR813", "below-limit", needs=("schedule", "values", "rate"))
class BelowLimit(Rule):
    """The learning rate goes below the limit `min`, if one is set; a warmup may start below it.

    A rate that is far too low costs as much as one that is too high, and looks healthier: the loss
    goes down, slowly. `outside-bounds` checks the warmup too.
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
        lowest, _ = bounds(context, start)
        if lowest < self.min:
            message = f"the learning rate goes down to {lowest:g}, and `min` is {self.min:g}"
            yield Violation(message, place_of_lowest(context, start))
