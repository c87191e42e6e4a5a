"""`Timeline`: the plans of a run, and the schedules that they give to each parameter group."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from fractions import Fraction
from functools import partial

from lrdsl import diagnostics as diag
from lrdsl.compiler.context import Context
from lrdsl.diagnostics import Diagnostic, SpecError, spec_error
from lrdsl.schedule.compile import compile_in
from lrdsl.schedule.program import Choice, Program, ordered
from lrdsl.schedule.rescaled import RescaledSchedule
from lrdsl.schedule.schedule import Schedule
from lrdsl.torch.continuation import compile_continuation, unused_name
from lrdsl.torch.metrics import MetricLog
from lrdsl.torch.plan import Plan
from lrdsl.torch.prefetched_schedule import PrefetchedSchedule
from lrdsl.torch.schedule_graph import Node, ScheduleGraph

Sources = Mapping[str, PrefetchedSchedule]
"""The schedule of each number of a group, by the number's name."""


class Timeline:
    """The plans of a run in order. Each schedule is compiled once for all groups that share it."""

    def __init__(self, plans: Sequence[Plan], log: MetricLog | None = None) -> None:
        self.plans = tuple(plans)
        self._graph = ScheduleGraph(MetricLog() if log is None else log)
        self._orders: dict[tuple[Choice, ...], tuple[Choice, ...]] = {}
        self._compiled: dict[tuple[object, ...], PrefetchedSchedule | None] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the driven numbers."""
        first = self.plans[0].program
        assert first is not None
        return tuple(first.choices)

    @property
    def context(self) -> Context:
        """The context of the last plan."""
        return self.plans[-1].context

    @property
    def log(self) -> MetricLog:
        """The metrics so far."""
        return self._graph.log

    @property
    def is_reactive(self) -> bool:
        """Whether any of the schedules reacts to metrics."""
        return self._graph.is_reactive

    def with_plan(self, program: Program | None, context: Context, start: int) -> Timeline:
        """A new timeline with one more plan, from update `start` on."""
        log = self.log.until(start)
        return Timeline([*self.plans, Plan(program, context, start, len(log))], log)

    def recorded_context(self, plan: Plan) -> Context:
        """A plan's context with all definitions that its specs use, for a `state_dict`."""
        return replace(plan.context, definitions=self._graph.definitions(plan))

    def observe(self, t: int, metric: float) -> AbstractContextManager[None]:
        """Add a metric that came after `t` updates; an exception in the context undoes it."""
        return self._graph.observe(t, metric)

    def sources(
        self, names: Sequence[object], bases: Sequence[Mapping[str, float]]
    ) -> list[Sources]:
        """Compile the schedules of all groups, from the groups' names and their bases.

        Raises `SpecError` with the mistakes of all of them.
        """
        groups: list[Sources] = [{} for _ in names]
        for i, plan in enumerate(self.plans):
            if plan.program is None:
                former = self.plans[i - 1].context.total_steps
                groups = [self._rescale(plan, former, group) for group in groups]
                continue
            errors: dict[Diagnostic, None] = {}
            choices = {name: plan.program.of(name, names) for name in plan.program.choices}
            if any([choice is None for of_groups in choices.values() for choice in of_groups]):
                plan.program.check(names)  # raises: a group has no spec
            for j, group in enumerate(groups):
                chosen = {name: of_groups[j] for name, of_groups in choices.items()}
                groups[j] = self._compile_group(plan, chosen, bases[j], group, errors)  # type: ignore[arg-type]
            if errors:
                raise SpecError(errors)
        return groups

    def _compile_group(
        self,
        plan: Plan,
        choices: Mapping[str, Choice],
        bases: Mapping[str, float],
        earlier: Sources,
        errors: dict[Diagnostic, None],
    ) -> Sources:
        """The schedules of one group under a plan; adds its mistakes to `errors`."""
        sources = {name: source for name, source in earlier.items() if name not in choices}
        dependents = self._dependents(choices, earlier)
        for choice in self._ordered(choices):
            if dependents & choice.names.keys():
                error = _mutual_dependency(choice, dependents)
                errors.update(dict.fromkeys(_located(plan, choice, error)))
            elif sources.keys() >= choice.names.keys():
                prior = earlier.get(choice.key) if plan.start else None
                references = {name: sources[name] for name in choice.names}
                base = bases[choice.key]
                try:
                    sources[choice.key] = self._compile(plan, choice, base, references, prior)
                except SpecError as error:
                    errors.update(dict.fromkeys(_located(plan, choice, error)))
        if not errors:
            for name in dependents:
                sources[name] = self._relink(plan, name, earlier, sources)
        return {name: sources[name] for name in [*earlier, *choices] if name in sources}

    def _dependents(self, choices: Mapping[str, Choice], earlier: Sources) -> dict[str, None]:
        """The numbers that a plan does not name, but which refer to numbers that it names."""
        found: dict[str, None] = {}
        replaced: set[PrefetchedSchedule] = set()
        for name in choices:
            source = earlier.get(name)
            while source is not None:  # the schedule, and those that it rescales in turn
                replaced.add(source)
                source = self._graph[source].rescaled
        for source in self._graph:  # in the order of references, so that dependents add up
            name = next((name for name, each in earlier.items() if each is source), "")
            if name and name not in choices and replaced & self._graph.dependencies(source):
                found[name] = None
                replaced.add(source)
        return found

    def _relink(
        self, plan: Plan, name: str, earlier: Sources, current: Sources
    ) -> PrefetchedSchedule:
        """The schedule of a number that a plan does not name, with the plan's new references."""
        source = earlier[name]
        if self._graph[source].rescaled is not None:
            message = (
                f"`{name}` refers to numbers that the plan changes, and `extend` has rescaled it"
            )
            fix = f"add a spec for `{name}` to the plan"
            raise spec_error(diag.BAD_SPEC, message, fix=fix)
        new = {each: current[key] for key, each in earlier.items() if key in current}
        references = {
            key: new.get(each, each) for key, each in self._graph[source].references.items()
        }
        cached = (plan, source, *references.values())
        if cached not in self._compiled:
            self._compiled[cached] = self._graph.add_with_references(source, references)
        found = self._compiled[cached]
        assert found is not None
        return found

    def _compile(
        self,
        plan: Plan,
        choice: Choice,
        base: float,
        references: Sources,
        prior: PrefetchedSchedule | None,
    ) -> PrefetchedSchedule:
        """The schedule of one number; groups share it unless it depends on their `base`."""
        without_base = (choice, prior, *references.values())
        if without_base not in self._compiled:
            try:
                context = replace(plan.context, base_follows=True)
                self._compiled[without_base] = self._add(plan, choice, context, references, prior)
            except SpecError:  # it uses `base`, or has a mistake: compiling it with a base tells
                self._compiled[without_base] = None
        shared = self._compiled[without_base]
        if shared is not None:
            return shared
        with_base = (*without_base, base)
        if with_base not in self._compiled:
            context = Context.of(**{**plan.context.to_dict(), "base_lr": base})
            self._compiled[with_base] = self._add(plan, choice, context, references, prior)
        found = self._compiled[with_base]
        assert found is not None
        return found

    def _add(
        self,
        plan: Plan,
        choice: Choice,
        context: Context,
        references: Sources,
        prior: PrefetchedSchedule | None,
    ) -> PrefetchedSchedule:
        if prior is None:
            make = partial(compile_in, choice.spec, context)
            return self._graph.add(Node(make, references, plan))
        earlier = unused_name("earlier", [*references, *context.variables])
        make = partial(compile_continuation, choice.spec, context, earlier, plan.start)
        self._graph.end_with(prior, plan)
        return self._graph.add(Node(make, {**references, earlier: prior}, plan, since=plan))

    def _rescale(self, plan: Plan, former: int | None, group: Sources) -> Sources:
        """The schedules of a group with their rest at the pace that ends with the new total.

        `former` is the length of the run before the plan.
        """
        total = plan.context.total_steps
        assert total is not None
        rescaled = {}
        for name, source in group.items():
            cached = (plan, source)
            if cached not in self._compiled:
                end = source.initial.length if former is None else former
                if end <= plan.start or math.isinf(end):
                    self._compiled[cached] = source  # it has ended, or never ends
                else:
                    pace = Fraction(total - plan.start, int(end) - plan.start)
                    if any([x.initial.is_reactive for x in self._graph.dependencies(source)]):
                        message = f"`{name}` refers to a schedule that reacts to metrics"
                        fix = "pass the rest of the schedule to `replan`"
                        raise spec_error(
                            diag.BAD_SPEC, f"{message}: it cannot be rescaled", fix=fix
                        )
                    make = partial(_rescaled, source.initial, plan.start, pace)
                    node = Node(make, {}, plan, rescaled=source)
                    self._compiled[cached] = self._graph.add(node)
            found = self._compiled[cached]
            assert found is not None
            rescaled[name] = found
        return rescaled

    def _ordered(self, choices: Mapping[str, Choice]) -> tuple[Choice, ...]:
        """The choices of a group in the order of their references."""
        known = tuple(choices.values())
        if known not in self._orders:
            self._orders[known] = ordered(choices)
        return self._orders[known]


def _rescaled(
    source: Schedule, start: int, pace: Fraction, references: Mapping[str, Schedule]
) -> Schedule:
    return RescaledSchedule(source, start, pace)


def _mutual_dependency(choice: Choice, dependents: Mapping[str, None]) -> SpecError:
    """The error of a new spec that refers to a number which itself refers to the plan's numbers."""
    name = next(name for name in choice.names if name in dependents)
    message = f"`{name}` refers to numbers that this plan changes, and this spec to `{name}`"
    fix = f"add a spec for `{name}` to the plan"
    return SpecError(
        [Diagnostic(diag.BAD_SPEC, message, choice.names[name], choice.source, fix=fix)]
    )


def _located(plan: Plan, choice: Choice, error: SpecError) -> list[Diagnostic]:
    """The diagnostics of a spec; in a program of several, each names its number."""
    if plan.program is None or plan.program.is_single:
        return list(error.diagnostics)
    return [
        replace(x, message=f"`{choice.key}`: {x.message}", place=_place_in_program(choice, x.place))
        for x in error.diagnostics
    ]


def _place_in_program(choice: Choice, place: str) -> str:
    """A place in the tree of a spec as a place in the program's tree."""
    if not place:
        return ""
    key = choice.key if choice.pattern is None else f"{choice.key}.{choice.pattern}"
    return f"{key}{place}" if place.startswith("[") else f"{key}.{place}"
