from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.time_queries import entries


@rule("LR830", "interval-beyond-end", needs=("schedule", "total"))
class IntervalBeyondEnd(Rule):
    """An entry of an `interval` starts after the run has ended.

    The drop never comes, and the run trains on with the high learning rate that it was to leave.
    It happens when a run is shortened, or when epochs were counted where updates are meant, or the
    other way round: bshall/Tacotron#3 reports milestones far beyond the number of epochs, so that
    the learning rate is never seen to change.
    """

    invalid = (
        case("constant(0.1) | interval[300:*0.1, 600:*0.1]", total_steps=500),
        case("cosine(1, 0) | interval[20ep:*0.5]", total_steps=1000, steps_per_epoch=50),
        case("warmup(100) >> (cosine(1, 0, 300) | interval[250:*0.5])", total_steps=300),
        case("0.5 * (constant(1) | interval[600:*0.1])", total_steps=500),
    )
    valid = (
        case("constant(0.1) | interval[300:*0.1, 600:*0.1]", total_steps=700),
        case("constant(0.1) | interval[300:*0.1, 600:*0.1]"),
        case("constant(0.1) | interval[50%:*0.1, 75%:*0.1]", total_steps=500),
        case("warmup(100) >> (constant(1, 200) | interval[150:*0.5]) >> hold()", total_steps=400),
        case("0.5 * (constant(1) | interval[600:*0.1]) | skip(200)", total_steps=500),
    )

    def check(self, context: LintContext) -> Violations:
        for entry in entries(context):
            if entry.start >= context.end:
                message = (
                    f"this entry starts at update {entry.start:.10g},"
                    f" but the run ends after {context.total} updates"
                )
                yield Violation(message, entry.node.span, "start it earlier, or leave it out")
