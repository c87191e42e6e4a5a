"""Where the values of every driven number come from: plans, and their schedules."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any

from lrdsl import diagnostics as diag
from lrdsl.compiler.context import Context
from lrdsl.diagnostics import Diagnostic, Span, SpecError, place_in, spec_error
from lrdsl.language.python_functions import FunctionSpec
from lrdsl.schedule.program import Choice, Program, ordered
from lrdsl.schedule.rescaled import RescaledSchedule
from lrdsl.schedule.schedule import Schedule, compile_in, with_definitions
from lrdsl.syntax.spec import parse
from lrdsl.torch.ahead import Ahead, same_values
from lrdsl.torch.metrics import Log
from lrdsl.tree.coerce import coerce_spec


@dataclass(frozen=True, eq=False)
class Plan:
    """What drives the numbers from update `start` on.

    It is a program in a context; numbers that it does not name go on as they were. Without a
    program it is what is left of the plan before it, at the pace that makes it end with the run.
    """

    program: Program | None
    context: Context
    start: int = 0
    metrics: int = 0
    """How many metrics had come by then."""

    def takes(self, index: int, update: int) -> bool:
        """Whether a metric, by its place in the log and its update, is for this plan or later."""
        return update > self.start or (update == self.start and index >= self.metrics)


@dataclass(frozen=True, eq=False)
class _Part:
    """How a schedule comes to be of those it speaks of, which stand before it.

    `since` is the plan that it takes metrics from. `source` is what it is at another pace; what
    that speaks of is no matter any more.
    """

    make: Callable[[Mapping[str, Schedule]], Schedule]
    references: Mapping[str, Ahead]
    plan: Plan
    since: Plan | None = None
    source: Ahead | None = None


class Schedules:
    """The schedules of plans that follow one another, each compiled once for all that share it."""

    def __init__(self, plans: Sequence[Plan], log: Log | None = None) -> None:
        self.plans = tuple(plans)
        self.log = Log() if log is None else log
        self._orders: dict[tuple[Choice, ...], tuple[Choice, ...]] = {}
        self._made: dict[tuple[object, ...], Ahead | None] = {}
        self._parts: dict[Ahead, _Part] = {}
        self._until: dict[Ahead, Plan] = {}
        """The plan that followed on a schedule, which takes the metrics from then on."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The numbers that are driven, by name."""
        first = self.plans[0].program
        assert first is not None
        return tuple(first.choices)

    @property
    def context(self) -> Context:
        """The context that holds now: that of the last plan."""
        return self.plans[-1].context

    def followed_by(self, program: Program | None, context: Context, start: int) -> Schedules:
        """The same with one more plan from update `start` on, made anew."""
        log = self.log.until(start)
        return Schedules([*self.plans, Plan(program, context, start, len(log))], log)

    def of(
        self, names: Sequence[object], bases: Sequence[Mapping[str, float]]
    ) -> list[dict[str, Ahead]]:
        """For each group, from its name and its bases by key, what each key's values are.

        Raises `SpecError` with what is wrong in any of them.
        """
        made: list[dict[str, Ahead]] = [{} for _ in names]
        for plan in self.plans:
            found: dict[Diagnostic, None] = {}
            if plan.program is None:
                made = [self._slowed(plan, group) for group in made]
                continue
            chosen = {key: plan.program.of(key, names) for key in plan.program.choices}
            if any([choice is None for choices in chosen.values() for choice in choices]):
                plan.program.check(names)
            for i, group in enumerate(made):
                mine = {key: choices[i] for key, choices in chosen.items()}
                made[i] = self._group(plan, mine, bases[i], group, found)  # type: ignore[arg-type]
            if found:
                raise SpecError(found)
        return made

    def _group(
        self,
        plan: Plan,
        choices: Mapping[str, Choice],
        bases: Mapping[str, float],
        earlier: Mapping[str, Ahead],
        found: dict[Diagnostic, None],
    ) -> dict[str, Ahead]:
        """What drives the numbers of a group; what is wrong is noted in `found`."""
        mine = {key: ahead for key, ahead in earlier.items() if key not in choices}
        follow = self._followers(choices, earlier)
        for choice in self._order(choices):
            if follow & choice.names.keys():
                found.update(dict.fromkeys(_placed(plan, choice, _leaning(choice, follow))))
            elif mine.keys() >= choice.names.keys():
                prior = earlier.get(choice.key) if plan.start else None
                references = {name: mine[name] for name in choice.names}
                try:
                    mine[choice.key] = self._one(plan, choice, bases[choice.key], references, prior)
                except SpecError as error:
                    found.update(dict.fromkeys(_placed(plan, choice, error)))
        if not found:
            for key in follow:
                mine[key] = self._following(plan, key, earlier, mine)
        return {key: mine[key] for key in [*earlier, *choices] if key in mine}

    def _followers(
        self, choices: Mapping[str, Choice], earlier: Mapping[str, Ahead]
    ) -> dict[str, None]:
        """The numbers that are not named in a plan, but speak of some that are; those first."""
        found: dict[str, None] = {}
        changed: set[Ahead | None] = set()
        for key in choices:
            ahead = earlier.get(key)
            while ahead is not None:  # what was driven, and what that was at another pace
                changed.add(ahead)
                ahead = self._parts[ahead].source
        for one in self._parts:  # each stands after those that it speaks of
            key = next((key for key, ahead in earlier.items() if ahead is one), "")
            if key and key not in choices and changed & self._spoken_of(one):
                found[key] = None
                changed.add(one)
        return found

    def _spoken_of(self, ahead: Ahead) -> set[Ahead | None]:
        part = self._parts[ahead]
        spoken: set[Ahead | None] = {*part.references.values()}
        return spoken if part.source is None else spoken | self._spoken_of(part.source)

    def _following(
        self, plan: Plan, key: str, earlier: Mapping[str, Ahead], mine: Mapping[str, Ahead]
    ) -> Ahead:
        """What a number that goes on as it was is, now that others it speaks of are new."""
        part = self._parts[earlier[key]]
        if part.source is not None:
            message = f"`{key}` speaks of what the plan changes, at the pace of a longer run"
            raise spec_error(
                diag.BAD_SPEC, message, fix=f"say in the plan what becomes of `{key}` too"
            )
        new = {ahead: mine[name] for name, ahead in earlier.items() if name in mine}
        references = {name: new.get(one, one) for name, one in part.references.items()}
        same = (plan, earlier[key], *references.values())
        if same not in self._made:
            self._made[same] = self._add(replace(part, references=references))
        found = self._made[same]
        assert found is not None
        return found

    def _one(
        self,
        plan: Plan,
        choice: Choice,
        base: float,
        references: Mapping[str, Ahead],
        prior: Ahead | None,
    ) -> Ahead:
        same = (choice, prior, *references.values())
        if same not in self._made:
            # What cannot be compiled without a base needs one, or what follows says what is wrong.
            try:
                context = replace(plan.context, base_follows=True)
                self._made[same] = self._compile(plan, choice, context, references, prior)
            except SpecError:
                self._made[same] = None
        shared = self._made[same]
        if shared is not None:
            return shared
        own = (*same, base)
        if own not in self._made:
            context = Context.of(**{**plan.context.to_dict(), "base_lr": base})
            self._made[own] = self._compile(plan, choice, context, references, prior)
        found = self._made[own]
        assert found is not None
        return found

    def _compile(
        self,
        plan: Plan,
        choice: Choice,
        context: Context,
        references: Mapping[str, Ahead],
        prior: Ahead | None,
    ) -> Ahead:
        if prior is None:
            return self._add(_Part(partial(compile_in, choice.spec, context), references, plan))
        name = _free(("earlier", *context.variables), references)
        make = partial(_continued, choice.spec, context, name, plan.start)
        if prior not in self._until:
            self._until[prior] = plan
            prior.become(self._after(prior, self.log, {}))
        return self._add(_Part(make, {**references, name: prior}, plan, since=plan))

    def _slowed(self, plan: Plan, group: Mapping[str, Ahead]) -> dict[str, Ahead]:
        """What is left of a group's schedules, at another pace."""
        before = self.plans[self.plans.index(plan) - 1].context.total_steps
        total = plan.context.total_steps
        assert total is not None
        slowed = {}
        for key, ahead in group.items():
            same = (plan, ahead)
            if same not in self._made:
                end = ahead.start.length if before is None else before
                if end <= plan.start or math.isinf(end):
                    self._made[same] = ahead  # nothing of it is left, or it has no end to move
                else:
                    k = Fraction(total - plan.start, int(end) - plan.start)
                    spoken = self._spoken_of(ahead)
                    if any([one is not None and one.start.is_reactive for one in spoken]):
                        message = f"`{key}` speaks of a schedule that reacts to metrics"
                        fix = "write what follows with `replan`"
                        raise spec_error(
                            diag.BAD_SPEC, f"{message}: it has no pace to change", fix=fix
                        )
                    make = partial(_at_pace, ahead.start, plan.start, k)
                    self._made[same] = self._add(_Part(make, {}, plan, source=ahead))
            found = self._made[same]
            assert found is not None
            slowed[key] = found
        return slowed

    def _add(self, part: _Part) -> Ahead:
        ahead = Ahead(part.make({name: other.start for name, other in part.references.items()}))
        self._parts[ahead] = part
        if len(self.log):
            ahead.become(self._after(ahead, self.log, {}))
        return ahead

    @property
    def is_reactive(self) -> bool:
        """Whether any of the schedules reacts to metrics."""
        return any([ahead.start.is_reactive for ahead in self._parts])

    def recorded(self, plan: Plan) -> Context:
        """A plan's context, with the definitions that its specs do use, wherever they were made."""
        texts = [
            ahead.schedule.context.definitions
            for ahead, part in self._parts.items()
            if part.plan is plan
        ]
        lines = dict.fromkeys(line for text in texts for line in text.split("\n") if line)
        return replace(plan.context, definitions="\n".join(lines))

    def observe(self, update: int, metric: float) -> AbstractContextManager[None]:
        """Take in a metric that is known now that `update` updates have been made.

        Metrics that came after more updates are forgotten: training went back. What fails inside
        the context undoes it all.
        """
        if self.log.knows_later(update):
            log = self.log.until(update)
            log.add(update, metric)
            return self.replay(log)
        after: dict[Ahead, Schedule] = {}
        for ahead, part in self._parts.items():
            if not self._takes(ahead, len(self.log), update):
                continue
            if any([_is_new(other, after) for other in part.references.values()]):
                after[ahead] = self._after(ahead, [*self.log, (update, metric)], after)
            elif ahead.schedule.is_reactive:
                after[ahead] = ahead.schedule.observe(update, metric)
        return self._becoming(after, self.log, [(update, metric)])

    def replay(self, log: Log) -> AbstractContextManager[None]:
        """Be where the metrics of a log have led, whatever came before. Undone as in `observe`."""
        after: dict[Ahead, Schedule] = {}
        for ahead in self._parts:
            after[ahead] = self._after(ahead, log, after)
        return self._becoming(after, log, ())

    @contextmanager
    def _becoming(
        self, after: Mapping[Ahead, Schedule], log: Log, more: Iterable[tuple[int, float]]
    ) -> Iterator[None]:
        before, known, count = {ahead: ahead.schedule for ahead in after}, self.log, len(self.log)
        try:
            for ahead, schedule in after.items():
                ahead.become(schedule)
            self.log = log
            for update, metric in more:
                log.add(update, metric)
            yield
        except BaseException:
            for ahead, schedule in before.items():
                ahead.become(schedule)
            known.cut(count)
            self.log = known
            raise

    def _after(
        self, ahead: Ahead, log: Iterable[tuple[int, float]], after: Mapping[Ahead, Schedule]
    ) -> Schedule:
        """What a schedule is after these metrics; `after` has what others have become of late."""
        part = self._parts[ahead]
        others = {name: after.get(other, other.schedule) for name, other in part.references.items()}
        schedule = ahead.start
        if any([not same_values(others[name], part.references[name].start) for name in others]):
            schedule = part.make(others)
        if schedule.is_reactive:
            for i, (update, metric) in enumerate(log):
                if self._takes(ahead, i, update):
                    schedule = schedule.observe(update, metric)
        return schedule

    def _takes(self, ahead: Ahead, index: int, update: int) -> bool:
        """Whether a metric, by its place in the log and its update, is for a schedule."""
        since, until = self._parts[ahead].since, self._until.get(ahead)
        if since is not None and not since.takes(index, update):
            return False
        return until is None or not until.takes(index, update)

    def _order(self, choices: Mapping[str, Choice]) -> tuple[Choice, ...]:
        """The choices of a group, each after those it speaks of."""
        known = tuple(choices.values())
        if known not in self._orders:
            self._orders[known] = ordered(choices)
        return self._orders[known]


def _at_pace(
    source: Schedule, start: int, k: Fraction, references: Mapping[str, Schedule]
) -> Schedule:
    return RescaledSchedule(source, start, k)


def _continued(
    spec: Any, context: Context, name: str, start: int, references: Mapping[str, Schedule]
) -> Schedule:
    """What a spec is as the continuation, from update `start` on, of the schedule of that name.

    The spec begins where the other has come to: `_` and `prev` are its value there.
    """
    head = f"({name} | take({start})) >> "
    kept = coerce_spec(spec)
    if isinstance(kept, FunctionSpec):  # of the updates of the run, and so no part of a text
        other = _free(("later",), references)
        return compile_in(head + other, context, {**references, other: compile_in(kept, context)})
    parse(kept)  # says what is wrong with it alone
    try:
        return compile_in(f"{head}({kept}\n)", with_definitions(spec, context), references)
    except SpecError as error:
        raise SpecError([_own(found, kept, len(head) + 1) for found in error.diagnostics]) from None


def _own(found: Diagnostic, source: str, offset: int) -> Diagnostic:
    """A complaint about a spec inside a longer text, as one about the spec."""
    start, stop = (min(max(at - offset, 0), len(source)) for at in found.span[:2])
    span = found.span._replace(start=start, stop=stop) if found.span.sites else Span(start, stop)
    return replace(found, span=span, source=source, place=place_in(source, span))


def _free(names: Iterable[str], taken: Iterable[str]) -> str:
    """The first of some names, or if others have it one much like it."""
    first, *others = names
    known = {*others, *taken}
    candidates = itertools.chain([first], (f"{first}_{i}" for i in itertools.count(2)))
    return next(name for name in candidates if name not in known)


def _leaning(choice: Choice, follow: Mapping[str, None]) -> SpecError:
    """A new spec speaks of a number that itself follows the plan's."""
    name = next(name for name in choice.names if name in follow)
    message = f"`{name}` speaks of what this plan changes, and this spec of `{name}`"
    fix = f"say in the plan what becomes of `{name}` too"
    return SpecError(
        [Diagnostic(diag.BAD_SPEC, message, choice.names[name], choice.source, fix=fix)]
    )


def _placed(plan: Plan, choice: Choice, error: SpecError) -> list[Diagnostic]:
    """What is wrong with a spec, with whose spec it is where there are several."""
    if plan.program is None or plan.program.is_single:
        return list(error.diagnostics)
    return [
        replace(x, message=f"`{choice.key}`: {x.message}", place=_whole_place(choice, x.place))
        for x in error.diagnostics
    ]


def _whole_place(choice: Choice, place: str) -> str:
    """A place in the tree of a spec as one in the program."""
    if not place:
        return ""
    key = choice.key if choice.pattern is None else f"{choice.key}.{choice.pattern}"
    return f"{key}{place}" if place.startswith("[") else f"{key}.{place}"


def _is_new(ahead: Ahead, after: Mapping[Ahead, Schedule]) -> bool:
    return ahead in after and not same_values(after[ahead], ahead.schedule)
