from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Case, Rule, Violation, case, rule
from lrdsl.linter.segment_queries import falls, warmup_of


@rule
class OverTotal(Rule):
    """The warmup and the decay together take more updates than the run has.

    Lengths of a warmup and of a decay are often chosen apart, the decay as long as the run: the
    warmup then pushes the end of the decay out of it. It says so where something without an end
    follows, so that the schedule as a whole fits any run; otherwise `longer-than-run` does.
    """

    code: ClassVar[str] = "LR809"
    name: ClassVar[str] = "over-total"
    needs_total: ClassVar[bool] = True

    invalid: ClassVar[tuple[Case, ...]] = (
        case("warmup(100) >> cosine(1, 0.01, 1000) >> 0.01", total_steps=1000),
        case("warmup(10%) >> linear(1, 0.1, 100%) >> step(0.1, 0.5, 1k)", total_steps=1000),
        case("warmup(1ep) >> cosine(1, 0.1, 10ep) >> 0.1", total_steps=500, steps_per_epoch=50),
    )
    valid: ClassVar[tuple[Case, ...]] = (
        case("warmup(100) >> cosine(1, 0.01, 800) >> constant(0.01)", total_steps=1000),
        case("warmup(10%) >> linear(1, 0.1, 90%) >> constant(0.1)"),
        case("warmup(100) >> cosine(1, 0.01, 1000)", total_steps=1000),
        case("warmup(100) >> step(1, 0.5, 500)", total_steps=1000),
    )

    def check(self, context: LintContext) -> Iterator[Violation]:
        assert context.schedule is not None and context.total is not None
        warmup, total = warmup_of(context), context.total
        if warmup is None or math.isfinite(context.schedule.length):
            return
        for segment in context.segments:
            if total < segment.stop < math.inf and segment.start < total and falls(segment):
                message = (
                    f"the warmup ends at update {warmup.stop:g} and this at {segment.stop:g},"
                    f" but the run has {total} updates"
                )
                yield Violation(
                    message, segment.span, f"write `until={total}`, or a shorter length"
                )
