"""`RunMetrics`: the metrics of a run, and what its schedules make of them."""

from __future__ import annotations

import bisect
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from lrdsl.diagnostics import BAD_METRIC, BAD_STATE, SpecError, spec_error
from lrdsl.language.modifiers.reactive import Reaction
from lrdsl.torch.metric_record import Family, MetricRecord, Reactions
from lrdsl.torch.metric_watch import MetricWatch, watch
from lrdsl.torch.plan import DrivenSchedule, have_same_values

Log = list[tuple[int, float]]
"""Metrics, each after the number of updates that had been made before it came."""

NO_METRICS = MetricRecord()


class RunMetrics:
    """Lets the schedules of a run react to its metrics.

    `record` is what they have made of them so far. `log` has the metrics themselves, None if they
    are not kept. `schedules` are in the order of their references. Metrics that change no value are
    taken by a `MetricWatch`; the record follows when somebody asks for it.
    """

    def __init__(self, record: MetricRecord = NO_METRICS, log: Log | None = None) -> None:
        self.log = log
        self.watch: MetricWatch | None = None
        """Takes the metrics that change no value; None until there is one."""
        self._record = record
        self._schedules: list[DrivenSchedule] = []

    @property
    def record(self) -> MetricRecord:
        """The record of what the schedules have made of the metrics so far."""
        watch = self.watch
        if watch is not None and watch.progress is not watch.begin:
            self.record = watch.record()
        return self._record

    @record.setter
    def record(self, record: MetricRecord) -> None:
        self._record, self.watch = record, None

    @property
    def schedules(self) -> list[DrivenSchedule]:
        """The schedules that follow the metrics."""
        return self._schedules

    @schedules.setter
    def schedules(self, schedules: list[DrivenSchedule]) -> None:
        self.record = self.record  # others may react to the next metric
        self._schedules = schedules

    def add(self, driven: DrivenSchedule) -> None:
        """Add a schedule, and bring it into the state after the metrics so far."""
        self.record = self.record
        self._schedules.append(driven)
        self.renew(driven)

    def watch_at(self, t: int) -> MetricWatch | None:
        """The watch over metrics of update `t` that change no value; None if there is none."""
        if self.watch is None or not t < self.watch.until:
            self.watch = watch(self._schedules, self.record, t)
        return self.watch

    def until(self, t: int) -> RunMetrics:
        """The metrics up to update `t`, without schedules; `SpecError` as `log_until`."""
        if self.record.last <= t:
            return RunMetrics(self.record, None if self.log is None else [*self.log])
        log = self.log_until(t)
        return RunMetrics(_record_of(log), log)

    @contextmanager
    def observe(self, t: int, metric: float) -> Iterator[bool]:
        """Add a metric that came after `t` updates; an exception in the context undoes it.

        Metrics that came after more updates are dropped: training went back; `SpecError` if the
        metrics are not kept. Yields whether any value may have changed.
        """
        record, log = self.record, self.log
        states = {each: each.schedule for each in self.schedules}
        try:
            if t < record.last:
                self._rewind(t)
            families = self._reacted(t, metric)
            self._follow(families, t)
            self.record = self._next_record(families, t)
            if self.log is not None:
                self.log.append((t, metric))
            yield not all([have_same_values(x.schedule, states[x]) for x in self.schedules])
        except BaseException:
            for each, schedule in states.items():
                each.schedule = schedule
            if log is not None:
                del log[record.total :]
            self.record, self.log = record, log
            raise

    def _changes(
        self, driven: DrivenSchedule, families: Mapping[Family, Reactions], t: int
    ) -> bool:
        """Whether new reactions change the values of a schedule."""
        new = families.get(driven.family)
        if new is None or not driven.takes(self.record.total, t):
            return False
        known = self.record.families[driven.family].reactions
        if all([x.calls == y.calls for x, y in zip(new.reactions, known, strict=True)]):
            return False
        pairs = zip(driven.schedule.observers, new.reactions, strict=True)
        return any([observer.changes(reaction) for observer, reaction in pairs])

    def _reacted(self, t: int, metric: float) -> dict[Family, Reactions]:
        """The reactions of all specs that are in force to a metric."""
        total, former = self.record.total, self.record.families
        families: dict[Family, Reactions] = {}
        for each in self.schedules:
            family = each.family
            if family in former and family not in families and each.takes(total, t):
                reactions, before = former[family]
                reactions = each.initial.react(reactions, t, metric)
                families[family] = Reactions(reactions, before)
        return families

    def _next_record(self, families: Mapping[Family, Reactions], t: int) -> MetricRecord:
        """The record with new reactions of some specs, to one more metric."""
        return MetricRecord(self.record.total + 1, t, {**self.record.families, **families})

    def _follow(self, families: Mapping[Family, Reactions], t: int) -> None:
        """Let the schedules follow new reactions, and those that refer to them."""
        changed: set[DrivenSchedule] = set()
        for each in self.schedules:
            if not each.takes(self.record.total, t):
                continue
            before = each.schedule
            if changed and not changed.isdisjoint(each.references.values()):
                self.renew(each)
            if self._changes(each, families, t):
                each.schedule = each.schedule.advanced(families[each.family].reactions, t)
            if not have_same_values(each.schedule, before):
                changed.add(each)

    def _rewind(self, t: int) -> None:
        """Undo what metrics after more than `t` updates have done."""
        self.log = self.log_until(t)
        self.record = _record_of(self.log)
        for each in self.schedules:
            self.renew(each)

    def renew(self, driven: DrivenSchedule) -> None:
        """Bring a schedule into the state after the metrics so far."""
        reactions: tuple[Reaction, ...] = ()
        before: tuple[float, ...] = ()
        observers = driven.initial.observers
        if not observers and not driven.references:
            driven.schedule = driven.initial
            return
        if observers:
            known = self.record.families.get(driven.family)
            if known is None:
                known = Reactions(self._reactions(driven))
                families = {**self.record.families, driven.family: known}
                self.record = self.record._replace(families=families)
            elif not known.fits(driven.initial.reactions):
                raise spec_error(BAD_STATE, "`reactions` of the state are those of no modifier")
            reactions, before = known.reactions, self._before(driven, known)
        driven.renew(reactions, before, self.record.last if self.record.total else None)

    def _reactions(self, driven: DrivenSchedule) -> tuple[Reaction, ...]:
        """The reactions of a spec to the metrics that are kept; `SpecError` if others took them.

        A spec that no group has had begins to react when a group has it.
        """
        key, modifiers = driven.family
        if self.record.total and not self.log:
            for other, saved in self.record.families:
                if other == key:
                    raise other_modifiers(saved, modifiers)
        reactions = driven.initial.reactions
        for i, (t, metric) in enumerate(self.log or ()):
            if driven.takes(i, t):
                reactions = driven.initial.react(reactions, t, metric)
        return reactions

    def _before(self, driven: DrivenSchedule, known: Reactions) -> tuple[float, ...]:
        """The factors before the first changes that are remembered."""
        ones = tuple([1.0] * len(known.reactions))
        if all([reaction.forgotten is None for reaction in known.reactions]):
            return ones
        found = {
            **known.before,
            **self._befores([x for x in self.schedules if x is not driven], driven.family),
        }
        return found.get(driven.base) or next(iter(found.values()), ones)

    @staticmethod
    def _befores(
        schedules: Iterable[DrivenSchedule], family: Family
    ) -> dict[float | None, tuple[float, ...]]:
        """The factors of some schedules before the first changes that are remembered, by base."""
        return {
            each.base: tuple([history.before for history in each.schedule.histories])
            for each in schedules
            if each.family == family
        }

    def settled_record(self) -> MetricRecord:
        """The record with all that a later run needs of schedules that forget their changes."""
        families = dict(self.record.families)
        for family, known in self.record.families.items():
            if any([reaction.forgotten is not None for reaction in known.reactions]):
                self.settle()
                before = self._befores(self.schedules, family)
                families[family] = known._replace(before=before or known.before)
        return self.record._replace(families=families)

    def settle(self) -> None:
        """Bring the states of all modifiers up to the latest metric: steps need factors alone."""
        for each in self.schedules:
            if each.initial.is_reactive:
                reactions = self.record.families[each.family].reactions
                if each.schedule.reactions != reactions:
                    each.schedule = each.schedule.advanced(reactions, self.record.last)

    def log_until(self, t: int) -> Log:
        """The metrics up to update `t`; `SpecError` if there are later ones that are not kept."""
        if self.log is None:
            message = (
                f"a metric of update {self.record.last} has been taken already, and cannot be taken"
                f" back at update {t}: the metrics are not kept"
            )
            fix = "make the Scheduler with `keep_metrics=True`"
            raise spec_error(BAD_METRIC, message, fix=fix)
        return self.log[: bisect.bisect_right(self.log, t, key=operator.itemgetter(0))]


def _record_of(log: Log) -> MetricRecord:
    """The record of metrics to which no spec has reacted yet."""
    return MetricRecord(len(log), log[-1][0] if log else -1)


def other_modifiers(saved: Sequence[str], own: Sequence[str]) -> SpecError:
    """The error of a state whose metrics other modifiers have taken."""
    message = (
        f"the metrics so far were taken by {_listed(saved)}, and here stands {_listed(own)}: "
        "without the metrics themselves what they would have done is not known"
    )
    fix = '`keep_metrics=True` keeps the metrics of a run; `on_change="keep"` continues as before'
    return spec_error(BAD_STATE, message, fix=fix)


def _listed(modifiers: Sequence[str]) -> str:
    return ", ".join([f"`{each}`" for each in modifiers]) or "none"
