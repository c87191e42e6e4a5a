"""The contract of signals and of modifiers: what must hold for all, whoever writes them.

A check raises `AssertionError`; its message begins with the clause that is broken.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from lrdsl.language.length import round_half_up
from lrdsl.language.modifiers import MODIFIERS, Modifier
from lrdsl.language.modifiers.base import Length
from lrdsl.language.pointwise.functions import NUMPY
from lrdsl.language.pointwise.times import Range
from lrdsl.language.signal import Signal
from lrdsl.language.wrapped_signal import WrappedSignal

UPDATES = 240
"""So many updates of a signal are checked one by one."""

RANGES = [(0, 1), (0, UPDATES), (3, 50), (49, 51), (100, UPDATES)]


def check_signal(signal: Signal, length: Length) -> None:
    """Check all clauses that hold for every signal; `length` is its exact length."""
    _check_times(signal)
    _check_segments(signal)
    _check_min_max(signal)
    _check_cycle_ends(signal)
    _check_constant_value(signal)
    if not isinstance(length, float):
        _check_end(signal, round_half_up(length))


def check_modifier(cls: type[Modifier], modified: Signal, source: Signal, length: Length) -> None:
    """Check what `cls` made of `source`: a signal of that length."""
    _check_needs_end(cls)
    check_signal(modified, length)
    _check_cycles_inside(cls, modified, source)


def _check_times(signal: Signal) -> None:
    """A value is the same, bit for bit, alone, in an array, in any order and in a `Range`."""
    times = np.arange(float(UPDATES))
    values = signal.values(times)
    order = np.random.default_rng(0).permutation(UPDATES)
    alone = [signal.value_at(t) for t in times[::7]]
    _require("one value per time", values.shape == times.shape and values.dtype == np.float64)
    _require("scalar = array", alone == values[::7].tolist())
    _require("array = Range", signal.values(Range(0.0, UPDATES)).tolist() == values.tolist())
    written = signal.values(Range(0.0, UPDATES))
    written[...] = math.nan
    again = signal.values(Range(0.0, UPDATES)).tolist()
    _require("an array of its own", again == values.tolist())
    _require("any order", signal.values(times[order]).tolist() == values[order].tolist())


def _check_segments(signal: Signal) -> None:
    """The segments cover the updates from 0 to before `stop`, one after the other, with ints."""
    for stop in (1, 50, UPDATES, math.inf):
        segments = signal.segments(stop)
        edges = [edge for segment in segments for edge in (segment.start, segment.stop)]
        whole = all([type(edge) is int or edge == math.inf for edge in edges])
        _require("segments have ints", whole and math.inf not in edges[:-1], edges)
        _require("segments begin at 0 and end at stop", (edges[0], edges[-1]) == (0, stop), edges)
        _require("segments follow each other", edges[1:-1:2] == edges[2:-1:2], edges)
        _require("segments are not empty", all([p.start < p.stop for p in segments]), edges)


def _check_min_max(signal: Signal) -> None:
    for start, stop in RANGES:
        values = signal.values(np.arange(float(start), float(stop)))
        expected = (float(values.min()), float(values.max()))
        found = signal.min_max(start, stop)
        _require("min_max is brute force", found == expected, start, stop, found, expected)


def _check_cycle_ends(signal: Signal) -> None:
    """Cycle ends are ints in order, each once, and the same however the updates are cut."""
    ends = list(signal.cycle_ends(0, UPDATES))
    _require("cycle ends are ints", all([type(end) is int for end in ends]), ends)
    _require("cycle ends are in order", ends == sorted(set(ends)), ends)
    for start, stop in RANGES:
        inside = [end for end in ends if start < end <= stop]
        found = list(signal.cycle_ends(start, stop))
        _require("cycle ends depend on the range alone", found == inside, start, stop, found)


def _check_constant_value(signal: Signal) -> None:
    value = signal.constant_value
    if value is not None:
        values = signal.values(np.arange(float(UPDATES))).tolist()
        _require("constant_value is the value", values == [value] * UPDATES)


def _check_end(signal: Signal, end: int) -> None:
    values = [signal.value_at(t) for t in (end, end + 1, end + 777)]
    _require("values past the end hold", len(set(values)) == 1, end, values)


def _check_needs_end(cls: type[Modifier]) -> None:
    """What needs an end says why in words of its own."""
    if cls.needs_end is None:
        return
    words = cls.needs_end
    _require("needs_end is a message", isinstance(words, str) and len(words) > 10, words)
    others = [MODIFIERS[name] for name in MODIFIERS]
    taken = [other.name for other in others if other is not cls and other.needs_end == words]
    _require("needs_end is a message of its own", not taken, words, taken)


def _check_cycles_inside(cls: type[Modifier], modified: Signal, source: Signal) -> None:
    """The cycle ends of a repetition inside survive, unless the modifier makes its own."""
    found = list(modified.cycle_ends(0, UPDATES))
    if cls.makes_cycles:
        _require("cycles that are made end", bool(found))
        return
    inside = list(source.cycle_ends(0, 100 * UPDATES))
    if isinstance(modified, WrappedSignal):
        _check_time_map(modified)
        inside = _come_to(modified, inside)
    expected = [end for end in inside if 0 < end <= UPDATES]
    _require("cycle ends inside survive", found == expected, found, expected)


def _check_time_map(signal: WrappedSignal) -> None:
    """The three forms of a time map agree, and time never goes back."""
    updates = range(UPDATES)
    exact = [signal.time.source_time(update) for update in updates]
    read = np.asarray(signal.time.source_times(np.array(updates, dtype=float), NUMPY)).tolist()
    _require("time maps are exact", [float(time) for time in exact] == read)
    _require("time maps are monotone", exact == sorted(exact))
    for time in range(int(exact[-1]) + 1):
        first = next(update for update in updates if exact[update] >= time)
        _require("first_update is the first", signal.time.first_update(time) == first, time)


def _come_to(signal: WrappedSignal, times: Iterable[int]) -> list[int]:
    """The first updates at which the source has come to these times, each once, by looking."""
    exact = [signal.time.source_time(int(min(t, signal.end))) for t in range(UPDATES + 1)]
    found = [next((u for u, at in enumerate(exact) if at >= time), 0) for time in times]
    return sorted(set(found))


def _require(clause: str, holds: bool, *shown: object) -> None:
    assert holds, ": ".join([clause, *[repr(each)[:300] for each in shown]])
