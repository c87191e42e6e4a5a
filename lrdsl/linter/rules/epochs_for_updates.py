from __future__ import annotations

from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.syntax_queries import is_open, times


@rule("LR834", "epochs-for-updates", needs_schedule=False, needs_total=True)
class EpochsForUpdates(Rule):
    """All lengths are numbers as small as epochs, while the run has many thousands of updates.

    A number without a unit counts updates. A schedule for 90 epochs that is over after 90 updates
    leaves the whole run at its final value. In ScrollPrize/villa#1495 `max_epoch` was the length of
    a scheduler that is stepped at each update, so that the rate was 0 in the fourth epoch of a
    thousand; OpenNMT/OpenNMT-py#822 and crowsonkb/k-diffusion#50 are the same mix-up.
    """

    epochs: int = 200
    """Smaller numbers may be epochs."""
    updates: int = 10_000
    """Runs of this many updates or fewer are not checked."""

    invalid = (
        case("warmup(5) >> cosine(0.1, 0, 85)", total_steps=50_000),
        case("step(0.1, 0.1, 30)", total_steps=50_000),
        case("multistep(0.1, 0.1, at=[30, 60, 80])", total_steps=50_000),
        case("constant(0.1) | interval[30:*0.1, 60:*0.1]", total_steps=50_000),
        case("wsd(0.1, warmup, 80, 20)", total_steps=50_000, warmup=10),
    )
    valid = (
        case("warmup(5ep) >> cosine(0.1, 0, 85ep)", total_steps=50_000, steps_per_epoch=500),
        case("warmup(100) >> cosine(0.1, 0)", total_steps=50_000),
        case("warmup(100) >> constant(0.1)", total_steps=50_000),
        case("warmup(5) >> cosine(0.1, 0, 85)", total_steps=90),
        case("warmup(5) >> cosine(0.1, 0, 85)"),
        case("warmup(100) >> cosine(0.1, 0, 40k)", total_steps=50_000),
        case("cosine(0.1, 0, 90) | stretch(1ep)", total_steps=50_000, steps_per_epoch=500),
    )

    def check(self, context: LintContext) -> Violations:
        found = list(times(context, context.expanded)) if context.end > self.updates else []
        if not found or is_open(context):
            return
        lengths = [context.updates(time.node) if time.is_bare else None for time in found]
        known = [length for length in lengths if length is not None and length < self.epochs]
        if len(known) < len(found):
            return
        longest = found[known.index(max(known))]
        message = (
            f"a number without a unit counts updates: all lengths are below {self.epochs}, and the"
            f" run has {context.total}"
        )
        fix = "if they are epochs, write `ep` after each number"
        yield Violation(message, longest.node.span, fix)
