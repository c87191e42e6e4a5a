import math

from lrdsl.linter.context import CallSite, LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.syntax import ast

SHARE = {"%": 1.0, "dur": 100.0}


@rule("LR849", "percents-not-100", needs=("rate",))
class PercentsNot100(Rule):
    """All lengths of a chain are percentages of the run, and they do not add up to 100%.

    With more, the end of the decay is never reached; with less, the run goes on at the final value,
    often 0, and learns nothing more. A single length above 100% is taken as intended.
    """

    invalid = (
        case("warmup(5%) >> cosine(0.1, 0, 90%)"),
        case("warmup(10%) >> hold(80%) >> cooldown(20%)"),
        case("wsd(0.1, 0.05dur, 0.7dur, 20%)"),
        case("warmup(5%) >> cosine(_, 0, 90%)", total_steps=1000),
    )
    valid = (
        case("warmup(5%) >> cosine(0.1, 0, 95%)"),
        case("warmup(3.3%) >> hold(86.7%) >> cooldown(10%)"),
        case("warmup(5%) >> hold() >> cooldown(20%)"),
        case("cosine(0.1, 0, 50%)"),
        case("warmup(100) >> cosine(0.1, 0, 90%)"),
        case("wsd(0.1, 0.05dur, 0.75dur, 20%)"),
        case("warmup(5%) >> cosine(0.1, 0, 125%)"),
    )

    def check(self, context: LintContext) -> Violations:
        root = context.expanded
        while isinstance(root, ast.Scope):
            root = root.body
        if not isinstance(root, ast.Chain):
            return
        shares = [_share(context.call_at(part)) for part in root.parts]
        known = [share for share in shares if share is not None]
        is_meant = max(known, default=0) > 100
        if len(known) == len(shares) and not (is_meant or math.isclose(sum(known), 100)):
            message = f"the lengths add up to {sum(known):g}% of the run, not to 100%"
            fix = "leave out one length: that segment then fills the rest of the run"
            yield Violation(message, context.tree.span, fix)


def _share(call: CallSite | None) -> float | None:
    """The length of a segment in percent of the run, None if it is written otherwise."""
    length = None if call is None else call.arguments.get("steps")
    if not isinstance(length, ast.Number) or length.unit not in SHARE:
        return None
    return length.value * SHARE[length.unit]
