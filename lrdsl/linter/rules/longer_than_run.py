import math

from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.time_queries import exceeds_on_purpose


@rule("LR801", "longer-than-run", needs=("schedule", "total"))
class LongerThanRun(Rule):
    """The schedule is longer than the run, so that its end is never reached.

    A decay that is cut off leaves the learning rate high in the very updates that were meant to
    bring it down, and costs the accuracy of the whole run. It comes from counting epochs where
    updates are meant, or from a run that was shortened without its schedule.

    Reported as VITA-Group/BERT-Tickets#4: runs of 3 epochs had the decay of 30, and ended at nine
    tenths of the rate that they were to bring down to 0.
    """

    tolerance: float = 0.01
    """How much longer than the run a schedule may be, as a share of the run."""

    invalid = (
        case("warmup(100) >> cosine(1, 0, 800)", total_steps=600),
        case("linear(1, 0, 10ep)", total_steps=500, steps_per_epoch=100),
        case("constant(1, 500) >> cooldown(linear, 200)", total_steps=600, base_lr=1),
        case("warmup(5ep) >> cosine(1, 0, 500ep)", total_steps=50_000, steps_per_epoch=100),
        case("warmup(300) >> cosine(1, 0, 100k)", total_steps=100_000),
    )
    valid = (
        case("warmup(100) >> cosine(1, 0, 800)", total_steps=900),
        case("warmup(100) >> cosine(1, 0, 800)"),
        case("cosine(1, 0)", total_steps=600),
        case("linear(1, 0, 100) | repeat()", total_steps=600),
        case("step(1, 0.5, 300)", total_steps=600),
        case("cosine(1, 0, until=1.25*total)", total_steps=600),
        case("cosine(1, 0, 125%)", total_steps=600),
        case("linear(1, 0, 10ep)", total_steps=503, steps_per_epoch=50.5),
    )

    def check(self, context: LintContext) -> Violations:
        length, total = context.known_schedule.length, context.known_total
        if not total < length < math.inf or exceeds_on_purpose(context):
            return
        if length > total * (1 + self.tolerance) or _is_off_by_a_part(context, length):
            message = f"the schedule is {length:.0f} updates long, but the run has only {total}"
            fix = "shorten it, or leave out one length: that segment then fills the rest of the run"
            cut = next((x.span for x in context.segments if x.stop > total), None)
            yield Violation(message, cut or context.tree.span, fix)


def _is_off_by_a_part(context: LintContext, length: float) -> bool:
    """Whether what is too much is no rounding: whole epochs, or all that precedes the last part.

    The last part is as long as the run then, and forgets the warmup before it.
    """
    last = max(context.segments, key=lambda x: (x.stop, x.start), default=None)
    if last is not None and 0 < last.start < last.stop - last.start == context.known_total:
        return last.start > 1
    return context.run.epoch is not None and length - context.known_total >= context.run.epoch
