import math
from bisect import bisect_left
from itertools import islice, takewhile

import numpy as np

from lrdsl.diagnostics import SpecError
from lrdsl.language.binding import bind_definition
from lrdsl.language.signal import TimelineSegment
from lrdsl.linter.amounts import in_words, twin
from lrdsl.linter.context import LintContext
from lrdsl.linter.rule import Rule, Violation, Violations, case, rule
from lrdsl.linter.segment_queries import bounds, rises, round_end
from lrdsl.linter.time_queries import exceeds_on_purpose
from lrdsl.schedule.compile import accumulates
from lrdsl.schedule.schedule import Schedule
from lrdsl.syntax import ast

FAR = 16
"""Lengths of the run for which the peak is looked for behind it."""
SAMPLES = 64

PEAKS = ("max", "max_lr", "peak", "high")
"""Parameters of definitions that give the highest value."""


@rule("LR803", "peak-not-reached", needs=("schedule", "rate"))
class PeakNotReached(Rule):
    """No update gets the peak value that the schedule rises to.

    The run ends while the learning rate still rises, or rounding leaves no update at the peak. The
    whole training then has a lower rate than the one that was chosen and is reported.

    Reported as facebookresearch/ParlAI#4196: with a target of 7e-6 the warmup ended at 6.93e-6.
    `torch.optim.lr_scheduler.OneCycleLR(max_lr, total_steps=10, pct_start=0.25)` has its peak
    between two updates, so that no update has `max_lr`.
    """

    tolerance: float = 0.005
    """How far below the peak the highest value may be, as a share of the peak."""

    invalid = (
        case("warmup(1000) >> cosine(1, 0, 9000)", total_steps=600),
        case("warmup(10, 0, 1)", total_steps=10),
        case("warmup(10, 0, 1) >> constant(1, 0.2ep) >> cosine(0.5, 0, 800)", steps_per_epoch=2),
        case("torch.OneCycleLR(0.1, total_steps=10, pct_start=0.25)", total_steps=10),
        case("onecycle(0.1, 1000)", total_steps=200),
        case("noam(512, 4000)", total_steps=1000),
        case("base * min(t / 4000, sqrt(4000 / (t + 1)))", total_steps=1000),
        case("warmup(10) >> 0.5 * cyclic(0.1, 0.3, 4000)", total_steps=1000),
    )
    valid = (
        case("warmup(100) >> cosine(1, 0, 800)", total_steps=900),
        case("warmup(10) >> constant(1)", total_steps=100),
        case("warmup(1000, 0, 1)"),
        case("warmup(2.5%) >> cosine(1, 0)", total_steps=100),
        case("torch.OneCycleLR(0.1, total_steps=1000)", total_steps=1000),
        case("warmup(1.25*total) >> hold()", total_steps=1000),
        case("noam(512, 400)", total_steps=1000),
        case("cyclic(0.1, 0.3, 400)", total_steps=500),
    )

    def check(self, context: LintContext) -> Violations:
        if exceeds_on_purpose(context):
            return
        found = False
        for segment in filter(rises, context.segments):
            best = _best(context, segment)
            if best is not None and self._is_below(best, segment.leads_to):
                if not _whole_rises(context, segment):
                    continue
                found = True
                message = _said(context, segment, best)
                fix = "shorten it, or let it end at a whole update before the run ends"
                yield Violation(message, segment.span, fix)
        if not found and (later := _peak_later(context)) is not None:
            found = True
            message = f"the run ends while the value rises, up to its peak at update {later}"
            yield Violation(message, context.tree.span, "shorten the warmup")
        if found or not context.base_is_known or math.isinf(context.end):
            return
        for node in _peak_given(context):
            peak, (_, highest) = context.value(node), bounds(context)
            if peak is not None and self._is_below(highest, peak):
                message = f"the peak is {peak:g}, but no update gets above {highest:g}"
                yield Violation(message, node.span, "choose lengths that put the peak at an update")

    def _is_below(self, best: float, peak: float) -> bool:
        return best < peak * (1 - self.tolerance) - 1e-9 * abs(peak)


def _best(context: LintContext, segment: TimelineSegment) -> float | None:
    """The highest value at the end of a rise; None where another rule says what is wrong."""
    total = context.total or math.inf
    if max(segment.start, 0) >= min(segment.stop, total):
        return None
    if math.inf > total <= segment.stop:
        return segment.value_at(total - 1)
    first = bisect_left(context.segments, segment.stop, key=lambda x: x.start)
    later = islice(context.segments, first, None)
    following = list(takewhile(lambda x: x.start == segment.stop, later))
    seen = [x.first for x in following if x.start < x.stop]
    if not seen or len(seen) == len(following):
        return None  # it is held at its end, or what follows starts there or jumps
    return max(segment.value_at(int(segment.stop) - 1), *seen)


def _whole_rises(context: LintContext, segment: TimelineSegment) -> bool:
    """Whether the whole rises where a part of it does."""
    first, last = max(segment.start, 0), int(min(segment.stop, context.end)) - 1
    return first >= last or context.known_schedule(first) < context.known_schedule(last)


def _said(context: LintContext, segment: TimelineSegment, best: float) -> str:
    def peak(schedule: Schedule) -> float | None:
        found = twin(schedule, segment)
        return None if found is None else found.leads_to

    wanted = in_words(context, peak)
    if wanted is None or not context.base_is_known:
        share = best / segment.leads_to if segment.leads_to else 0
        reached = f"no update gets above {share:.3g} of that"
    else:
        reached = f"no update gets above {best:g}"
    return f"this rises{f' to {wanted}' if wanted else ''}, but {reached}"


def _peak_later(context: LintContext) -> int | None:
    """The update after the run at which what rises all along comes to its peak; None if none."""
    schedule, total = context.known_schedule, context.total
    if total is None or math.isfinite(schedule.length) or total < 2:
        return None
    if accumulates(schedule):  # each value far beyond the run takes all before it
        return None
    stop = round_end(context) or FAR * total
    try:
        before = schedule(np.unique(np.linspace(0, total - 1, SAMPLES).astype(np.int64)))
        steps = np.unique(np.linspace(total - 1, stop, SAMPLES * 4).astype(np.int64))
        after = schedule(steps)
    except SpecError:  # it has no values so far away
        return None
    peak = int(after.argmax())
    is_rising = bool(np.all(np.diff(before) >= 0) and before[-1] > before[0])
    is_peak = 0 < peak < after.size - 1 and after[-1] < after[peak] > before[-1] * 1.01
    return int(steps[peak]) if is_rising and is_peak else None


def _peak_given(context: LintContext) -> list[ast.Node]:
    """The peak that a definition is given, if the whole spec is a call of it."""
    call, known = context.tree, context.language.definitions
    if not isinstance(call, ast.Call) or call.name.id not in known:
        return []
    given, _ = bind_definition(call, known[call.name.id])
    return [x for name, x in given.items() if name in PEAKS and isinstance(x, ast.Node)][:1]
