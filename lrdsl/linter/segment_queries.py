"""Queries about the segments of a schedule: its joints, its bounds, the end of its warmup."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrdsl.diagnostics import Span, SpecError
from lrdsl.language.length import round_half_up
from lrdsl.language.pointwise.times import Array
from lrdsl.language.shapes.base import Direction
from lrdsl.language.signal import LAST_STEP, TimelineSegment
from lrdsl.linter.context import LintContext
from lrdsl.linter.syntax_queries import promised_direction
from lrdsl.schedule.schedule import Schedule
from lrdsl.syntax import ast

MAX_UPDATES = 4096
"""The updates of the longest run of which each update is evaluated."""

SAMPLES = 1024
"""The evenly spaced updates that are evaluated in a longer run, beside its boundaries."""

NEGLIGIBLE = 1e-3
"""A smaller change, relative to the values around it, does not count."""


class Joint(NamedTuple):
    """Where a part of a chain follows another at the update `at`.

    `before` is what the formula of the one on the left comes to there, `after` the value that the
    other one starts at.
    """

    left: TimelineSegment
    right: TimelineSegment
    at: int
    before: float
    after: float


def joints(schedule: Schedule) -> Iterator[Joint]:
    """The joints of the chains of a schedule.

    Each update comes once; there are none under what warps time.
    """
    seen: set[int] = set()
    for i, right in enumerate(schedule.chain_segments[1:], 1):
        left = schedule.chain_segments[i - 1]
        follows = left.start < left.stop == right.start
        if follows and 0 < right.start < right.stop and right.start not in seen:
            seen.add(right.start)
            yield Joint(left, right, right.start, left.leads_to, right.first)


def in_one_call(first: Span, second: Span) -> bool:
    """Whether both stand in the body of the same definition, at the same call of it."""
    if not (first.sites and second.sites):
        return False
    return first[:2] == second[:2] and first.sites[0].name == second.sites[0].name


def edges(context: LintContext) -> set[int]:
    """Updates where a part starts or ends, or, by its own clock, an entry of an `interval`."""
    assert context.schedule is not None
    found = {edge for x in context.schedule.chain_segments for edge in (x.start, x.stop)}
    for node in context.nodes:
        if isinstance(node, ast.Entry):
            ends = [context.updates(end) for end in (node.start, node.stop) if end is not None]
            found |= {round_half_up(end) for end in ends if end is not None}
    return {int(edge) for edge in found if 0 <= edge < LAST_STEP}


def horizon(context: LintContext) -> int:
    """The number of updates that can be evaluated: the run, or up to the last known boundary."""
    if math.isfinite(context.end):
        return max(int(context.end), 1)
    return max(edges(context), default=0) + 1


def bounds(context: LintContext, start: int = 0) -> tuple[float, float] | None:
    """The lowest and the highest value in the run from `start` on, None if that is too far."""
    schedule, stop = context.schedule, horizon(context)
    assert schedule is not None
    if start >= stop:
        return None
    try:
        return schedule.bounds(start, stop)
    except SpecError:
        return None


def sampled(context: LintContext) -> tuple[NDArray[np.int64], Array]:
    """Updates of the run with their values: all of them in a short run."""
    schedule, stop = context.schedule, horizon(context)
    assert schedule is not None
    if stop <= MAX_UPDATES:
        steps = np.arange(stop)
    else:
        near = [t + d for t in edges(context) for d in (-1, 0, 1) if 0 <= t + d < stop]
        spaced = np.linspace(0, stop - 1, SAMPLES).astype(np.int64)
        steps = np.sort(np.concatenate([spaced, np.array(near, dtype=np.int64)]))
        steps = steps[np.concatenate([[True], steps[1:] != steps[:-1]])]  # each once
    return steps, np.asarray(schedule(steps))


def rises(segment: TimelineSegment) -> bool:
    """Whether a segment ends above where it begins."""
    return segment.leads_to > segment.first


def falls(segment: TimelineSegment) -> bool:
    """Whether a segment ends below where it begins."""
    return segment.leads_to < segment.first


def warmup_of(context: LintContext) -> TimelineSegment | None:
    """The segment that the run warms up with: a warmup, or a rise that another one follows."""
    segments = [segment for segment in context.segments if max(segment.start, 0) < segment.stop]
    if not segments or segments[0].start > 0 or not rises(segments[0]):
        return None
    first = segments[0]
    is_warmup = promised_direction(context.shape_name(first)) is Direction.UP
    return first if is_warmup or len(segments) > 1 else None


def at_update(context: LintContext, update: int) -> Span:
    """The text that is in force at an update: the segment there, or all of the spec."""
    for segment in context.segments:
        if segment.start <= update < segment.stop:
            return segment.span
    return context.tree.span
