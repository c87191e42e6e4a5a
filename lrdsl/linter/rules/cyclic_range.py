from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import calls_of


@rule("LR839", "cyclic-range", "hint", needs=("rate",))
class CyclicRange(Rule):
    """The low end of a cyclic learning rate is not a quarter to a third of the high end.

    Smith (arXiv:1506.01186, section 3.3) recommends that range. With a far lower low end much of
    each cycle trains next to nothing; with one near the high end the rate hardly changes. Calls of
    torch's own schedulers are left alone: they follow existing recipes.
    """

    least: float = 0.25
    most: float = 1 / 3
    """The recommended ratio of the low end to the high end."""

    invalid = (
        case("cyclic(1e-5, 0.1, 500)"),
        case("cyclic(0.09, 0.1, 500)"),
        case("cyclic(high=peak, low=peak / 100, up=500)", peak=0.1),
    )
    valid = (
        case("cyclic(0.1, 0.3, 500)"),
        case("cyclic(0.025, 0.1, 500)"),
        case("cyclic(peak / 3, peak, 500)", peak=0.1),
        case("cyclic(low, 0.1, 500)"),
        case("torch.CyclicLR(1e-3, 6e-3)"),
    )

    def check(self, context: LintContext) -> Violations:
        for call in calls_of(context, "cyclic"):
            low, high = [context.value(call.arguments.get(name)) for name in ("low", "high")]
            if low is None or high is None or not 0 < low <= high:
                continue
            # Written numbers are rounded: 0.033 is a third of 0.1.
            if not self.least * 0.95 <= low / high <= self.most * 1.05:
                message = f"the lowest learning rate of a cycle is {low / high:.3g} of the highest"
                fix = f"choose `low` from {self.least * high:.3g} to {self.most * high:.3g}"
                yield Violation(message, call.span, fix)
