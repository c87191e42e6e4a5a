import math

import numpy as np

from lrdsl.language.modifiers import Modifier
from lrdsl.language.signal import TimelineSegment
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import in_one_call
from lrdsl.linter.syntax_queries import modifier_of
from lrdsl.syntax import ast

SAMPLES = 512


@rule("LR815", "rise-after-end", "hint", needs=("schedule", "rate"))
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
        seen = [x for x in context.segments if x.is_seen and x.start < context.end]
        ends = [(segment.first, _own_end(context, segment)) for segment in seen]
        top = max([abs(x) for pair in ends for x in pair if not math.isnan(x)], default=0.0)
        low = self.low * top
        ended: TimelineSegment | None = None
        for segment, (begin, end) in zip(seen, ends, strict=True):
            turn = self._turn(context, segment, top)
            if turn is not None:
                message = f"the value is lowest at update {turn}, and rises again after that"
                yield Violation(message, segment.span, f"end it there with `| take({turn})`")
                return
            risen = end > begin + low
            if ended is not None and risen and not in_one_call(ended.span, segment.span):
                message = f"the value rises again, after it has decayed to {ended.leads_to:g}"
                yield Violation(message, segment.span, "write intended cycles with `| repeat()`")
                return
            if end <= low <= begin - end and _is_formula(segment.node):
                ended = segment

    def _turn(self, context: LintContext, segment: TimelineSegment, top: float) -> int | None:
        """The update from which a formula rises, after it has come down to the end."""
        stop = min(segment.stop, context.end)
        is_called = context.shape_name(segment) or segment.span.sites
        if math.isinf(stop) or is_called or not _is_formula(segment.node):
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
    nodes = [node for node, _ in ast.walk(root)]
    applied = [part for node in nodes if isinstance(node, ast.Pipe) for part in node.parts[1:]]
    cyclic = any([(modifier_of(part) or Modifier).makes_cycles for part in applied])
    return not cyclic and not any([isinstance(node, (ast.Bracket, ast.Chain)) for node in nodes])
