from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from lrdsl.diagnostics import Severity
from lrdsl.language.signal import TimelineSegment
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Case, Rule, Violation, case, rule
from lrdsl.linter.segment_queries import in_one_call
from lrdsl.linter.syntax_queries import modifier_of
from lrdsl.syntax import ast

SAMPLES = 512


@rule
class RiseAfterEnd(Rule):
    """The value rises again after it has decayed to its end.

    A cosine that is written as a formula turns round at the bottom, and the run ends at a high rate
    with the weights of a low one lost. Cycles under `repeat`, those of definitions, and `interval`
    are intended and not reported.

    Reported as ivadomed/ivadomed#57: a cosine for as many updates as there were epochs was followed
    update by update, and went up and down many times. torch's CosineAnnealingLR does so whenever
    the run is longer than its T_max.
    """

    code: ClassVar[str] = "LR815"
    name: ClassVar[str] = "rise-after-end"
    severity: ClassVar[Severity] = "hint"

    low: float = 0.1
    """Down to which share of the highest value a decay counts as one to the end."""

    invalid: ClassVar[tuple[Case, ...]] = (
        case("cosine(1, 0, 400) >> linear(0, 0.5, 400)"),
        case("0.5 * (1 + cos(pi * t / 100))", total_steps=200),
        case("warmup(100) >> linear(1, 0.01, 400) >> warmup(100, 0.01, 1) >> constant(1)"),
    )
    valid: ClassVar[tuple[Case, ...]] = (
        case("cosine(1, 0, 400) >> constant(0)"),
        case("0.5 * (1 + cos(pi * t / 100))", total_steps=100),
        case("cyclic(0, 0.3, 50)", total_steps=1000),
        case("cosine(1, 0, 100) | repeat()", total_steps=1000),
        case("cosine(1, 0, 400) >> linear(0, 0.5, 400)", total_steps=400),
        case("linear(1, 0.5, 100) >> linear(0.5, 1, 100)"),
    )

    def check(self, context: LintContext) -> Iterator[Violation]:
        segments = [
            x for x in context.segments if max(x.start, 0) < x.stop and x.start < context.end
        ]
        ends = [(segment.first, _own_end(context, segment)) for segment in segments]
        top = max([abs(x) for pair in ends for x in pair if not math.isnan(x)], default=0.0)
        ended: TimelineSegment | None = None
        for segment, (begin, end) in zip(segments, ends, strict=True):
            turn = self._turn(context, segment, top)
            risen = ended is not None and end > begin + self.low * top
            if turn is not None:
                message = f"the value is at its lowest at update {turn}, and rises again after it"
                yield Violation(message, segment.span, f"end it there: `| take({turn})`")
                return
            if risen and ended is not None and not in_one_call(ended.span, segment.span):
                message = f"the value rises again, after it has come down to {ended.leads_to:g}"
                yield Violation(message, segment.span)
                return
            is_low = end <= self.low * top and begin - end >= self.low * top
            if is_low and _is_formula(segment.node):
                ended = segment

    def _turn(self, context: LintContext, segment: TimelineSegment, top: float) -> int | None:
        """The update from which a formula rises, after it has come down to the end."""
        stop = min(segment.stop, context.end)
        if (
            math.isinf(stop)
            or context.shape_name(segment)
            or segment.span.sites
            or not _is_formula(segment.node)
        ):
            return None
        t = np.unique(np.linspace(0, stop - 1 - segment.start, SAMPLES).astype(np.int64))
        values = segment.signal.values(t.astype(np.float64))
        margin = self.low * max(top, float(np.abs(values).max()))
        fallen = np.maximum.accumulate(values) - values
        low = np.flatnonzero((values <= margin) & (fallen > margin))
        if not low.size:
            return None
        at = int(low[0])
        while at + 1 < values.size and values[at + 1] <= values[at]:
            at += 1
        return segment.start + int(t[at]) if values[at:].max() - values[at] > margin else None


def _own_end(context: LintContext, segment: TimelineSegment) -> float:
    stop = min(segment.stop, context.end)
    if math.isinf(stop):
        return segment.first
    return segment.leads_to if stop == segment.stop else segment.value_at(stop)


def _is_formula(root: ast.Node) -> bool:
    """Whether it says nothing of cycles or entries."""
    for node, _ in ast.walk(root):
        if isinstance(node, (ast.Bracket, ast.Chain)):
            return False
        found = map(modifier_of, node.parts[1:] if isinstance(node, ast.Pipe) else ())
        if any([modifier is not None and modifier.makes_cycles for modifier in found]):
            return False
    return True
