from __future__ import annotations

from lrdsl.language.length import ENDLESS
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
    )

    def check(self, context: LintContext) -> Violations:
        parts = context.known_schedule.chain_parts
        for part in first_at_each_place([part for part in parts if part.start == part.stop]):
            if part.length is not ENDLESS:
                message = f"this segment is {float(part.length):.3g} updates long, and rounds to 0"
                yield Violation(message, part.node.span, "make it at least 1 update long")
