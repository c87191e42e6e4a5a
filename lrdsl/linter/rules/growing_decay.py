from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.syntax import ast


@rule("LR852", "growing-decay", needs=("rate",))
class GrowingDecay(Rule):
    """A decay has a factor above 1, so that the learning rate grows without bound.

    The rate was to be divided by the number, `step(0.1, 10, 30ep)`, but is multiplied by it. The
    loss is NaN a few updates after the first step.
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
            field = None if call.signature is None else call.signature.cls.factor_field
            node = None if field is None else call.arguments.get(field)
            if node is None:
                continue
            nodes = node.items if isinstance(node, ast.List) else (node,)
            factors = [context.value(each) or 0 for each in nodes]
            if factors and min(factors) > 1:
                message = f"`{call.name}` multiplies by this factor, and grows without bound"
                yield Violation(message, node.span, "a decay has a factor below 1, such as `0.1`")
