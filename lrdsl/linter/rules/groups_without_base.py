from lrdsl.linter.context import LintContext
from lrdsl.linter.origin import SpecOrigin
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import is_alike


@rule("LR837", "groups-without-base", needs=("schedule", "rate"))
class GroupsWithoutBase(Rule):
    """Parameter groups have different learning rates, and the spec does not depend on `base`.

    The schedule gives all groups the same values: a backbone that was to be trained a hundred times
    slower than its head is not. microsoft/hi-ml#611 and
    katsura-jp/pytorch-cosine-annealing-with-warmup#14 are schedulers that did so. It is reported
    only where the learning rates of the groups are known. A spec for some of the groups is left
    alone.
    """

    invalid = (
        case("cosine(0.1, 0, 800)", origin=SpecOrigin(group_lrs=(0.1, 0.001))),
        case("warmup(10) >> constant(0.1, 90)", origin=SpecOrigin(group_lrs=(0.1, 0.1, 0.2))),
        case("onecycle(0.1, 500)", origin=SpecOrigin(group_lrs=(1e-3, 1e-4)), base_lr=1e-3),
    )
    valid = (
        case("cosine(base, 0, 800)", origin=SpecOrigin(group_lrs=(0.1, 0.001))),
        case("warmup(10) >> hold(90)", origin=SpecOrigin(group_lrs=(0.1, 0.001))),
        case("cosine(0.1, 0, 800)", origin=SpecOrigin(group_lrs=(0.1, 0.1))),
        case("cosine(0.1, 0, 800)"),
        case("torch.CosineAnnealingLR(100)", origin=SpecOrigin(group_lrs=(0.1, 0.001))),
        case("constant(0.1)", origin=SpecOrigin(group_lrs=(0.1, 0.001), pattern="head")),
    )

    def check(self, context: LintContext) -> Violations:
        rates = sorted(set(context.origin.group_lrs))
        if len(rates) < 2 or context.origin.pattern is not None:
            return
        first, second = context.compiled(base=rates[0]), context.compiled(base=rates[-1])
        if first is not None and second is not None and is_alike(first, second, context.end):
            shown = ", ".join([f"{rate:g}" for rate in rates])
            message = f"this gives all parameter groups the same values: their own {shown} are lost"
            fix = "write values as multiples of `base`, the learning rate of each group"
            yield Violation(message, context.tree.span, fix)
