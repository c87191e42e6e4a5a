"""Amounts in messages: a number, or a multiple of a `base` that is unknown."""

from __future__ import annotations

import math
from collections.abc import Callable

from lrdsl.language.signal import TimelineSegment
from lrdsl.linter.context import OTHER_BASE, LintContext
from lrdsl.schedule.schedule import Schedule


def in_words(context: LintContext, of: Callable[[Schedule], float | None]) -> str | None:
    """An amount of a schedule as a message says it, None where it depends on `base` otherwise.

    Where `base` is unknown the spec was compiled with 1: a number alone would be nobody's rate.
    """
    other = None if context.base_is_known or context.rebased is None else of(context.rebased)
    return said(context, of(context.known_schedule), other)


def said(context: LintContext, value: float | None, other: float | None) -> str | None:
    """An amount in words, given what it is in `context.schedule` and in `context.rebased`."""
    if value is None or context.base_is_known:
        return None if value is None else f"{value:g}"
    if other is None:
        return None
    if math.isclose(value, other, rel_tol=1e-9):
        return f"{value:g}"
    if math.isclose(value * OTHER_BASE, other, rel_tol=1e-9):
        return "`base`" if math.isclose(value, 1, rel_tol=1e-9) else f"{value:g} × base"
    return None


def at(update: int) -> Callable[[Schedule], float]:
    """The amount that a schedule has at an update."""
    return lambda schedule: schedule(update)


def twin(schedule: Schedule, segment: TimelineSegment) -> TimelineSegment | None:
    """The segment of a schedule that stands where another one does in the text and in the run."""
    place = (segment.start, segment.stop, segment.span[:2])
    every = schedule.chain_segments
    return next((x for x in every if (x.start, x.stop, x.span[:2]) == place), None)
