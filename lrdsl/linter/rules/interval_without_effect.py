import math

from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import idle_pieces, number
from lrdsl.linter.time_queries import entries
from lrdsl.syntax import ast


@rule("LR831", "interval-without-effect", needs=())
class IntervalWithoutEffect(Rule):
    """An entry of an `interval` changes no value: a factor of 1, or the value that is there anyway.

    The learning rate was meant to change there, and does not: a factor was left at 1, a drop goes
    to the value that the schedule already has, or a later entry covers it. Pointcept/Pointcept#379
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
        entered = context.as_written.of(ast.Entry)
        idle = dict.fromkeys([x for x in entered if x.factor and number(x.value) == 1])
        for node in idle:
            yield Violation("the factor is 1, which changes nothing", node.span, "leave it out")
        # The values of a schedule that reacts to metrics are not known yet.
        if context.schedule is None or context.schedule.is_reactive or math.isinf(context.end):
            return
        seen = [x for x in entries(context) if x.node not in idle and x.start < context.end]
        for node, _ in idle_pieces(context, [(x.node, x.piece) for x in seen]):
            fix = "leave it out, or write another value"
            yield Violation("this entry changes no value", node.span, fix)
