import math

import numpy as np
from numpy.typing import NDArray

from lrdsl.diagnostics import Span
from lrdsl.language.modifiers import Modifier
from lrdsl.language.pointwise.times import Array
from lrdsl.language.shapes.base import Direction
from lrdsl.language.signal import TimelineSegment
from lrdsl.linter.amounts import at, in_words
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import NEGLIGIBLE, in_one_call, lowest_near, sampled
from lrdsl.linter.syntax_queries import modifier_of, promised_direction, promises_decay
from lrdsl.syntax import ast

SAMPLES = 512

FAR = 10_000
"""Updates that a segment without an end is looked at."""

REDUCED = 0.9
"""The share of the highest value up to which a rate that is kept after a rise counts as lower."""


@rule("LR815", "rise-after-end", "hint", needs=("schedule", "rate"))
class RiseAfterEnd(Rule):
    """The value rises again after a decay has come to its end.

    A cosine that is written as a formula turns round at the bottom, and the run ends at a high
    rate: what was gained at the low rate is lost. Cycles under `repeat`, those of definitions, a
    second `warmup` and `interval` are intended and not reported; cycles of a definition that is
    named after a decay, such as torch's CosineAnnealingLR, are. A rise to a rate below the highest,
    where the next segment stays, is intended too: stochastic weight averaging collects weights
    there, as torch's SWALR does.

    Reported as ivadomed/ivadomed#57: a cosine for as many updates as there were epochs was followed
    update by update, and went up and down many times. torch's CosineAnnealingLR does so whenever
    the run is longer than its T_max.
    """

    low: float = 0.1
    """A decay has come to its end at this share of the highest value."""

    invalid = (
        case("cosine(1, 0, 400) >> linear(0, 0.5, 400)"),
        case("0.5 * (1 + cos(pi * t / 100))", total_steps=200),
        case("warmup(100) >> linear(1, 0.01, 400) >> linear(0.01, 1, 100) >> constant(1)"),
        case("torch.CosineAnnealingLR(800)", total_steps=1000),
        case("0.5 * torch.CosineAnnealingLR(30, eta_min=1e-3)", total_steps=1000, base_lr=1),
        case("torch.CosineAnnealingLR(900, eta_min=base / 2)", total_steps=1000),
        case("cosine(1, 0, 400) >> cosine(_, 0.5, 10) >> linear(_, 0.9, 90)"),
    )
    valid = (
        case("cosine(1, 0, 400) >> constant(0)"),
        case("0.5 * (1 + cos(pi * t / 100))", total_steps=100),
        case("cyclic(0, 0.3, 50)", total_steps=1000),
        case("cosine(1, 0, 100) | repeat()", total_steps=1000),
        case("cosine(1, 0, 400) >> linear(0, 0.5, 400)", total_steps=400),
        case("linear(1, 0.5, 100) >> linear(0.5, 1, 100)"),
        case("cosine(1, 0, 400) >> cosine(_, 0.5, 10) >> hold()", total_steps=500),
        case("torch.CosineAnnealingLR(1000)", total_steps=1000),
        case("torch.CosineAnnealingLR(800)"),
        case("warmup(10) >> cosine(1, 0, 90) >> warmup(10, 0, 0.5) >> cosine(_, 0, 90)"),
        case("constant(1, 50) * (linear(1, 0, 50) >> constant(0)) + linear(0, 1, 50)"),
    )

    def check(self, context: LintContext) -> Violations:
        seen = [x for x in context.segments if x.is_seen and x.start < context.end]
        ends = [(segment.first, _own_end(context, segment)) for segment in seen]
        top = max([abs(x) for pair in ends for x in pair if not math.isnan(x)], default=0.0)
        low = self.low * top
        ended: TimelineSegment | None = None
        whole: tuple[NDArray[np.int64], Array] | None = None
        for i, (segment, (begin, end)) in enumerate(zip(seen, ends, strict=True)):
            turn = self._turn(context, segment, top)
            if turn is not None:
                yield _turns(turn, segment.span)
                return
            risen = ended is not None and end > begin + low and not _is_warmup(context, segment)
            risen = risen and not _stays(seen[i + 1 :], end, top)
            if ended is not None and risen and not in_one_call(ended.span, segment.span):
                turned = int(ended.stop)
                whole = whole or sampled(context)
                if self._rises(*whole, turned):
                    decayed = in_words(context, at(turned))
                    message = f"the value rises again, after it has decayed{_to(decayed)}"
                    fix = "write intended cycles with `| repeat()`"
                    yield Violation(message, segment.span, fix)
                    return
            if end <= low <= begin - end and _is_formula(segment.node):
                ended = segment
        yield from self._annealed(context)

    def _rises(self, steps: NDArray[np.int64], values: Array, update: int) -> bool:
        """Whether the whole, not only a part of it, has come down at an update, and rises later."""
        at = min(int(steps.searchsorted(update)), values.size - 1)
        margin = self.low * float(max(values.max(), -values.min()))
        return bool(values[at] <= margin and values[at:].max() > values[at] + margin)

    def _annealed(self, context: LintContext) -> Violations:
        """Cycles of a definition that is named after a decay: any rise after the lowest value."""
        pipes = context.nodes.of(ast.Pipe) if math.isfinite(context.end) else []
        pipe = next((each for each in pipes if _is_annealing(each)), None)
        if pipe is None:
            return
        steps, values = sampled(context)
        first, last = _extent(context, pipe)
        within = (first <= steps) & (steps < last)
        steps, values = steps[within], values[within]
        if not steps.size:
            return
        # How far it has come down by then, and how far it will rise again.
        fallen = np.maximum.accumulate(values) - values
        to_rise = np.maximum.accumulate(values[::-1])[::-1] - values
        valley = np.minimum(fallen, to_rise)
        k = int(valley.argmax())
        if valley[k] <= NEGLIGIBLE * float(np.ptp(values)):
            return
        yield _turns(lowest_near(context, steps, k), pipe.span)

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


def _turns(update: int, span: Span) -> Violation:
    message = f"the value is lowest at update {update}, and rises again after that"
    return Violation(message, span, f"end it there with `| take({update})`")


def _stays(later: list[TimelineSegment], level: float, top: float) -> bool:
    """Whether the segment after a rise keeps a level clearly below the highest value."""
    if not later or level > REDUCED * top:
        return False
    kept = later[0]
    stop = kept.start + FAR if math.isinf(kept.stop) else kept.stop - 1
    known = [kept.value_at(t) for t in (kept.start, (kept.start + stop) / 2, stop)]
    return all([abs(value - level) <= NEGLIGIBLE * abs(level) for value in known])


def _extent(context: LintContext, pipe: ast.Pipe) -> tuple[float, float]:
    """The updates in which a pipe is in force, as far as a part of a chain says."""
    start, stop = pipe.span[:2]
    around = [x for x in context.segments if x.span.start <= start and stop <= x.span.stop]
    narrow = min([x.span.stop - x.span.start for x in around], default=0)
    own = [x for x in around if x.span.stop - x.span.start == narrow]
    return (min([x.start for x in own]), max([x.stop for x in own])) if own else (0, math.inf)


def _is_annealing(pipe: ast.Pipe) -> bool:
    """Whether a pipe makes cycles inside a definition that is named after a decay."""
    named = any([promises_decay(site.name) for site in pipe.span.sites])
    return named and not _is_formula(pipe)


def _to(amount: str | None) -> str:
    return "" if amount is None else f" to {amount}"


def _is_warmup(context: LintContext, segment: TimelineSegment) -> bool:
    """Whether the name of a segment's shape says that it is to rise."""
    return promised_direction(context, context.shape_name(segment)) is Direction.UP


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
