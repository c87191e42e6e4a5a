"""`MetricWatch`: takes the metrics that change no value, as most do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from lrdsl.language.length import Exact
from lrdsl.language.modifiers.reactive import MAX_CHANGES, MetricObserver, State
from lrdsl.torch.metric_record import Family, MetricRecord, Reactions
from lrdsl.torch.plan import DrivenSchedule

Progress = tuple[int, int, Sequence[State], int]
"""The number of metrics, the update of the latest, the states, and the number of calls so far."""


class Watched(NamedTuple):
    """The modifiers at one place in the schedules of a spec, one in each of these schedules."""

    family: Family
    place: int
    schedules: Sequence[DrivenSchedule]

    @property
    def observers(self) -> Sequence[MetricObserver]:
        """The modifiers."""
        return [each.schedule.observers[self.place] for each in self.schedules]


class MetricWatch:
    """The metric modifiers that take metrics, the same ones for all that come from now on.

    They do so until update `until`, where a part of the schedule with another one begins, or that
    of one of them ends. `progress` is what they have come to. Whoever sets it to a former one takes
    metrics back.
    """

    def __init__(
        self, watched: Sequence[Watched], until: float | Exact, record: MetricRecord
    ) -> None:
        self._watched = watched
        # Metrics that change no value may make other observers of them, but with the same values.
        self._observers = [each.observers for each in watched]
        self._updates = [observer.modifier.update for observer, *_ in self._observers]
        self.until = until
        self._record = record
        self._calls: list[tuple[int, int, float]] = []
        """The calls for changes that values at a limit do not follow: which, from when, what."""
        states = [record.families[x.family].reactions[x.place].state for x in watched]
        self.begin: Progress = (record.total, record.last, states, 0)
        self.progress: Progress = self.begin

    def take(self, t: int, metric: float) -> Progress | None:
        """The result of one more metric, of update `t`; None if it changes a value."""
        total, last, states, calls = self.progress
        if t < last:
            return None
        known = metric if math.isfinite(metric) else math.nan
        found: list[State] = []
        for update, state in zip(self._updates, states):  # noqa: B905 - `strict=` is slow
            state, ratio = update(state, known)
            if ratio != 1:
                i = len(found)
                call = self._ignored(i, t, ratio)
                if call is None:
                    return None
                del self._calls[calls:]
                self._calls.append(call)
                calls += 1
                if calls > MAX_CHANGES:
                    self.until = t  # then another watch begins without calls
            found.append(state)
        return total + 1, t, found, calls

    def _ignored(self, i: int, t: int, ratio: float) -> tuple[int, int, float] | None:
        """A call for a change that changes no value; None if it changes one."""
        for observer in self._observers[i]:
            since = observer.since(t)
            if observer.ratio_at(since, ratio) != 1:
                return None
        return i, since, ratio

    def record(self) -> MetricRecord:
        """The record after the metrics so far."""
        total, last, states, calls = self.progress
        families = dict(self._record.families)
        for i, (each, state) in enumerate(zip(self._watched, states, strict=True)):
            reactions, before = families[each.family]
            own = [(since, ratio) for j, since, ratio in self._calls[:calls] if j == i]
            new = reactions[each.place].after(state, *(zip(*own, strict=True) if own else ((), ())))
            all_new = (*reactions[: each.place], new, *reactions[each.place + 1 :])
            families[each.family] = Reactions(all_new, before)
        return MetricRecord(total, last, families)


def watch(schedules: Sequence[DrivenSchedule], record: MetricRecord, t: int) -> MetricWatch | None:
    """The modifiers that take metrics from update `t` on.

    None if there are none, or a plan is still to begin, as when training goes back.
    """
    until: float | Exact = math.inf
    families: dict[Family, list[DrivenSchedule]] = {}
    for each in schedules:
        plans = [plan for plan in (each.since, each.until) if plan is not None]
        if not all([plan.has_begun(record.total, t) for plan in plans]):
            return None
        if each.family in record.families and each.takes(record.total, t):
            families.setdefault(each.family, []).append(each)
    watched = []
    for family, own in families.items():
        for place, observer in enumerate(own[0].initial.observers):
            if t < observer.stop:
                has_begun = observer.start <= t
                until = min(until, observer.stop if has_begun else observer.start)
                if has_begun:
                    watched.append(Watched(family, place, own))
    is_reactive = any([each.initial.is_reactive for each in schedules])
    return MetricWatch(watched, until, record) if is_reactive else None
