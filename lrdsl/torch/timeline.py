"""`Timeline`: the plans of a run, and the schedules that they give to each parameter group."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any, TypeVar

from lrdsl.compiler.context import Context
from lrdsl.diagnostics import BAD_SPEC, Diagnostic, SpecError, spec_error
from lrdsl.schedule.batch import SpecAtBases
from lrdsl.schedule.compile import compile_in, needs_base
from lrdsl.schedule.continued import rescaled
from lrdsl.schedule.program import Choice, Program, ordered
from lrdsl.schedule.schedule import Schedule
from lrdsl.torch.continuation import compile_continuation, unused_name
from lrdsl.torch.metric_record import MetricRecord
from lrdsl.torch.plan import DrivenSchedule, Plan, reachable
from lrdsl.torch.plan_mistakes import differing_value, located_in_plan, mutual_dependency
from lrdsl.torch.run_metrics import NO_METRICS, Log, RunMetrics

T = TypeVar("T")

Driven = Mapping[str, DrivenSchedule]
"""The schedule of each number of a group, by the number's name."""


class Timeline:
    """The plans of a run in order, and its metrics.

    Each schedule is compiled once for all groups that share it. `metrics` has taken the metrics.
    """

    def __init__(
        self, plans: Iterable[Plan], record: MetricRecord = NO_METRICS, log: Log | None = None
    ) -> None:
        self.plans = tuple(plans)
        self.metrics = RunMetrics(record, log)
        self._kept: dict[tuple[object, ...], Any] = {}
        self._settled = _Settled()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the numbers that are driven in each group."""
        return self._first.numbers

    @property
    def value_names(self) -> tuple[str, ...]:
        """The names of the values, which no group has."""
        return self._first.values

    @property
    def _first(self) -> Program:
        first = self.plans[0].program
        assert first is not None
        return first

    @property
    def context(self) -> Context:
        """The context of the last plan."""
        return self.plans[-1].context

    @property
    def is_reactive(self) -> bool:
        """Whether any of the schedules reacts to metrics."""
        return any([each.initial.is_reactive for each in self.metrics.schedules])

    def with_plan(self, program: Program | None, context: Context, start: int) -> Timeline:
        """A new timeline with one more plan, from update `start` on."""
        metrics = self.metrics.until(start)
        plan = Plan(program, context, start, metrics.record.total)
        timeline = Timeline([*self.plans, plan], metrics.record, metrics.log)
        if metrics.record is self.metrics.record:  # what is compiled has taken the same metrics
            timeline.metrics.schedules = [*self.metrics.schedules]
            timeline._kept, timeline._settled = {**self._kept}, self._settled
        return timeline

    def recorded_context(self, plan: Plan) -> Context:
        """A plan's context with all definitions that its specs use, for a `state_dict`."""
        texts = [x.schedule.context.definitions for x in self.metrics.schedules if x.plan is plan]
        lines = dict.fromkeys(line for text in texts for line in text.split("\n") if line)
        return replace(plan.context, definitions="\n".join(lines))

    def schedules(
        self, names: Sequence[object], bases: Sequence[Mapping[str, float]]
    ) -> list[Driven]:
        """Compile the schedules of all groups, from the groups' names and their bases.

        Each group has the values too, the same in all. `SpecError` has the mistakes of all.
        """
        groups: list[Driven] = [{} for _ in names]
        done = 0
        if (self._settled.names, self._settled.bases) == (names, bases):
            groups, done = [*self._settled.groups], self._settled.plans
        for i, plan in enumerate(self.plans[done:], start=done):
            if plan.program is None:
                former = self.plans[i - 1].context.total_steps
                groups = [self._rescale(plan, former, group) for group in groups]
                continue
            errors: dict[Diagnostic, None] = {}
            choices = self._choices(i, names)
            at_bases = self._at_bases(plan, choices, bases)
            for j, group in enumerate(groups):
                chosen = {name: of_groups[j] for name, of_groups in choices.items()}
                groups[j] = self._compile_group(plan, chosen, bases[j], at_bases, group, errors)
            if self.value_names and not errors:
                errors.update(dict.fromkeys(_differing_values(choices, groups)))
            if errors:
                raise SpecError(errors)
        self._settled = _Settled([*names], [*bases], groups, len(self.plans))
        live = reachable(groups)
        self.metrics.schedules = [each for each in self.metrics.schedules if each in live]
        return groups

    def others(self, names: Sequence[object], bases: Sequence[Mapping[str, float]]) -> list[Driven]:
        """The schedules that groups would have with other bases."""
        kept = self._settled, [*self.metrics.schedules]
        try:
            return self.schedules(names, bases)
        finally:
            self._settled, self.metrics.schedules = kept

    def _choices(self, index: int, names: Sequence[object]) -> dict[str, list[Choice]]:
        """The specs of each number by a plan, one for each group.

        A group that has come later may be unknown to the plan: it is at `base` until a later plan
        that knows it begins.
        """
        program = self.plans[index].program
        assert program is not None
        later = [plan.program for plan in self.plans[index + 1 :] if plan.program is not None]
        found: dict[str, list[Choice]] = {}
        for name in program.choices:
            of_groups = program.of(name, names)
            for j, choice in enumerate(of_groups):
                if choice is None and any(
                    [name in x.choices and x.of(name, names)[j] is not None for x in later]
                ):
                    of_groups[j] = self._keep(("at base", name), partial(_at_base, name))
            if None in of_groups:
                program.check(names)  # raises: a group has no spec
            found[name] = of_groups  # type: ignore[assignment]
        return found

    def _at_bases(
        self,
        plan: Plan,
        choices: Mapping[str, Sequence[Choice]],
        bases: Sequence[Mapping[str, float]],
    ) -> dict[Choice, SpecAtBases]:
        """The specs of a plan at the bases of all groups that they drive."""
        found: dict[Choice, dict[float, None]] = {}
        for name in self.names:
            for choice, own in zip(choices.get(name, ()), bases, strict=name in choices):
                found.setdefault(choice, {})[own[name]] = None
        return {
            choice: SpecAtBases(choice.spec, plan.context, tuple(each))
            for choice, each in found.items()
        }

    def _compile_group(
        self,
        plan: Plan,
        choices: Mapping[str, Choice],
        bases: Mapping[str, float],
        at_bases: Mapping[Choice, SpecAtBases],
        earlier: Driven,
        errors: dict[Diagnostic, None],
    ) -> Driven:
        """The schedules of one group under a plan; adds its mistakes to `errors`."""
        found = {name: each for name, each in earlier.items() if name not in choices}
        dependents = _dependents(choices, earlier)
        for choice in self._keep(tuple(choices.values()), lambda: ordered(choices)):
            try:
                if dependents & choice.names.keys():
                    raise mutual_dependency(choice, dependents)
                if found.keys() >= choice.names.keys():
                    prior = earlier.get(choice.key) if plan.start else None
                    references = {name: found[name] for name in choice.names}
                    base = bases.get(choice.key)
                    found[choice.key] = self._compile(
                        plan, choice, base, at_bases.get(choice), references, prior
                    )
            except SpecError as error:
                errors.update(dict.fromkeys(located_in_plan(plan, choice, error)))
        if not errors:
            for name in dependents:
                found[name] = self._relink(plan, name, earlier, found)
        return {name: found[name] for name in [*earlier, *choices] if name in found}

    def _relink(self, plan: Plan, name: str, earlier: Driven, current: Driven) -> DrivenSchedule:
        """The schedule of a number that a plan does not name, with the plan's new references."""
        source = earlier[name]
        if source.rescaled is not None:
            message = (
                f"`{name}` refers to numbers that the plan changes, and `extend` has rescaled it"
            )
            raise spec_error(BAD_SPEC, message, fix=f"add a spec for `{name}` to the plan")
        new = {each: current[key] for key, each in earlier.items() if key in current}
        references = {key: new.get(each, each) for key, each in source.references.items()}
        return self._keep(
            (plan, source, *references.values()),
            lambda: self._add(source.beside(references)),
        )

    def _compile(
        self,
        plan: Plan,
        choice: Choice,
        base: float | None,
        at_bases: SpecAtBases | None,
        references: Driven,
        prior: DrivenSchedule | None,
    ) -> DrivenSchedule:
        """The schedule of one number; groups share it unless it needs `base`: no value does."""

        spec_key = (self.plans.index(plan), choice.key, choice.pattern)

        def make(context: Context) -> DrivenSchedule:
            own = None if context.base_follows else base
            if prior is None:
                compiled = partial(compile_in, choice.spec, context)
                return self._add(DrivenSchedule(compiled, references, plan, spec_key, own))
            name = unused_name("earlier", [*references, *context.variables])
            compiled = partial(compile_continuation, choice.spec, context, name, plan.start)
            ended = self._keep(("ended", prior, plan), lambda: self._add(prior.ended_by(plan)))
            beside = {**references, name: ended}
            return self._add(DrivenSchedule(compiled, beside, plan, spec_key, own, plan))

        def without_base() -> DrivenSchedule | None:
            if prior is None and not references and needs_base(choice.spec, plan.context):
                return None
            try:
                return make(replace(plan.context, base_follows=True))
            except SpecError:  # it uses `base`, or has a mistake: compiling it with a base tells
                return None

        def with_base() -> DrivenSchedule:
            if prior is None and not references:
                assert base is not None
                together = None if at_bases is None else at_bases.schedules.get(base)
                if together is not None:
                    compiled = partial(_whatever_it_names, together)
                    return self._add(DrivenSchedule(compiled, {}, plan, spec_key, base))
            return make(replace(plan.context, base_lr=base))

        key = (choice, prior, *references.values())
        if base is None:
            return self._keep(key, partial(make, plan.context))
        shared = self._keep(key, without_base)
        if shared is not None:
            return shared
        return self._keep((*key, base), with_base)

    def _rescale(self, plan: Plan, former: int | None, group: Driven) -> Driven:
        """The schedules of a group with their rest at the pace that ends with the new total.

        `former` is the length of the run before the plan.
        """

        def slowed(name: str, source: DrivenSchedule) -> DrivenSchedule:
            end = source.initial.length if former is None else former
            if end <= plan.start or math.isinf(end):
                return source  # it has ended, or never ends
            if any([other.initial.is_reactive for other in source.dependencies]):
                message = f"`{name}` refers to a schedule that reacts to metrics"
                fix = "pass the rest of the schedule to `replan`"
                raise spec_error(BAD_SPEC, f"{message}: it cannot be rescaled", fix=fix)
            assert plan.context.total_steps is not None
            pace = Fraction(plan.context.total_steps - plan.start, int(end) - plan.start)
            make = partial(_rescaled, source.initial, plan.start, pace)
            driven = DrivenSchedule(make, {}, plan, source.key, source.base, rescaled=source)
            return self._add(driven)

        return {
            name: self._keep((plan, source), partial(slowed, name, source))
            for name, source in group.items()
        }

    def _add(self, driven: DrivenSchedule) -> DrivenSchedule:
        """Add a schedule, in the state after the metrics of the log."""
        self.metrics.add(driven)
        return driven

    def _keep(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """The result of the first call with a key."""
        if key not in self._kept:
            self._kept[key] = make()
        found: T = self._kept[key]
        return found


@dataclass(frozen=True)
class _Settled:
    """The schedules of all groups by the first `plans` plans of a timeline."""

    names: Sequence[object] = ()
    bases: Sequence[Mapping[str, float]] = ()
    groups: Sequence[Driven] = ()
    plans: int = 0


def _at_base(name: str) -> Choice:
    return Choice(name, None, "base", {}, "base")


def _dependents(choices: Mapping[str, Choice], earlier: Driven) -> dict[str, None]:
    """The numbers that a plan does not name, but which refer to numbers that it names.

    They are in the order of their references.
    """
    found: dict[str, None] = {}
    if not earlier:
        return found
    replaced: set[DrivenSchedule] = set()
    for name in choices:
        source = earlier.get(name)
        while source is not None:  # the schedule, and those that it rescales in turn
            replaced.add(source)
            source = source.rescaled
    others = [name for name in earlier if name not in choices]
    while more := [x for x in others if x not in found and replaced & earlier[x].dependencies]:
        found.update(dict.fromkeys(more))
        replaced.update([earlier[name] for name in more])
    return found


def _differing_values(
    choices: Mapping[str, Sequence[Choice]], groups: Sequence[Driven]
) -> Iterator[Diagnostic]:
    """The mistakes of values that are not the same in all groups."""
    for key, (choice, *_) in choices.items():
        if choice.is_value and len({group[key] for group in groups}) > 1:
            differing = [name for name in choice.names if len({x[name] for x in groups}) > 1]
            yield differing_value(choice, differing[0])


def _whatever_it_names(schedule: Schedule, references: Mapping[str, Schedule]) -> Schedule:
    return schedule


def _rescaled(
    source: Schedule, start: int, pace: Fraction, references: Mapping[str, Schedule]
) -> Schedule:
    return rescaled(source, start, pace)
