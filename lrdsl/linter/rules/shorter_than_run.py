import math

from lrdsl.linter.amounts import in_words
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import falls


@rule("LR805", "shorter-than-run", needs=("schedule", "total", "rate"))
class ShorterThanRun(Rule):
    """The schedule ends long before the run, which goes on at the last value of the decay.

    The rest of the training hardly changes anything, or nothing where that value is 0. It comes
    from counting updates per process or per batch where the optimizer makes fewer or more, and from
    a run that was made longer without its schedule. A schedule that ends in a constant, or with a
    rise, is meant to be held.

    Reported as huggingface/accelerate#2926 (every process advanced the scheduler) and
    clovaai/bros#11 (a rate of 0 from epoch 5 of 50 on).
    """

    share: float = 0.1
    """The share of the run for which the last value of a decay may be held."""

    invalid = (
        case("warmup(100) >> cosine(1, 0, 400)", total_steps=1000),
        case("linear(1, 0, 10ep)", total_steps=5000, steps_per_epoch=100),
        case("torch.PolynomialLR()", total_steps=1000, base_lr=0.1),
        case("wsd(1, 100, 200, 100)", total_steps=1000),
    )
    valid = (
        case("warmup(100) >> cosine(1, 0, 850)", total_steps=1000),
        case("warmup(100) >> cosine(1, 0.1, 400) >> hold()", total_steps=1000),
        case("warmup(100, 0, 1)", total_steps=1000),
        case("1 - linear(0.9, 0, 400)", total_steps=1000),
        case("cosine(1, 0, 100) >> constant(0.1, 100)", total_steps=1000),
        case("warmup(100) >> cosine(1, 0, 400)"),
    )

    def check(self, context: LintContext) -> Violations:
        length, total = context.known_schedule.length, context.known_total
        if math.isinf(length) or total - length <= self.share * total:
            return
        last = max(context.segments, key=lambda x: (x.stop, x.start), default=None)
        if last is None or last.start == last.stop or not falls(last):
            return
        schedule = context.known_schedule
        if schedule(max(last.start, 0)) <= schedule(total):
            return  # a part falls, but not the whole
        held = in_words(context, lambda one: one(total))
        message = (
            f"the schedule ends after {length:.0f} updates, and the other {total - length:.0f} of"
            f" the run stay at {held or 'its last value'}"
        )
        fix = "leave out the length of this segment, or add `>> hold()` if that is intended"
        yield Violation(message, last.span, fix)
