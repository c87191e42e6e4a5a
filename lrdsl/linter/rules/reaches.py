from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import bounds, place_of_highest


@rule("LR818", "reaches", needs=("schedule", "values", "rate"))
class Reaches(Rule):
    """The highest learning rate of the run is not `reaches`, if that is set.

    A sweep over schedules compares them at the same peak. One that peaks elsewhere, because a
    factor was forgotten or the warmup is cut off, loses for a reason other than its form.
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
        if self.reaches is None:
            return
        _, highest = bounds(context)
        if abs(highest - self.reaches) > self.tolerance * abs(self.reaches):
            message = f"the highest learning rate is {highest:g}, and `reaches` is {self.reaches:g}"
            yield Violation(message, place_of_highest(context))
