import numpy as np

from lrdsl.linter.amounts import in_words
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule

POINTS = 200
"""Values of the run that are checked, none in its last tenth, where decays end."""


@rule("LR853", "vanishing-rate", "hint", needs=("schedule", "total", "rate"))
class VanishingRate(Rule):
    """The learning rate shrinks to almost nothing, but not to 0, long before the run ends.

    A decay by a factor for each epoch that is applied at each update brings the rate to 1e-20 in
    the first epochs; the rest of the run trains nothing. NVIDIA/DIGITS#662 and
    hukenovs/hagrid#12 are such decays.
    """

    share: float = 1e-12
    """A value below this share of the largest one has vanished."""
    updates: int = 5_000
    """Runs of fewer updates are not checked."""

    invalid = (
        case("exponential_decay(0.1, 0.95)", total_steps=20_000),
        case("step(0.1, 0.1, 300)", total_steps=10_000),
        case("torch.ExponentialLR(0.99)", total_steps=10_000, base_lr=0.1),
    )
    valid = (
        case("exponential_decay(0.1, 0.999)", total_steps=20_000),
        case("cosine(0.1, 0)", total_steps=10_000_000),
        case("cosine(0.1, 0, 5000)", total_steps=10_000),
        case("exponential_decay(0.1, 0.95)"),
        case("exponential_decay(0.1, 0.95) | clip(1e-5, _)", total_steps=20_000),
        case("exponential_decay(0.1, 0.95)", total_steps=1000),
    )

    def check(self, context: LintContext) -> Violations:
        total = context.known_total
        if total < self.updates:
            return
        at = np.unique(np.linspace(0, 0.9 * total, POINTS).astype(np.int64))
        values = np.abs(context.known_schedule(at))
        gone = (values > 0) & (values < self.share * values.max())
        # Two in a row: one alone may be the last update of a part that ends at 0.
        both = np.flatnonzero(gone[1:] & gone[:-1])
        if both.size:
            when = int(at[both[0]])
            value = in_words(context, lambda one: float(f"{one(when):.1g}")) or "almost nothing"
            message = f"at update {when} of {total} the learning rate has shrunk to {value}"
            fix = "write `every=1ep` if the factor is meant for each epoch"
            yield Violation(message, context.tree.span, fix)
