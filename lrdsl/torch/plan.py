"""`Plan`: the program of a run from one of its updates on; `DrivenSchedule`: a schedule of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from lrdsl.compiler.context import Context
from lrdsl.language.modifiers.reactive import Reaction
from lrdsl.schedule.program import Program
from lrdsl.schedule.schedule import Schedule
from lrdsl.torch.metric_record import Family, SpecKey


@dataclass(frozen=True, eq=False)
class Plan:
    """A program in a context, which drives its numbers from update `start` on.

    Numbers that the program does not name continue as before. A plan without a program continues
    all numbers, at the pace at which the rest of the previous plan ends with the run.
    """

    program: Program | None
    context: Context
    start: int = 0
    metrics: int = 0
    """The number of metrics that came before the plan."""

    def has_begun(self, index: int, t: int) -> bool:
        """Whether the plan had begun when metric number `index` came, after `t` updates."""
        return t > self.start or (t == self.start and index >= self.metrics)


@dataclass(eq=False)
class DrivenSchedule:
    """A schedule of a run: how it is made from others, and its state after the metrics so far."""

    make: Callable[[Mapping[str, Schedule]], Schedule]
    """Compiles the schedule with the schedules that it refers to."""
    references: Mapping[str, DrivenSchedule]
    plan: Plan
    key: SpecKey
    base: float | None = None
    """The `base` that it was compiled with, None if it needs none."""
    since: Plan | None = None
    """The schedule takes metrics from the start of this plan on; None: all metrics."""
    rescaled: DrivenSchedule | None = None
    """The schedule that this one runs at another pace; it has no references of its own then."""
    until: Plan | None = None
    """The plan that continues the schedule, and takes the metrics from its start on."""
    dependencies: frozenset[DrivenSchedule] = field(init=False, repr=False)
    """The schedules that this one refers to, also through the schedule that it rescales."""
    family: Family = field(init=False, repr=False)
    """The spec and the modifiers whose reactions to metrics the schedule shares."""
    initial: Schedule = field(init=False)
    """The schedule before any metric came."""
    schedule: Schedule = field(init=False)
    """The schedule after the metrics so far."""

    def __post_init__(self) -> None:
        inner = () if self.rescaled is None else self.rescaled.dependencies
        self.dependencies = frozenset([*self.references.values(), *inner])
        initial = {name: other.initial for name, other in self.references.items()}
        self.initial = self.schedule = self.make(initial)
        self.family = self.key, tuple([x.modifier.machine for x in self.initial.observers])

    def ended_by(self, plan: Plan) -> DrivenSchedule:
        """The same schedule, which takes metrics only until a plan begins."""
        ended = copy.copy(self)
        if ended.until is None:
            ended.until = plan
        return ended

    def beside(self, references: Mapping[str, DrivenSchedule]) -> DrivenSchedule:
        """The same schedule that refers to others."""
        return DrivenSchedule(self.make, references, self.plan, self.key, self.base, self.since)

    def takes(self, index: int, t: int) -> bool:
        """Whether the schedule takes metric number `index`, which came after `t` updates."""
        has_begun = self.since is None or self.since.has_begun(index, t)
        return has_begun and (self.until is None or not self.until.has_begun(index, t))

    def renew(
        self, reactions: tuple[Reaction, ...], before: tuple[float, ...], observed: int | None
    ) -> None:
        """Take the state after some metrics, which the references have taken before.

        `before` are the factors before the first changes that are remembered.
        """
        schedule = self.initial
        if not all([have_same_values(x.schedule, x.initial) for x in self.references.values()]):
            schedule = self.make({name: x.schedule for name, x in self.references.items()})
        if schedule.is_reactive:
            schedule = schedule.replayed(reactions, before, observed)
        self.schedule = schedule


def have_same_values(schedule: Schedule, other: Schedule) -> bool:
    """Whether two states of one schedule are known to have the same values."""
    return schedule._signal is other._signal


def reachable(groups: Iterable[Mapping[str, DrivenSchedule]]) -> set[DrivenSchedule]:
    """The schedules of groups, and those that they refer to."""
    found: set[DrivenSchedule] = set()
    waiting = [each for group in groups for each in group.values()]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += each.references.values()
    return found
