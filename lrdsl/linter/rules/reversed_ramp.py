from lrdsl.language.shapes.base import Direction
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import promised_direction


@rule("LR850", "reversed-ramp", needs=("schedule", "values"))
class ReversedRamp(Rule):
    """A warmup falls, or a cooldown rises.

    Its start or its end has the wrong value. google/automl#839 scaled the learning rate by the
    batch size but not the warmup's start, so that the warmup began above the peak.
    """

    invalid = (
        case("warmup(100, 1e-3) >> cosine(6e-4, 0, 800)"),
        case("constant(1e-3, 100) >> cooldown(50, 1e-2)"),
        case("wsd(1e-3, 100, 700, 200, end=0.1)"),
        case("warmup(100, start=0.1)", base_lr=0.01),
    )
    valid = (
        case("warmup(100, 1e-5) >> cosine(6e-4, 0, 800)"),
        case("constant(1e-3, 100) >> cooldown(50, 1e-4)"),
        case("warmup(100, start=0.1)"),
        case("warmup(constant, 100, 0.1) >> linear(1, 0, 100)"),
    )

    def check(self, context: LintContext) -> Violations:
        for name, first, last, span in context.ramps:
            promised = promised_direction(context, name)
            found = Direction.UP if last > first else Direction.DOWN
            if promised not in (None, found) and first != last:
                message = f"this {name} {found.value}, from {first:g} to {last:g}"
                yield Violation(message, span, "correct its `start` or its `end`")
