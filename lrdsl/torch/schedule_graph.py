"""`ScheduleGraph`: the compiled schedules of a run, the references between them, its metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

from lrdsl.schedule.schedule import Schedule
from lrdsl.torch.metrics import MetricLog
from lrdsl.torch.plan import Plan
from lrdsl.torch.prefetched_schedule import PrefetchedSchedule, have_same_values


@dataclass(frozen=True, eq=False)
class Node:
    """How a schedule is made from the schedules that it refers to."""

    make: Callable[[Mapping[str, Schedule]], Schedule]
    references: Mapping[str, PrefetchedSchedule]
    plan: Plan
    since: Plan | None = None
    """The schedule takes metrics from the start of this plan on; None: all metrics."""
    rescaled: PrefetchedSchedule | None = None
    """The schedule that this one runs at another pace; it has no references of its own then."""


class ScheduleGraph:
    """Schedules in the order of their references, in the state after the metrics in the log."""

    def __init__(self, log: MetricLog) -> None:
        self.log = log
        self._nodes: dict[PrefetchedSchedule, Node] = {}
        self._successor: dict[PrefetchedSchedule, Plan] = {}
        """The plan that continues a schedule, and takes the metrics from its start on."""

    def __iter__(self) -> Iterator[PrefetchedSchedule]:
        return iter(self._nodes)

    def __getitem__(self, source: PrefetchedSchedule) -> Node:
        return self._nodes[source]

    def add(self, node: Node) -> PrefetchedSchedule:
        """Make a schedule, in the state after the metrics of the log."""
        initial = {name: other.initial for name, other in node.references.items()}
        source = PrefetchedSchedule(node.make(initial))
        self._nodes[source] = node
        if len(self.log):
            source.replace(self._after(source, self.log, {}))
        return source

    def add_with_references(
        self, source: PrefetchedSchedule, references: Mapping[str, PrefetchedSchedule]
    ) -> PrefetchedSchedule:
        """Make a schedule again, with other references."""
        return self.add(replace(self._nodes[source], references=references))

    def end_with(self, source: PrefetchedSchedule, plan: Plan) -> None:
        """Let a schedule take no more metrics once a plan that continues it has begun."""
        if source not in self._successor:
            self._successor[source] = plan
            source.replace(self._after(source, self.log, {}))

    def dependencies(self, source: PrefetchedSchedule) -> set[PrefetchedSchedule]:
        """The schedules that one refers to, also through the schedule that it rescales."""
        node = self._nodes[source]
        found = set(node.references.values())
        return found if node.rescaled is None else found | self.dependencies(node.rescaled)

    @property
    def is_reactive(self) -> bool:
        """Whether any of the schedules reacts to metrics."""
        return any([source.initial.is_reactive for source in self._nodes])

    def definitions(self, plan: Plan) -> str:
        """The definitions that the schedules of a plan use, one a line."""
        texts = [
            source.schedule.context.definitions
            for source, node in self._nodes.items()
            if node.plan is plan
        ]
        return "\n".join(dict.fromkeys(line for text in texts for line in text.split("\n") if line))

    def observe(self, t: int, metric: float) -> AbstractContextManager[None]:
        """Add a metric that came after `t` updates, and update the schedules that react to it.

        Metrics that came after more updates are dropped: training went back. An exception inside
        the context restores the former state.
        """
        if self.log.has_later(t):
            log = self.log.until(t)
            log.add(t, metric)
            return self._replay(log)
        changed: dict[PrefetchedSchedule, Schedule] = {}
        for source, node in self._nodes.items():
            if not self._takes(source, len(self.log), t):
                continue
            if any([_has_new_values(other, changed) for other in node.references.values()]):
                changed[source] = self._after(source, [*self.log, (t, metric)], changed)
            elif source.schedule.is_reactive:
                changed[source] = source.schedule.observe(t, metric)
        return self._replacing(changed, self.log, [(t, metric)])

    def _replay(self, log: MetricLog) -> AbstractContextManager[None]:
        """Put all schedules in the state after the metrics of another log."""
        changed: dict[PrefetchedSchedule, Schedule] = {}
        for source in self._nodes:
            changed[source] = self._after(source, log, changed)
        return self._replacing(changed, log, ())

    @contextmanager
    def _replacing(
        self,
        changed: Mapping[PrefetchedSchedule, Schedule],
        log: MetricLog,
        more: Iterable[tuple[int, float]],
    ) -> Iterator[None]:
        former = {source: source.schedule for source in changed}
        former_log, count = self.log, len(self.log)
        try:
            for source, schedule in changed.items():
                source.replace(schedule)
            self.log = log
            for t, metric in more:
                log.add(t, metric)
            yield
        except BaseException:
            for source, schedule in former.items():
                source.replace(schedule)
            former_log.truncate(count)
            self.log = former_log
            raise

    def _after(
        self,
        source: PrefetchedSchedule,
        log: Iterable[tuple[int, float]],
        changed: Mapping[PrefetchedSchedule, Schedule],
    ) -> Schedule:
        """The state of a schedule after some metrics; `changed` has new states of references."""
        node = self._nodes[source]
        references = {
            name: changed.get(other, other.schedule) for name, other in node.references.items()
        }
        schedule = source.initial
        if not all(
            [
                have_same_values(references[name], node.references[name].initial)
                for name in references
            ]
        ):
            schedule = node.make(references)
        if schedule.is_reactive:
            for i, (t, metric) in enumerate(log):
                if self._takes(source, i, t):
                    schedule = schedule.observe(t, metric)
        return schedule

    def _takes(self, source: PrefetchedSchedule, index: int, t: int) -> bool:
        """Whether a schedule takes metric number `index`, which came after `t` updates."""
        since, successor = self._nodes[source].since, self._successor.get(source)
        if since is not None and not since.has_begun(index, t):
            return False
        return successor is None or not successor.has_begun(index, t)


def _has_new_values(
    source: PrefetchedSchedule, changed: Mapping[PrefetchedSchedule, Schedule]
) -> bool:
    return source in changed and not have_same_values(changed[source], source.schedule)
