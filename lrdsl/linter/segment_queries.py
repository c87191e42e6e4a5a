"""Queries about the segments of a schedule: its joints, its bounds, the end of its warmup."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lrdsl.diagnostics import Span, SpecError
from lrdsl.language.length import round_half_up
from lrdsl.language.pointwise.times import Array
from lrdsl.language.shapes.base import Direction
from lrdsl.language.signal import LAST_STEP, TimelineSegment
from lrdsl.linter.context import LintContext
from lrdsl.linter.syntax_queries import promised_direction
from lrdsl.syntax import ast

MAX_UPDATES = 4096
"""The updates of the longest run of which each update is evaluated."""

SAMPLES = 1024
"""The evenly spaced updates that are evaluated in a longer run, beside its boundaries."""

MAX_NEAR = 100_000
"""Updates around a turn that are looked at for its very place."""

MAX_REACHES = 23
"""How often the end of a cycle is looked for, four times as far ahead each time."""

NEGLIGIBLE = 1e-3
"""A smaller change, relative to the values around it, does not count."""

UNKNOWN_BOUNDS = (math.nan, math.nan)
"""Bounds that no comparison is true of."""


def in_one_call(first: Span, second: Span) -> bool:
    """Whether both stand in the body of the same definition, at the same call of it."""
    if not (first.sites and second.sites):
        return False
    return first[:2] == second[:2] and first.sites[0].name == second.sites[0].name


def first_at_each_place(segments: Sequence[TimelineSegment]) -> list[TimelineSegment]:
    """The first of the segments at each place of the text, such as a call of a definition."""
    return list({x.span[:2]: x for x in reversed(segments)}.values())[::-1]


def edges(context: LintContext) -> set[int]:
    """Updates where a part starts or ends, or, by its own clock, an entry of an `interval`."""
    found = {edge for x in context.known_schedule.chain_segments for edge in (x.start, x.stop)}
    for node in context.nodes.of(ast.Entry):
        ends = [context.updates(end) for end in (node.start, node.stop) if end is not None]
        found |= {round_half_up(end) for end in ends if end is not None}
    return {int(edge) for edge in found if 0 <= edge < LAST_STEP}


def horizon(context: LintContext) -> int:
    """The number of updates that can be evaluated: the run, or up to the last known boundary."""
    if math.isfinite(context.end):
        return max(int(context.end), 1)
    return max(edges(context), default=0) + 1


def bounds(context: LintContext, start: int = 0) -> tuple[float, float]:
    """The lowest and the highest value in the run from `start` on, NaN if that is too far."""
    stop = horizon(context)
    try:
        return context.known_schedule.bounds(start, stop) if start < stop else UNKNOWN_BOUNDS
    except SpecError:
        return UNKNOWN_BOUNDS


def place_of_lowest(context: LintContext, start: int = 0) -> Span:
    """The text that gives the lowest value in the run from `start` on."""
    steps, values = sampled(context)
    later = steps >= start
    return at_update(context, int(steps[later][values[later].argmin()]))


def place_of_highest(context: LintContext) -> Span:
    """The text that gives the highest value in the run."""
    steps, values = sampled(context)
    return at_update(context, int(steps[values.argmax()]))


def sampled(context: LintContext) -> tuple[NDArray[np.int64], Array]:
    """Updates of the run with their values: all of them in a short run."""
    stop = horizon(context)
    if stop <= MAX_UPDATES:
        steps = np.arange(stop)
    else:
        near = [t + d for t in edges(context) for d in (-1, 0, 1) if 0 <= t + d < stop]
        spaced = np.linspace(0, stop - 1, SAMPLES).astype(np.int64)
        steps = np.sort(np.concatenate([spaced, np.array(near, dtype=np.int64)]))
        steps = steps[np.concatenate([[True], steps[1:] != steps[:-1]])]  # each once
    return steps, np.asarray(context.known_schedule(steps))


def round_end(context: LintContext) -> int | None:
    """How many updates have been made when the last one's cycle is over; None without cycles."""
    if not any([call.modifier and call.modifier.makes_cycles for call in context.calls]):
        return None
    schedule, total = context.known_schedule, context.known_total
    ends = (schedule.cycle_ends(total - 1, total + 64 * 4**i) for i in range(MAX_REACHES))
    return next((found[0] for found in ends if found), None)


def lowest_near(context: LintContext, steps: NDArray[np.int64], k: int) -> int:
    """The update with the lowest value around the one of that number among those looked at."""
    first, last = int(steps[max(k - 1, 0)]), int(steps[min(k + 1, steps.size - 1)])
    near = np.arange(first, min(last + 1, first + MAX_NEAR))
    return int(near[context.known_schedule(near).argmin()])


def rises(segment: TimelineSegment) -> bool:
    """Whether a segment ends above where it begins."""
    return segment.leads_to > segment.first


def falls(segment: TimelineSegment) -> bool:
    """Whether a segment ends below where it begins."""
    return segment.leads_to < segment.first


def warmup_of(context: LintContext) -> TimelineSegment | None:
    """The segment that the run warms up with: a warmup, or a rise that another one follows."""
    segments = [segment for segment in context.segments if segment.is_seen]
    if not segments or segments[0].start > 0 or not rises(segments[0]):
        return None
    first = segments[0]
    is_warmup = promised_direction(context, context.shape_name(first)) is Direction.UP
    return first if is_warmup or len(segments) > 1 else None


def at_update(context: LintContext, update: int) -> Span:
    """The text that is in force at an update: the segment there, or all of the spec."""
    for segment in context.segments:
        if segment.start <= update < segment.stop:
            return segment.span
    return context.tree.span
