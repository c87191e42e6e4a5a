from fractions import Fraction

from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import first_at_each_place


@rule("LR807", "rounds-to-nothing")
class RoundsToNothing(Rule):
    """A segment is so short that its length rounds to 0 updates.

    A percentage of a short run, or a share of an epoch, is quickly less than an update: the warmup
    that was asked for is missing, and no message says so.

    Reported as deepmodeling/deepmd-kit#5134, where a `warmup_ratio` that comes to 0 steps got a
    warning of its own.
    """

    invalid = (
        case("warmup(1%) >> cosine(1, 0)", total_steps=40),
        case("warmup(0.1ep) >> linear(1, 0, 10ep)", steps_per_epoch=4),
        case("constant(1, 10) >> cooldown(linear, 16sp)", samples_per_step=64, base_lr=1),
    )
    valid = (
        case("warmup(1%) >> cosine(1, 0)", total_steps=50),
        case("warmup(0.1ep) >> linear(1, 0, 10ep)", steps_per_epoch=100),
        case("warmup(1) >> linear(1, 0, 10)"),
        case("warmup(n) >> linear(1, 0, 10)", n=0),
    )

    def check(self, context: LintContext) -> Violations:
        segments = context.known_schedule.chain_segments
        for segment in first_at_each_place([x for x in segments if x.start == x.stop]):
            if isinstance(segment.length, (int, Fraction)) and segment.length > 0:
                length = float(segment.length)
                message = f"this segment is {length:.3g} updates long, which rounds to 0"
                yield Violation(message, segment.span, "make it at least 1 update long")
