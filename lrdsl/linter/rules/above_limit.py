from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import bounds, place_of_highest


@rule("LR812", "above-limit", needs=("schedule", "values", "rate"))
class AboveLimit(Rule):
    """The learning rate goes above the limit `max`, if one is set.

    One rate that is too high undoes days of training, and a slip of a digit is enough. A project
    that knows which rate its models bear keeps all its schedules below it with this limit.
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
        if self.max is not None and (highest := bounds(context)[1]) > self.max:
            message = f"the learning rate goes up to {highest:g}, and `max` is {self.max:g}"
            yield Violation(message, place_of_highest(context))
