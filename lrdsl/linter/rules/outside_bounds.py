from __future__ import annotations

from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import at_update, bounds, sampled


@rule("LR814", "outside-bounds", needs_values=True)
class OutsideBounds(Rule):
    """A value of the run is not between the `bounds`, if they are set.

    It is for numbers that must always stay in a range, a momentum or a weight decay for example:
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
        found = None if self.bounds is None else bounds(context)
        if found is None or self.bounds is None:
            return
        low, high = self.bounds
        steps, values = sampled(context)
        for wrong, limit, at in (
            (found[0] < low, found[0], values.argmin()),
            (found[1] > high, found[1], values.argmax()),
        ):
            if wrong:
                message = f"the value comes to {limit:g}, outside of {low:g} to {high:g}"
                yield Violation(message, at_update(context, int(steps[at])))
