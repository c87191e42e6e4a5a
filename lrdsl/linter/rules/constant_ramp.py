from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule


@rule("LR851", "constant-ramp", needs=("schedule", "values"))
class ConstantRamp(Rule):
    """A ramp ends at the value that it starts at.

    A decay to the value that the schedule has already, or a warmup from it, does nothing: an
    argument is missing or in the wrong place. A constant is written `constant` or `hold`.
    """

    invalid = (
        case("linear(0.1, 0.1, 100)"),
        case("warmup(100, 0.1) >> cosine(0.1, 0, 800)"),
        case("linear(1, 0, 100) >> cooldown(50)"),
    )
    valid = (
        case("linear(0.1, 0.01, 100)"),
        case("warmup(100) >> cosine(0.1, 0, 800)"),
        case("warmup(constant, 100, 0.1) >> cosine(0.1, 0, 800)"),
        case("linear(base, 1, 100)"),
        case("torch.LinearLR(1.0, 1.0)", base_lr=0.1),
    )

    def check(self, context: LintContext) -> Violations:
        for name, first, last, span in context.ramps:
            if first == last and not span.sites:
                message = f"this `{name}` starts and ends at {first:g}, so that it changes nothing"
                yield Violation(message, span, "change its `start` or `end`, or write `constant`")
