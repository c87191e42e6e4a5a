from __future__ import annotations

import math

from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import (
    MAX_TRIED_PIECES,
    is_same_without,
    limits_values,
    with_operator_before,
)
from lrdsl.syntax import ast


@rule("LR833", "idle-clip", "hint", needs_values=True)
class IdleClip(Rule):
    """A `clip` that no value of the run ever touches.

    A floor under a decay is there to keep the learning rate up at the end. One that lies below all
    values, a zero too many, guards nothing; neither does a ceiling above the peak.
    """

    invalid = (
        case("exponential_decay(0.1, 0.99) | clip(1e-4, _)", total_steps=500),
        case("linear(0.1, 0.01, 100) | clip(1e-3, 1)"),
        case("warmup(10) >> (constant(0.1, 100) | clip(_, 0.2)) >> linear(_, 0, 10)"),
    )
    valid = (
        case("exponential_decay(0.1, 0.99) | clip(1e-3, _)", total_steps=500),
        case("exponential_decay(0.1, 0.99) | clip(1e-4, _)"),
        case("constant(0.1, 100) | plateau() | clip(1e-4, _)"),
        case("linear(base, 0.01, 100) | clip(1e-3, 1)"),
        case("warmup(5, 1e-4) >> cosine(0.1, 0.01) | clip(1e-3, _)", total_steps=5_000_000),
    )

    def check(self, context: LintContext) -> Violations:
        assert context.schedule is not None
        # What reacts to metrics has other values later than it has now.
        if math.isinf(context.end) or context.schedule.is_reactive:
            return
        pipes = [node for node in context.as_written if isinstance(node, ast.Pipe)]
        clips = [part for pipe in pipes for part in pipe.parts[1:] if limits_values(part)]
        for node in clips[:MAX_TRIED_PIECES]:
            piece = with_operator_before(context.source, node.span)
            if piece is not None and is_same_without(context, piece):
                yield Violation("no value of the run is clipped", node.span, "leave it out")
