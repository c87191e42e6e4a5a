from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from lrdsl.diagnostics import Severity
from lrdsl.language.shapes.base import Direction
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Case, Rule, Violation, case, rule
from lrdsl.linter.segment_queries import at_update
from lrdsl.linter.syntax_queries import promised_direction


@rule
class ZeroFirstUpdate(Rule):
    """The first update has a learning rate of exactly 0, and changes nothing.

    A whole batch is computed for nothing, and a comparison of the weights before and after the
    first update sees no difference. A `warmup` begins at 0 unless told otherwise, which is common:
    it is reported only if `warmups` is set.

    Reported as huggingface/transformers#34754, meta-pytorch/torchtune#2010,
    EleutherAI/gpt-neox#1373 and verl-project/verl#3674.
    """

    code: ClassVar[str] = "LR810"
    name: ClassVar[str] = "zero-first-update"
    severity: ClassVar[Severity] = "hint"
    needs_rate: ClassVar[bool] = True

    warmups: bool = False
    """Whether the 0 that a warmup starts at counts as well."""

    invalid: ClassVar[tuple[Case, ...]] = (
        case("linear(0, 1, 100) >> cosine(1, 0, 800)"),
        case("points[0:0, 100:1, 800:1e-3]"),
        case("base * t / 100 | take(100)"),
        case("warmup(100) >> cosine(1, 0, 800)", {"warmups": True}),
    )
    valid: ClassVar[tuple[Case, ...]] = (
        case("warmup(100) >> cosine(1, 0, 800)"),
        case("warmup(100, 0, 1) * exponential_decay(1, 0.5, every=100)"),
        case("linear(0.01, 1, 100) >> cosine(1, 0, 800)"),
        case("warmup(100, 1e-7) >> cosine(1, 0, 800)", {"warmups": True}),
        case("constant(0, 100) >> warmup(100) >> constant(1)"),
        case("0"),
        case("sequence([warmup(100), cosine(1, 0, 400)], [100])"),
        case("base - 1 + t"),
    )

    def check(self, context: LintContext) -> Iterator[Violation]:
        schedule = context.schedule
        assert schedule is not None
        if context.values[0] != 0 or context.values[1] <= 0:
            return
        other = context.rebased
        if other is None or (other is not schedule and other(0) != 0):
            return
        span = at_update(context, 0)
        if self.warmups or not (span.sites or _warms_up(context)):
            fix = "start a little above, or a step later: `| skip(1)`"
            yield Violation("the first update has a learning rate of 0", span, fix)


def _warms_up(context: LintContext) -> bool:
    """Whether the 0 is that of a warmup, or it cannot be told."""
    first = next((context.shape_name(x) for x in context.segments if x.stop > 0), "")
    if first:
        return promised_direction(first) is Direction.UP
    return any([promised_direction(call.name) is Direction.UP for call in context.calls])
