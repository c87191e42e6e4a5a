from __future__ import annotations

from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.syntax import ast


@rule("LR852", "growing-decay", needs_schedule=False, needs_rate=True)
class GrowingDecay(Rule):
    """A decay whose factor is above 1, so that the learning rate grows without a bound.

    The divisor of the rate was written, `step(0.1, 10, 30ep)`, where a factor belongs. The loss is
    NaN a few updates after the first step.
    """

    invalid = (
        case("step(0.1, 10, 30ep)"),
        case("multistep(0.1, 10, at=[300, 600])"),
        case("torch.ExponentialLR(1.05)"),
        case("multistep(0.1, [2, 5], at=[300, 600])"),
    )
    valid = (
        case("step(0.1, 0.1, 30ep)"),
        case("multistep(0.1, [2, 0.1], at=[300, 600])"),
        case("torch.ExponentialLR(0.95)"),
        case("exponential_decay(0.1, 1)"),
        case("step(0.1, half_life=100)"),
    )

    def check(self, context: LintContext) -> Violations:
        for call in context.calls:
            factor = None if call.signature is None else call.signature.cls.factor_field
            node = None if factor is None else call.arguments.get(factor)
            if node is None:
                continue
            factors = [
                context.value(x) for x in (node.items if isinstance(node, ast.List) else [node])
            ]
            if factors and all([factor is not None and factor > 1 for factor in factors]):
                message = f"`{call.name}` multiplies by this, and grows without a bound"
                yield Violation(message, node.span, "a decay has a factor below 1")
