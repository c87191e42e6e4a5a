import numpy as np
from numpy.typing import NDArray

from lrdsl.linter.amounts import at as value_at
from lrdsl.linter.amounts import in_words
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import at_update, edges, horizon
from lrdsl.schedule.schedule import Schedule

FIRST_UPDATES = 100_000
"""Updates that are all checked; after them the boundaries alone are."""


@rule("LR817", "continuous")
class Continuous(Rule):
    """The value jumps between two updates, although `continuous` is set.

    Restarts, drops and staircases are jumps that some recipes want and others never do: an average
    of weights, or a second-moment estimate that lags behind, suffers from each. This contract
    forbids all of them, also those that `joint-jump` takes as intended.
    """

    continuous: bool | None = None
    """Whether jumps are forbidden."""
    tolerance: float = 0.01
    """A smaller change is no jump; as a share of the highest value."""

    invalid = (
        case("step(1, 0.1, 30)", {"continuous": True}, total_steps=100),
        case("cosine(1, 0, 100) | repeat()", {"continuous": True}, total_steps=300),
        case("warmup(100) >> cosine(1, 0, 800) | interval[600:*0.5]", {"continuous": True}),
        case("constant(1, 100) >> constant(0.1, 100)", {"continuous": True}),
    )
    valid = (
        case("warmup(100) >> cosine(1, 0, 800)", {"continuous": True}),
        case("warmup(2) >> cosine(1, 0, 800)", {"continuous": True}),
        case("step(1, 0.1, 30)", total_steps=100),
        case("wsd(1, 100, 700, 200)", {"continuous": True}, total_steps=1000),
    )

    def check(self, context: LintContext) -> Violations:
        if not self.continuous:
            return
        schedule, stop = context.known_schedule, horizon(context)
        far = [t + d for t in edges(context) for d in (-2, -1, 0, 1)]
        near = np.arange(min(stop, FIRST_UPDATES))
        steps = np.union1d(near, [t for t in far if 0 <= t < stop]).astype(np.int64)
        found = self._jumps(steps, schedule)
        other = context.rebased if found else None
        found &= set() if other is None else self._jumps(steps, other)
        if found:
            at = int(steps[min(found)])
            more = f", and {len(found) - 1} more times" if len(found) > 1 else ""
            before, after = [in_words(context, value_at(t)) for t in (at - 1, at)]
            jump = f" from {before} to {after}" if before and after else ""
            message = f"the value jumps{jump} at update {at}{more}, and `continuous` forbids jumps"
            yield Violation(message, at_update(context, at))

    def _jumps(self, steps: NDArray[np.int64], schedule: Schedule) -> set[int]:
        """The indices of values that are far from the one before, unlike their neighbours."""
        values = schedule(steps)
        change = np.abs(np.diff(values))
        change[np.diff(steps) > 1] = 0
        left = np.concatenate([[0.0], change[:-1]])
        right = np.concatenate([change[1:], [0.0]])
        large = change > self.tolerance * np.abs(values).max(initial=0)
        jumps = large & (change > 3 * np.maximum(left, right))
        return {*(np.flatnonzero(jumps) + 1).tolist()}
