"""The laws that each spec keeps. A law that is broken raises AssertionError, which says which."""

from __future__ import annotations

import math
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import lrdsl
from lrdsl import SpecError
from lrdsl.tree import from_tree, to_tree

MAX_LOOKED_AT = 3000
"""Updates whose values are all looked at."""

OWN_MISTAKES = ("LR901",)
"""The diagnostics that mean that lrdsl itself has failed."""


@dataclass(frozen=True)
class Readings:
    """A text that can be parsed: the spec, and its other spellings."""

    text: str
    spec: lrdsl.Spec
    written: str
    """The formatted text."""
    again: lrdsl.Spec | None
    """What its tree means; None if no tree can say it."""


def check_text(text: str, definitions: str = "") -> Readings | None:
    """The laws of a text; its readings if it can be parsed."""
    with_own = {"definitions": definitions} if definitions else {}
    try:
        spec = lrdsl.parse(text)
    except SpecError as error:
        error.diagnostics[0].render()
        check_lint(text, with_own)
        return None
    written = lrdsl.format(text)
    assert lrdsl.format(written) == written, "formatting twice changes the text"
    assert lrdsl.parse(written) == spec, "formatting changes what the text means"
    assert lrdsl.parse(str(spec)) == spec, "the canonical text means something else"
    try:
        tree = to_tree(spec)
    except SpecError:
        return Readings(text, spec, written, None)  # a program, or a text that no tree can say
    again = from_tree(tree)
    assert to_tree(again) == tree, "the tree of a tree is another one"
    return Readings(text, spec, written, again)


def check_lint(text: str, run: Mapping[str, Any]) -> None:
    """Lint ends with diagnostics, none of which says that lrdsl has failed."""
    for found in lrdsl.lint(text, **run):
        assert found.code not in OWN_MISTAKES, found.message
        assert found.code != "LR606", found.message  # no function of a user's is called here
        found.render()
        if found.span.start >= 0 and found.source == text:
            last = max(1, len(text))  # of no text at all the first column is marked
            assert 0 <= found.span.start <= found.span.stop <= last, "a span beyond the text"


def check_schedule(readings: Readings, run: Mapping[str, Any]) -> bool:
    """The laws of a spec in a run; whether it compiles there."""
    text = readings.text
    check_lint(text, run)
    try:
        schedule = lrdsl.compile(text, **run)
    except SpecError as error:
        found = {each.code for each in error.diagnostics}
        assert not found & {"LR606", *OWN_MISTAKES}, found
        return False
    check_values(schedule)
    copy = pickle.loads(pickle.dumps(schedule))
    assert copy == schedule, "a pickled schedule is another one"
    if readings.written != text:
        again = lrdsl.compile(readings.written, **run)
        assert same(schedule, again), "the formatted text has other values"
    if readings.again is not None and str(readings.again) not in (text, readings.written):
        again = lrdsl.compile(readings.again, **run)
        assert same(schedule, again), "the tree has other values"
    return True


UPDATES = np.array([0, 1, 7, 99, 500])
"""Updates at which two schedules must agree."""


def same(first: lrdsl.Schedule, second: lrdsl.Schedule) -> bool:
    """Whether two schedules agree at a few updates, also in where they have no value."""
    try:
        return bool((first(UPDATES) == second(UPDATES)).all())
    except SpecError:  # at some update
        return [value_at(first, t) for t in UPDATES] == [value_at(second, t) for t in UPDATES]


def value_at(schedule: lrdsl.Schedule, t: int) -> float | str:
    try:
        return float(schedule(t))
    except SpecError as error:
        return error.diagnostics[0].code


def check_values(schedule: lrdsl.Schedule) -> None:
    """Values are finite or an error; one is the same alone and among others; bounds hold them."""
    total = schedule.context.total_steps
    end = schedule.length if math.isfinite(schedule.length) else total or 1000
    stop = int(min(end + 1, MAX_LOOKED_AT))
    try:
        values = schedule(np.arange(stop))
    except SpecError:
        return  # there is an update without a finite value
    assert np.isfinite(values).all(), "a value is not finite"
    for t in {0, 1, stop // 2, stop - 1} & {*range(stop)}:
        assert schedule(t) == values[t], f"at {t} a value is another one alone"
    low, high = schedule.bounds(0, stop)
    assert (low, high) == (values.min(), values.max()), "the bounds are not those of the values"
    check_boundaries(schedule, stop)


def check_boundaries(schedule: lrdsl.Schedule, stop: int) -> None:
    """Segments follow each other from 0 on; cycles end in order, within what was asked for."""
    try:
        segments = schedule.segments
        cycles = schedule.cycle_ends(0, stop)
    except SpecError:
        return  # a value far away is not finite, or there are too many
    starts = [segment.start for segment in segments]
    stops = [segment.stop for segment in segments]
    if segments:
        assert starts[0] == 0, "the first segment does not begin at 0"
        assert stops[:-1] == starts[1:], "segments leave a gap, or overlap"
        assert all([a < b for a, b in zip(starts, stops, strict=True)]), "a segment is empty"
    assert all([0 < e <= stop for e in cycles]), "a cycle ends outside of what was asked for"
    assert list(cycles) == sorted({*cycles}), "cycles do not end in order"
