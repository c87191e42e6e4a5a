from __future__ import annotations

import math
from itertools import islice

from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import MAX_TRIED_PIECES, entries, is_same_without, number
from lrdsl.syntax import ast


@rule("LR831", "interval-without-effect", needs_schedule=False)
class IntervalWithoutEffect(Rule):
    """An entry of an `interval` changes no value: a factor 1, or the value that stands there.

    The learning rate was meant to change there, and does not: a factor that was left at 1,
    a drop to the value it already has, an entry that a later one covers. Pointcept/Pointcept#379
    is a run whose milestones never took effect, which no message had shown.
    """

    invalid = (
        case("constant(0.1) | interval[300:*1, 600:*0.1]"),
        case("cosine(0.1, 0, 85ep) | interval[30ep:*1.0]"),
        case("constant(0.1) | interval[300:0.1]", total_steps=500),
        case("constant(0.1) | interval[200:0.05, 300:0.05]", total_steps=800),
        case("linear(1, 0, 200) | interval[300:*0.1]", total_steps=500),
    )
    valid = (
        case("constant(0.1) | interval[300:*0.5, 600:*0.1]"),
        case("constant(0.1) | interval[300:0.01]", total_steps=500),
        case("constant(0.1) | interval[200..300:0.05]", total_steps=500),
        case("linear(1, 0.1, 200) | interval[300:*0.1]", total_steps=500),
        case("constant(0.1) | plateau() | interval[300:0.1]", total_steps=500),
    )

    def check(self, context: LintContext) -> Violations:
        for node in context.as_written:
            if _is_idle(node):
                message = "the factor is 1, which changes nothing"
                yield Violation(message, node.span, "leave it out")
        # What reacts to metrics has other values later than it has now.
        if context.schedule is None or context.schedule.is_reactive or math.isinf(context.end):
            return
        for entry in islice(entries(context), MAX_TRIED_PIECES):
            if _is_idle(entry.node) or entry.start >= context.end:
                continue
            if is_same_without(context, entry.piece):
                yield Violation("the entry changes no value", entry.node.span, "leave it out")


def _is_idle(node: ast.Node) -> bool:
    return isinstance(node, ast.Entry) and node.factor and number(node.value) == 1
