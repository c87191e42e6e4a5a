import math

import numpy as np
from numpy.typing import NDArray

from lrdsl.linter.amounts import in_words
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import at_update, falls, lowest_near, round_end
from lrdsl.linter.time_queries import exceeds_on_purpose
from lrdsl.schedule.schedule import Schedule

SAMPLES = 65


@rule("LR804", "end-not-reached", needs=("schedule", "total", "rate"))
class EndNotReached(Rule):
    """The run ends in the middle of a steep decay or of a cycle, far from its final value.

    When the run is slightly shorter than the schedule, a cooldown of a few updates is cut off far
    from its end. Cycles under `repeat` fit a run of any length, and seldom end with it. The trained
    weights have then never seen the low rate, or have just left it. A schedule that is longer than
    the run by more than `longer_than_run` is found by `longer-than-run`.
    """

    tolerance: float = 0.05
    """How far from its end a decay may be cut off, as a share of its fall."""
    longer_than_run: float = 0.01
    """A schedule that exceeds the run by a larger share is left to `longer-than-run`."""

    invalid = (
        case("constant(1, 990) >> cooldown(linear, 15)", total_steps=1000, base_lr=1),
        case("warmup(100) >> constant(1, 9850) >> linear(1, 0, 100)", total_steps=9960),
        case("constant(1, 9990) >> cosine(1, 0, 20)", total_steps=10000),
        case("cosine(1, 0, 300) | repeat()", total_steps=1000),
        case("restarts(1, 0, 100, mult=2)", total_steps=1000),
        case("warmup(100) >> (cosine(1, 0, 3000) | repeat())", total_steps=1000),
        case("torch.CosineAnnealingLR(5000)", total_steps=1000),
    )
    valid = (
        case("constant(1, 990) >> cooldown(linear, 10)", total_steps=1000),
        case("cosine(1, 0, 1005)", total_steps=1000),
        case("cosine(1, 0)", total_steps=1000),
        case("constant(1, 990) >> cooldown(linear, 200)", total_steps=1000),
        case("step(1, 0.5, 300)", total_steps=1000),
        case("warmup(100) >> (cosine(1, 0, 300) | repeat())", total_steps=1000),
        case("restarts(1, 0, 100, mult=2)", total_steps=1500),
        case("linear(0, 1, 300) | repeat()", total_steps=1000),
        case("cosine(1, 0, 300) | repeat()"),
        case("cosine(1, 0, 300) | repeat(scale=0.2)", total_steps=1000),
    )

    def check(self, context: LintContext) -> Violations:
        length, total = context.known_schedule.length, context.known_total
        if math.isinf(length) and not exceeds_on_purpose(context):
            yield from self._cycle(context, context.known_schedule, total)
        if math.isinf(length) or not total < length <= total * (1 + self.longer_than_run):
            return
        for segment in context.segments:
            if segment.start < total < segment.stop == length and falls(segment):
                # The boundary belongs to what follows: at update `total` it should be over.
                whole = context.known_schedule
                first, cut, end = whole([max(segment.start, 0), total, int(length)]).tolist()
                left = cut - end
                if left > self.tolerance * (first - end) and not exceeds_on_purpose(context):
                    last = in_words(context, lambda one: one(total - 1))
                    planned = in_words(context, lambda one: one(int(length)))
                    known = last is not None and planned is not None
                    message = (
                        f"the run ends {length - total:.0f} updates before this segment"
                        + f", at {last} instead of {planned}" * known
                    )
                    fix = "leave out its length, so that it ends with the run"
                    yield Violation(message, segment.span, fix)

    def _cycle(self, context: LintContext, schedule: Schedule, total: int) -> Violations:
        stop = round_end(context) or total
        if stop == total:
            return
        begun = np.linspace(max(2 * total - stop, 0), stop - 1, SAMPLES)
        run = np.linspace(0, total - 1, SAMPLES).astype(np.int64)
        high = float(schedule(np.concatenate([run, begun.astype(np.int64)])).max())
        lowest = self._lowest_later(context, run, stop)
        last, low = schedule(total - 1), schedule(lowest)
        if last - low > self.tolerance * (high - low):
            now = in_words(context, lambda one: one(total - 1))
            then = in_words(context, lambda one: one(lowest))
            message = (
                f"the run ends{(now and f' at {now},') or ''} in the middle of a cycle that comes"
                f" down{(then and f' to {then}') or ''} at update {lowest + (lowest == stop - 1)}"
            )
            fix = f"choose a period with which a cycle ends at update {total}"
            yield Violation(message, at_update(context, total - 1), fix)

    def _lowest_later(self, context: LintContext, run: NDArray[np.int64], stop: int) -> int:
        """The update at which the cycle of the run's last one is lowest, as it goes on.

        It is the cycle's own last, unless the value has fallen all along and falls further: it may
        turn inside of the cycle, as torch's CosineAnnealingLR does.
        """
        later = np.unique(np.linspace(run[-1], stop - 1, SAMPLES).astype(np.int64))
        values, after = context.known_schedule(run), context.known_schedule(later)
        k = int(after.argmin())
        falling = [np.diff(values[values.argmax() :]), np.diff(after[: k + 1])]
        is_one_way = all([bool((each <= 0).all()) for each in falling])
        return lowest_near(context, later, k) if is_one_way and k < after.size - 1 else stop - 1
