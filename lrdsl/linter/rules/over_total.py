import math

from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import falls, warmup_of
from lrdsl.linter.time_queries import exceeds_on_purpose


@rule("LR809", "over-total", needs=("schedule", "total", "rate"))
class OverTotal(Rule):
    """The warmup and the decay together take more updates than the run has.

    Lengths of a warmup and of a decay are often chosen separately, the decay as long as the run:
    with the warmup in front of it, it then ends after the run. This rule is for chains that go on
    without an end after the decay, and so fit any run as a whole; others are found by
    `longer-than-run`.
    """

    invalid = (
        case("warmup(100) >> cosine(1, 0.01, 1000) >> 0.01", total_steps=1000),
        case("warmup(10%) >> linear(1, 0.1, 100%) >> step(0.1, 0.5, 1k)", total_steps=1000),
        case("warmup(1ep) >> cosine(1, 0.1, 10ep) >> 0.1", total_steps=500, steps_per_epoch=50),
    )
    valid = (
        case("warmup(100) >> cosine(1, 0.01, 800) >> constant(0.01)", total_steps=1000),
        case("warmup(10%) >> linear(1, 0.1, 90%) >> constant(0.1)"),
        case("warmup(100) >> cosine(1, 0.01, 1000)", total_steps=1000),
        case("warmup(100) >> step(1, 0.5, 500)", total_steps=1000),
        case("warmup(100) >> cosine(1, 0.1, until=120%) >> 0.1", total_steps=1000),
    )

    def check(self, context: LintContext) -> Violations:
        warmup, total = warmup_of(context), context.known_total
        if warmup is None or math.isfinite(context.known_schedule.length):
            return
        schedule = context.known_schedule
        for segment in context.segments if not exceeds_on_purpose(context) else ():
            cut = segment.start < total < segment.stop < math.inf and falls(segment)
            if cut and schedule(segment.start) > schedule(total):
                message = (
                    f"the warmup ends at update {warmup.stop:.0f} and this decay at"
                    f" {segment.stop:.0f}, but the run has {total} updates"
                )
                fix = f"write `until={total}` in place of its length, or shorten it"
                yield Violation(message, segment.span, fix)
