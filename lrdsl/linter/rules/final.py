import math

from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import at_update


@rule("LR816", "final", needs=("schedule", "values", "rate"))
class Final(Rule):
    """The run does not end at the learning rate `final`, if one is set.

    The last learning rate shapes the trained model more than any other; this contract makes all
    schedules of a project end at the same one. The last update may have the value, or be one update
    away from it, as the last one of a decay is.
    """

    final: float | None = None
    """The value at the end of the run."""
    tolerance: float = 0.01
    """How far away it may be, as a share of `final`."""

    invalid = (
        case("cosine(1, 0.1, 800)", {"final": 0.01}),
        case("cosine(1, 0, 800)", {"final": 0}, total_steps=700),
        case("cosine(base, base / 10, 800)", {"final": 0.001}, base_lr=0.1),
    )
    valid = (
        case("cosine(1, 0.01, 800)", {"final": 0.01}),
        case("cosine(1, 0, 800)", {"final": 0}, total_steps=800),
        case("cosine(base, base / 10, 800)", {"final": 0.001}),
        case("cosine(1, 0.1, 800)"),
        case("step(1, 0.5, 100)", {"final": 0}),
    )

    def check(self, context: LintContext) -> Violations:
        if self.final is None or math.isinf(context.end):
            return
        end = int(context.end)
        last, following = context.known_schedule([max(end - 1, 0), end]).tolist()
        margin = max(self.tolerance * abs(self.final), 1e-12)
        if min(abs(last - self.final), abs(following - self.final)) > margin:
            message = f"the run ends at a learning rate of {last:g}, and `final` is {self.final:g}"
            yield Violation(message, at_update(context, max(end - 1, 0)))
