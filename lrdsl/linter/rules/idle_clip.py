import math

from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import idle_pieces, limits_values, with_operator_before
from lrdsl.syntax import ast


@rule("LR833", "idle-clip", "hint", needs=("schedule", "values"))
class IdleClip(Rule):
    """A `clip` has bounds that no value of the run ever reaches.

    A floor under a decay is there to keep the learning rate up at the end. One that lies below all
    values, by one zero too many, has no effect; neither has a ceiling above the peak.
    """

    invalid = (
        case("exponential_decay(0.1, 0.99) | clip(1e-4, _)", total_steps=500),
        case("linear(0.1, 0.01, 100) | clip(1e-3, 1)"),
        case("warmup(10) >> (constant(0.1, 100) | clip(_, 0.2)) >> linear(_, 0, 10)"),
    )
    valid = (
        case("exponential_decay(0.1, 0.99) | clip(1e-3, _)", total_steps=500),
        case("exponential_decay(0.1, 0.99) | clip(1e-4, _)"),
        case("constant(0.1, 100) | plateau() | clip(1e-4, _)"),
        case("linear(base, 0.01, 100) | clip(1e-3, 1)"),
        case("warmup(5, 1e-4) >> cosine(0.1, 0.01) | clip(1e-3, _)", total_steps=5_000_000),
    )

    def check(self, context: LintContext) -> Violations:
        # The values of a schedule that reacts to metrics are not known yet.
        if math.isinf(context.end) or context.known_schedule.is_reactive:
            return
        parts = [part for pipe in context.as_written.of(ast.Pipe) for part in pipe.parts[1:]]
        limits = [part for part in parts if limits_values(part)]
        pieces = ((part, with_operator_before(context.source, part.span)) for part in limits)
        for node, _ in idle_pieces(context, pieces):
            message = "this limits nothing: all values of the run are within its bounds"
            yield Violation(message, node.span, "leave it out, or correct the bounds")
