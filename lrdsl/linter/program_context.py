"""The program around a spec: the schedules of the other numbers, which the spec may name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from lrdsl.compiler.context import Context
from lrdsl.compiler.frontend import analyse
from lrdsl.diagnostics import Diagnostic, SpecError
from lrdsl.language.language import Language
from lrdsl.linter.origin import SiblingSpec, SpecOrigin
from lrdsl.schedule.compile import compile_in, schedule_of
from lrdsl.schedule.program import RATE, Choice, group_sorts, names_in, ordered
from lrdsl.schedule.schedule import Schedule


class References(NamedTuple):
    """The schedules that a spec may name."""

    schedules: Mapping[str, Schedule]
    are_known: bool = True
    """Whether all of them are the schedules that they are named after, not placeholders."""
    base_is_known: bool = True
    """Whether each was compiled with its own `base`."""


class ProgramContext(NamedTuple):
    """The numbers of its program that a spec depends on, in one sort of parameter groups.

    `numbers` are in an order in which each comes after the ones that it names itself. `unknown`
    are the names of numbers that cannot be compiled, `others` of those that the spec does not name.
    `base_lr` is the `base` of the learning rate, whatever number the spec drives. `cycle` says
    which specs depend on each other, if it is this one that closes the circle.
    """

    language: Language
    numbers: tuple[Choice, ...] = ()
    unknown: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    base_lr: float | None = None
    cycle: tuple[Diagnostic, ...] = ()

    def references(self, run: Context, base: float = 1.0) -> References:
        """The schedules in a run; `base` is for those whose own is unknown."""
        # A number that is not named may have been meant by a name much like it.
        others = [name for name in self.others if name not in run.variables]
        made = {name: _placeholder() for name in [*self.unknown, *others]}
        are_known, base_is_known = not self.unknown, True
        for number in self.numbers:
            inner = {name: made[name] for name in number.names}
            own = run.with_definitions(number.spec.definitions)
            own = replace(own, base_lr=self.base_lr if number.key == RATE else None)
            found = self._compiled(number, own, inner)
            if found is None and own.base_lr is None:
                found = self._compiled(number, replace(own, base_lr=base), inner)
                base_is_known = False
            are_known = are_known and found is not None
            made[number.key] = found or _placeholder()
        return References(made, are_known, base_is_known)

    def _compiled(
        self, number: Choice, run: Context, others: Mapping[str, Schedule]
    ) -> Schedule | None:
        """The schedule of a number; None if its spec is unknown, or has mistakes."""
        if not number.source:
            return None
        names = frozenset(number.names)
        try:
            analysis = self.language.kept(analyse, number.source, run.definitions, names)
            return schedule_of(analysis, run, others)
        except SpecError:
            return None  # it is reported where that spec is linted


@cache
def _placeholder() -> Schedule:
    """A schedule for what is unknown, so that all else can be looked at."""
    return compile_in("1", Context())


def program_contexts(
    source: str, run: Context, origin: SpecOrigin, language: Language
) -> list[ProgramContext]:
    """The program around a spec, in each sort of parameter groups that the spec is for."""
    found: dict[object, ProgramContext] = {}
    drives = origin.drives or ""
    for siblings in origin.siblings if drives else ():
        specs = {each.key: each for each in siblings}
        specs[drives] = specs[drives]._replace(text=source)
        choices = _named(specs.values(), drives)
        # Most groups differ in numbers that the spec does not name.
        named = tuple([specs[key]._replace(pattern=None) for key in choices])
        if named in found:
            continue
        others = tuple([key for key in specs if key not in choices])
        program = ProgramContext(language, others=others, base_lr=run.base_lr)
        try:
            order = [choice for choice in ordered(choices) if choice.key != drives]
            found[named] = program._replace(numbers=tuple(order))
        except SpecError as error:
            cycle = tuple([x for x in error.diagnostics if x.source == choices[drives].source])
            found[named] = program._replace(unknown=tuple(choices), cycle=cycle)
    return [*found.values()] or [ProgramContext(language)]


def siblings_by_sort(
    one: SiblingSpec, program: Sequence[SiblingSpec]
) -> tuple[tuple[SiblingSpec, ...], ...]:
    """For each sort of parameter groups that a spec is for, the specs that drive them.

    >>> every = [SiblingSpec("lr", "1", "", "head"), SiblingSpec("lr", "2", "", "*")]
    >>> every.append(SiblingSpec("momentum", "lr"))
    >>> [[sibling.text for sibling in sort] for sort in siblings_by_sort(every[0], every)]
    [['1', 'lr']]
    >>> len(siblings_by_sort(every[2], every))
    2
    """
    choices: dict[str, list[SiblingSpec]] = {}
    for each in program:
        choices.setdefault(each.key, []).append(each)
    own = [tuple(x.values()) for x in group_sorts(choices).values() if x.get(one.key) is one]
    return tuple(own) or (tuple([SiblingSpec(key, None) for key in choices]),)


def _named(siblings: Iterable[SiblingSpec], drives: str) -> dict[str, Choice]:
    """The spec of a number, and those that it names, by itself or by another."""
    specs = [*siblings]
    keys = frozenset([each.key for each in specs])
    choices = {x.key: Choice(x.key, None, x, *names_in(x.text, keys)) for x in specs}
    reached, waiting = {drives}, [drives]
    while waiting:
        more = choices[waiting.pop()].names.keys() - reached
        reached |= more
        waiting += more
    # In the order of the program, which says where a circle closes.
    return {key: choice for key, choice in choices.items() if key in reached}
