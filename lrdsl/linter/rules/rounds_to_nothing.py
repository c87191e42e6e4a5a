from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from lrdsl.language.length import ENDLESS
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Case, Rule, Violation, case, rule


@rule
class RoundsToNothing(Rule):
    """A segment is shorter than an update, and its boundaries round to the same one.

    A share of a short run, or of an epoch, is quickly less than an update: the warmup that was
    asked for is not there, and nothing says so.

    Reported as deepmodeling/deepmd-kit#5134, where a `warmup_ratio` that comes to 0 steps got a
    warning of its own.
    """

    code: ClassVar[str] = "LR807"
    name: ClassVar[str] = "rounds-to-nothing"

    invalid: ClassVar[tuple[Case, ...]] = (
        case("warmup(1%) >> cosine(1, 0)", total_steps=40),
        case("warmup(0.1ep) >> linear(1, 0, 10ep)", steps_per_epoch=4),
        case("constant(1, 10) >> cooldown(linear, 16sp)", samples_per_step=64, base_lr=1),
    )
    valid: ClassVar[tuple[Case, ...]] = (
        case("warmup(1%) >> cosine(1, 0)", total_steps=50),
        case("warmup(0.1ep) >> linear(1, 0, 10ep)", steps_per_epoch=100),
        case("warmup(1) >> linear(1, 0, 10)"),
    )

    def check(self, context: LintContext) -> Iterator[Violation]:
        assert context.schedule is not None
        seen: set[tuple[int, int]] = set()
        for segment in context.schedule.chain_segments:
            length, place = segment.length, segment.span[:2]
            if length is None or length is ENDLESS or place in seen:
                continue
            if segment.start == segment.stop:
                seen.add(place)
                message = f"this is {float(length):.3g} updates long, and rounds to none"
                yield Violation(message, segment.span, "give it a length of at least an update")
