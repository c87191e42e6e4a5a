from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import bounds, place_of_highest, place_of_lowest


@rule("LR814", "outside-bounds", needs=("schedule", "values"))
class OutsideBounds(Rule):
    """A value of the run is outside the `bounds`, if they are set.

    They are for numbers that must always stay in a range, such as a momentum or a weight decay:
    a momentum of 1 or more diverges, whatever the learning rate.
    """

    bounds: tuple[float, float] | None = None
    """The lowest and the highest value that are allowed."""

    invalid = (
        case("linear(0.85, 1, 100)", {"bounds": (0.8, 0.95)}),
        case("warmup(100) >> constant(0.9, 100)", {"bounds": (0.5, 0.95)}),
        case("linear(0.95, 0.85, 100) | repeat(scale=2)", {"bounds": (0, 1)}, total_steps=200),
    )
    valid = (
        case("linear(0.85, 0.95, 100)", {"bounds": (0.8, 0.95)}),
        case("linear(0.85, base, 100)", {"bounds": (0.8, 0.95)}),
        case("linear(0.85, 5, 100)"),
    )

    def check(self, context: LintContext) -> Violations:
        if self.bounds is None:
            return
        (low, high), (lowest, highest) = self.bounds, bounds(context)
        if lowest < low:
            message = f"the value goes down to {lowest:g}, and `bounds` begins at {low:g}"
            yield Violation(message, place_of_lowest(context))
        if highest > high:
            message = f"the value goes up to {highest:g}, and `bounds` ends at {high:g}"
            yield Violation(message, place_of_highest(context))
