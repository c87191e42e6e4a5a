"""Where the values of every driven number come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

from torch import Tensor

from lrdsl.compiler.context import Context
from lrdsl.diagnostics import Diagnostic, SpecError
from lrdsl.program import Choice, Program, ordered
from lrdsl.schedule import Schedule, compile_in
from lrdsl.torch.ahead import Ahead, same_values
from lrdsl.torch.metrics import Log
from lrdsl.torch.slots import Slot


class Drive:
    """One number of a program in all groups: where it stands in each, and what its values are."""

    def __init__(self, key: str, slots: Sequence[Slot], aheads: Sequence[Ahead]) -> None:
        self.key = key
        self.slots = tuple(slots)
        self.aheads = tuple(aheads)
        # Groups mostly share a schedule, which is asked once.
        self._distinct = list(dict.fromkeys(aheads))
        place = {ahead: i for i, ahead in enumerate(self._distinct)}
        self._which = [place[ahead] for ahead in aheads]
        keys = {slot.key if slot.entry is None else None for slot in slots}
        self._one_key = keys.pop() if len(keys) == 1 else None

    def values(self, made: int) -> list[float]:
        """The value for each group once `made` updates have been made."""
        if len(self._distinct) == 1:
            return [self._distinct[0].at(made)] * len(self._which)
        now = [ahead.at(made) for ahead in self._distinct]
        return [now[i] for i in self._which]

    def put(self, groups: Sequence[dict[str, Any]], values: Sequence[float]) -> None:
        """Set the number in each group."""
        key = self._one_key
        if key is None:
            for slot, group, value in zip(self.slots, groups, values, strict=True):
                slot.put(group, value)
            return
        for group, value in zip(groups, values, strict=True):  # as `put` of a Slot, but faster
            old = group[key]
            if type(old) is not float and isinstance(old, Tensor):
                old.fill_(value)
            else:
                group[key] = value


class Schedules:
    """The schedules of a program, each compiled once for all groups that can share it."""

    def __init__(self, program: Program, context: Context) -> None:
        self._program = program
        self._context = context
        self._orders: dict[tuple[Choice, ...], tuple[Choice, ...]] = {}
        self._made: dict[tuple[object, ...], Ahead | None] = {}
        # How each came to be; what it speaks of stands before it.
        self._parts: dict[Ahead, tuple[Choice, Context, Mapping[str, Ahead]]] = {}
        self.log = Log()

    def of(
        self, groups: Sequence[tuple[Mapping[str, Choice], Mapping[str, float]]]
    ) -> list[dict[str, Ahead]]:
        """For each group, from its choices and its bases by key, what each key's values are.

        Raises `SpecError` with what is wrong in any of them.
        """
        found: dict[Diagnostic, None] = {}
        made = []
        for choices, bases in groups:
            mine: dict[str, Ahead] = {}
            for choice in self._order(choices):
                if mine.keys() >= choice.names.keys():
                    try:
                        mine[choice.key] = self._one(choice, bases[choice.key], mine)
                    except SpecError as error:
                        found.update(dict.fromkeys(self._placed(choice, error)))
            made.append(mine)
        if found:
            raise SpecError(found)
        return made

    def _one(self, choice: Choice, base: float, others: Mapping[str, Ahead]) -> Ahead:
        references = {name: others[name] for name in choice.names}
        same = (choice, *references.values())
        if same not in self._made:
            # What cannot be compiled without a base needs one, or what follows says what is wrong.
            try:
                context = replace(self._context, base_follows=True)
                self._made[same] = self._compile(choice, context, references)
            except SpecError:
                self._made[same] = None
        shared = self._made[same]
        if shared is not None:
            return shared
        own = (*same, base)
        if own not in self._made:
            context = Context.of(**{**self._context.to_dict(), "base_lr": base})
            self._made[own] = self._compile(choice, context, references)
        found = self._made[own]
        assert found is not None
        return found

    @property
    def is_reactive(self) -> bool:
        """Whether any of the schedules reacts to metrics."""
        return any([ahead.start.is_reactive for ahead in self._parts])

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
        for ahead, (_, _, references) in self._parts.items():
            if any([_is_new(other, after) for other in references.values()]):
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
        choice, context, references = self._parts[ahead]
        others = {name: after.get(other, other.schedule) for name, other in references.items()}
        schedule = ahead.start
        if any([not same_values(others[name], references[name].start) for name in others]):
            schedule = compile_in(choice.spec, context, others)
        if schedule.is_reactive:
            for update, metric in log:
                schedule = schedule.observe(update, metric)
        return schedule

    def _compile(self, choice: Choice, context: Context, references: Mapping[str, Ahead]) -> Ahead:
        others = {name: other.start for name, other in references.items()}
        ahead = Ahead(compile_in(choice.spec, context, others))
        self._parts[ahead] = choice, context, references
        if len(self.log):
            ahead.become(self._after(ahead, self.log, {}))
        return ahead

    def _placed(self, choice: Choice, error: SpecError) -> list[Diagnostic]:
        """What is wrong with a spec, with whose spec it is where there are several."""
        if self._program.is_single:
            return list(error.diagnostics)
        return [replace(x, message=f"`{choice.key}`: {x.message}") for x in error.diagnostics]

    def _order(self, choices: Mapping[str, Choice]) -> tuple[Choice, ...]:
        """The choices of a group, each after those it speaks of."""
        known = tuple(choices.values())
        if known not in self._orders:
            self._orders[known] = ordered(choices)
        return self._orders[known]


def _is_new(ahead: Ahead, after: Mapping[Ahead, Schedule]) -> bool:
    return ahead in after and not same_values(after[ahead], ahead.schedule)
