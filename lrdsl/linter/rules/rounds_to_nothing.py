from __future__ import annotations

from lrdsl.language.length import ENDLESS
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule


@rule("LR807", "rounds-to-nothing")
class RoundsToNothing(Rule):
    """A segment is shorter than an update, and its boundaries round to the same one.

    A share of a short run, or of an epoch, is quickly less than an update: the warmup that was
    asked for is not there, and nothing says so.

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
        assert context.schedule is not None
        seen: set[tuple[int, int]] = set()
        for part in context.schedule.chain_parts:
            length = part.length
            if length is not ENDLESS and part.start == part.stop and part.node.span[:2] not in seen:
                seen.add(part.node.span[:2])
                message = f"this is {float(length):.3g} updates long, and rounds to none"
                yield Violation(message, part.node.span, "give it a length of at least an update")
