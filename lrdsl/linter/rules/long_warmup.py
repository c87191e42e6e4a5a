from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import warmup_of


@rule("LR808", "long-warmup", needs=("schedule", "total", "rate"))
class LongWarmup(Rule):
    """The warmup takes more than half of the run.

    A warmup is counted in updates and kept when the run gets shorter: a smaller data set, larger
    batches, gradient accumulation. The run then spends its time below the rate that was chosen.

    Reported as Morizeyao/GPT2-Chinese#60 (a warmup of 2000 updates, in runs that have fewer) and
    asked as open-mmlab/mmdetection#7789.
    """

    share: float = 0.5
    """The share of the run that a warmup may take."""

    invalid = (
        case("warmup(600) >> cosine(1, 0)", total_steps=1000),
        case("warmup(10ep) >> linear(1, 0, 5ep)", total_steps=1500, steps_per_epoch=100),
        case("linear(0, 1, 800) >> linear(1, 0, 200)", total_steps=1000),
        case("warmup(2000) >> step(1, 0.5, 100)", total_steps=1000),
    )
    valid = (
        case("warmup(500) >> cosine(1, 0)", total_steps=1000),
        case("warmup(2000) >> constant(1)"),
        case("onecycle(1)", total_steps=1000),
        case("linear(0.85, 0.95)", total_steps=1000),
    )

    def check(self, context: LintContext) -> Violations:
        warmup = warmup_of(context)
        if warmup is not None and warmup.stop > self.share * context.end:
            message = f"the warmup takes {warmup.stop:.0f} updates, and the run has {context.total}"
            yield Violation(message, warmup.span, "shorten it: a few percent of the run are usual")
