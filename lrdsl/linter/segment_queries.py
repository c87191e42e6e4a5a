"""Queries about the segments of a schedule: its joints, its bounds, the end of its warmup."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from lrdsl.compiler.lower import ChainPart
from lrdsl.diagnostics import Span, SpecError
from lrdsl.language.pointwise.times import Array
from lrdsl.language.shapes.base import Direction
from lrdsl.language.signal import LAST_STEP, round_half_up
from lrdsl.linter.context import LintContext, Part
from lrdsl.linter.syntax_queries import promised_direction
from lrdsl.schedule.schedule import Schedule
from lrdsl.syntax import ast

MAX_UPDATES = 4096
"""The updates of the longest run of which each update is evaluated."""

SAMPLES = 1024
"""The evenly spaced updates that are evaluated in a longer run, beside its boundaries."""

NEGLIGIBLE = 1e-3
"""A smaller change, relative to the values around it, does not count."""

P = TypeVar("P", bound=ChainPart | Part)

UNKNOWN_BOUNDS = (math.nan, math.nan)
"""Bounds that no comparison is true of."""


class Joint(NamedTuple):
    """Where a part of a chain follows another at the update `at`.

    `before` is what the formula of the one on the left comes to there, `after` the value that the
    other one starts at.
    """

    left: ChainPart
    right: ChainPart
    at: int
    before: float
    after: float


def joints(context: LintContext, schedule: Schedule) -> Iterator[Joint]:
    """The joints of the chains of the schedule, or of the same with another base.

    Each update comes once; there are none under what warps time.
    """
    seen: set[int] = set()
    for i, right in enumerate(schedule.chain_parts[1:], 1):
        left = schedule.chain_parts[i - 1]
        follows = left.start < left.stop == right.start
        if follows and 0 < right.start < right.stop and right.start not in seen:
            seen.add(right.start)
            before, after = context.leads_to(left), context.begins(right)
            yield Joint(left, right, right.start, before, after)


def in_one_call(first: Span, second: Span) -> bool:
    """Whether both stand in the body of the same definition, at the same call of it."""
    if not (first.sites and second.sites):
        return False
    return first[:2] == second[:2] and first.sites[0].name == second.sites[0].name


def first_at_each_place(parts: Iterable[P]) -> list[P]:
    """The first of the parts at each place of the text, which may be a call of a definition."""
    return list({part.node.span[:2]: part for part in reversed([*parts])}.values())[::-1]


def edges(context: LintContext) -> set[int]:
    """Updates where a part starts or ends, or, by its own clock, an entry of an `interval`."""
    found = {
        edge for part in context.known_schedule.chain_parts for edge in (part.start, part.stop)
    }
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


def rises(part: Part) -> bool:
    """Whether a part ends above where it begins."""
    return part.leads_to > part.begins


def falls(part: Part) -> bool:
    """Whether a part ends below where it begins."""
    return part.leads_to < part.begins


def warmup_of(context: LintContext) -> Part | None:
    """The part that the run warms up with: a warmup, or a rise that another part follows."""
    parts = [part for part in context.parts if max(part.start, 0) < part.stop]
    if not parts or parts[0].start > 0 or not rises(parts[0]):
        return None
    is_warmup = promised_direction(parts[0].name) is Direction.UP
    return parts[0] if is_warmup or len(parts) > 1 else None


def at_update(context: LintContext, update: int) -> Span:
    """The text that is in force at an update: the part there, or all of the spec."""
    for part in context.parts:
        if part.start <= update < part.stop:
            return part.span
    return context.tree.span
