from __future__ import annotations

import math

import numpy as np

from lrdsl.linter.context import LintContext, Part
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import in_one_call
from lrdsl.linter.syntax_queries import modifier_of
from lrdsl.syntax import ast

SAMPLES = 512


@rule("LR815", "rise-after-end", "hint")
class RiseAfterEnd(Rule):
    """The value rises again after a decay has come to its end.

    A cosine that is written as a formula turns round at the bottom, and the run ends at a high
    rate: what was gained at the low rate is lost. Cycles under `repeat`, those of definitions, and
    `interval` are intended and not reported.

    Reported as ivadomed/ivadomed#57: a cosine for as many updates as there were epochs was followed
    update by update, and went up and down many times. torch's CosineAnnealingLR does so whenever
    the run is longer than its T_max.
    """

    low: float = 0.1
    """A decay has come to its end at this share of the highest value."""

    invalid = (
        case("cosine(1, 0, 400) >> linear(0, 0.5, 400)"),
        case("0.5 * (1 + cos(pi * t / 100))", total_steps=200),
        case("warmup(100) >> linear(1, 0.01, 400) >> warmup(100, 0.01, 1) >> constant(1)"),
    )
    valid = (
        case("cosine(1, 0, 400) >> constant(0)"),
        case("0.5 * (1 + cos(pi * t / 100))", total_steps=100),
        case("cyclic(0, 0.3, 50)", total_steps=1000),
        case("cosine(1, 0, 100) | repeat()", total_steps=1000),
        case("cosine(1, 0, 400) >> linear(0, 0.5, 400)", total_steps=400),
        case("linear(1, 0.5, 100) >> linear(0.5, 1, 100)"),
    )

    def check(self, context: LintContext) -> Violations:
        parts = [x for x in context.parts if max(x.start, 0) < x.stop and x.start < context.end]
        ends = [(part.begins, _own_end(context, part)) for part in parts]
        top = max([abs(x) for pair in ends for x in pair if not math.isnan(x)], default=0.0)
        ended: Part | None = None
        for part, (begin, end) in zip(parts, ends, strict=True):
            turn = self._turn(context, part, top)
            risen = ended is not None and end > begin + self.low * top
            if turn is not None:
                message = f"the value is lowest at update {turn}, and rises again after that"
                yield Violation(message, part.span, f"end it there with `| take({turn})`")
                return
            if risen and ended is not None and not in_one_call(ended.span, part.span):
                message = f"the value rises again, after it has decayed to {ended.leads_to:g}"
                yield Violation(message, part.span, "write intended cycles with `| repeat()`")
                return
            is_low = end <= self.low * top and begin - end >= self.low * top
            if is_low and _is_formula(part.node):
                ended = part

    def _turn(self, context: LintContext, part: Part, top: float) -> int | None:
        """The update from which a formula rises, after it has come down to the end."""
        stop = min(part.stop, context.end)
        if math.isinf(stop) or part.name or part.span.sites or not _is_formula(part.node):
            return None
        t = np.unique(np.linspace(0, stop - 1 - part.start, SAMPLES).astype(np.int64))
        values = part.signal.values(t.astype(np.float64))
        margin = self.low * max(top, float(np.abs(values).max()))
        fallen = np.maximum.accumulate(values) - values
        low = np.flatnonzero((values <= margin) & (fallen > margin))
        if not low.size:
            return None
        at = int(low[0])
        while at + 1 < values.size and values[at + 1] <= values[at]:
            at += 1
        return part.start + int(t[at]) if values[at:].max() - values[at] > margin else None


def _own_end(context: LintContext, part: Part) -> float:
    stop = min(part.stop, context.end)
    if math.isinf(stop):
        return part.begins
    return part.leads_to if stop == part.stop else part.signal.value_at(float(stop - part.start))


def _is_formula(root: ast.Node) -> bool:
    """Whether it says nothing of cycles or entries."""
    for node, _ in ast.walk(root):
        if isinstance(node, (ast.Bracket, ast.Chain)):
            return False
        found = map(modifier_of, node.parts[1:] if isinstance(node, ast.Pipe) else ())
        if any([modifier is not None and modifier.makes_cycles for modifier in found]):
            return False
    return True
