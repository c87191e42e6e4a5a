from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from lrdsl.linter.context import LintContext
from lrdsl.linter.origin import SpecOrigin
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import at_update, sampled
from lrdsl.syntax import ast


@rule("LR811", "not-positive", needs_values=True, needs_rate=True)
class NotPositive(Rule):
    """The learning rate is negative, or 0 for a while with training going on after it.

    Below 0 the optimizer climbs the loss instead of descending it; at 0 it wastes its updates. It
    comes from a formula that is used past the place where it was meant to end. An `interval` entry
    of 0 is meant, and so are the first updates of a group with a spec of its own, which is kept as
    it is for a while. The first update is the matter of `zero-first-update`, zeros at the end that
    of `flat-zero-tail`.

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
        case(
            "constant(0, 99) >> warmup(9, 0, 1) >> constant(1)", origin=SpecOrigin(pattern="body")
        ),
    )

    def check(self, context: LintContext) -> Violations:
        steps, values = sampled(context)
        below = np.flatnonzero(values < 0)
        if below.size:
            at = _first_below(context, steps, int(below[0]))
            message = f"the learning rate is negative from update {at} on"
            yield Violation(message, at_update(context, at), "end it earlier, or add `| clip(0)`")
            return
        used = np.flatnonzero(values)
        if not used.size or _asks_for_zero(context.as_written):
            return
        zero = np.flatnonzero(values[1 : used[-1]] == 0) + 1
        # One update at 0 is where two slopes meet.
        zero = zero[:-1][np.diff(zero) == 1]
        if context.origin.pattern is not None:
            zero = zero[zero > used[0]]
        if zero.size:
            at = int(steps[zero[0]])
            message = f"the learning rate is 0 from update {at} on, and rises again later"
            yield Violation(message, at_update(context, at), "give it a value above 0")


def _first_below(context: LintContext, steps: NDArray[np.int64], found: int) -> int:
    """The first update below 0: the one found, or one that was left out right before it."""
    assert context.schedule is not None
    last, first = int(steps[found]), int(steps[found - 1]) if found else 0
    first = max(first, last - 10_000)
    between = np.asarray(context.schedule(np.arange(first, last + 1)))
    return first + int(np.flatnonzero(between < 0)[0])


def _asks_for_zero(nodes: Iterable[ast.Node]) -> bool:
    """Whether an entry of an `interval` is 0, which freezes the training for a while."""
    return any(
        [
            isinstance(node, ast.Entry)
            and isinstance(node.value, ast.Number)
            and node.value.value == 0
            for node in nodes
        ]
    )
