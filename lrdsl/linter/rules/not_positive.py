import math
from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

from lrdsl.language.signal import TimelineSegment
from lrdsl.linter.context import LintContext
from lrdsl.linter.origin import SpecOrigin
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import at_update, sampled
from lrdsl.linter.syntax_queries import number
from lrdsl.syntax import ast

BODY = SpecOrigin(pattern="body")


@rule("LR811", "not-positive", needs=("schedule", "values", "rate"))
class NotPositive(Rule):
    """The learning rate is negative, or 0 for a while before training goes on.

    Below 0 the optimizer climbs the loss instead of descending it; at 0 it wastes its updates. It
    comes from a formula that is used past the place where it was meant to end. An `interval` entry
    of 0 is taken as intended, and so are zeros at the start, where a constant of 0 keeps the model
    frozen for a while, and those of a group with a spec of its own. The first update is checked by
    `zero-first-update`, the end of the run by `flat-zero-tail`.

    Reported as huggingface/transformers#132: BertAdam's linear schedule went below 0 when more
    updates were made than its total.
    """

    invalid = (
        case("base * (1 - t / 900)", total_steps=1000, base_lr=0.1),
        case("linear(1, -0.1, 100)"),
        case("warmup(100) >> cosine(1, 0, 400) >> constant(0, 100) >> constant(0.1)"),
        case("constant(1, 100) >> 0 * constant(1, 100) >> constant(1, 100)"),
    )
    valid = (
        case("base * (1 - t / 1000)", total_steps=1000, base_lr=0.1),
        case("warmup(100) >> cosine(1, 0, 400)", total_steps=500),
        case("linear(1, 0, 50) >> linear(0, 1, 50)"),
        case("0", total_steps=1000),
        case("constant(1, 100) | interval[20..30:0]"),
        case("base * (1 - t / 900)", base_lr=0.1),
        case("linear(1, 0, 100)", total_steps=1000),
        case("constant(0, 99) >> warmup(9, 0, 1) >> constant(1)", origin=BODY),
        case("constant(0, 100) >> warmup(1000) >> cosine(_, 0)", total_steps=10_000, base_lr=1),
        case("(0 * base | take(100)) >> linear(base, 0)", total_steps=10_000, base_lr=1),
    )

    def check(self, context: LintContext) -> Violations:
        steps, values = sampled(context)
        below = np.flatnonzero(values < 0)
        if below.size:
            found = below[0]
            near = range(int(steps[found - 1]) + 1 if found else 0, int(steps[found]))
            at = near.start + bisect_left(near, True, key=lambda t: context.known_schedule(t) < 0)
            message = f"the learning rate is negative from update {at} on"
            fix = "end the schedule earlier, or keep it from going below 0 with `| clip(0)`"
            yield Violation(message, at_update(context, at), fix)
            return
        used = np.flatnonzero(values)
        # An `interval` entry of 0 freezes the training for a while.
        if not used.size or 0 in [number(x.value) for x in context.as_written.of(ast.Entry)]:
            return
        zero = np.flatnonzero(values[1 : used[-1]] == 0) + 1
        # One update at 0 is where two slopes meet.
        zero = zero[:-1][np.diff(zero) == 1]
        if context.origin.pattern is not None or _begins_frozen(context):
            zero = zero[steps[zero] > steps[used[0]]]
        if zero.size:
            at = int(steps[zero[0]])
            message = f"the learning rate is 0 from update {at} on, and rises again later"
            yield Violation(message, at_update(context, at), "give it a value above 0")


def _begins_frozen(context: LintContext) -> bool:
    """Whether the first part is a constant of 0, which somebody has written."""
    first = next((x for x in context.segments if x.is_seen), None)
    return first is not None and first.stop < math.inf and not np.any(_values(first))


def _values(segment: TimelineSegment) -> NDArray[np.float64]:
    """A few values of a segment, its last one among them."""
    return segment.signal.values(np.floor(np.linspace(0, segment.stop - segment.start - 1, 9)))
