"""The program around a spec: the schedules of the other numbers, which the spec may name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from lrdsl.compiler.context import Context
from lrdsl.diagnostics import Diagnostic, SpecError
from lrdsl.linter.origin import SiblingSpec, SpecOrigin
from lrdsl.schedule.compile import compile_in
from lrdsl.schedule.program import Choice, Program, ProgramEntry, group_sorts, ordered
from lrdsl.schedule.schedule import Schedule

RATE = "lr"
"""The number of a program that `base_lr` is of."""


class References(NamedTuple):
    """The schedules that a spec may name."""

    schedules: Mapping[str, Schedule]
    are_known: bool = True
    """Whether all of them are the schedules that they are named after, not placeholders."""
    base_is_known: bool = True
    """Whether each was compiled with its own `base`."""


class ProgramContext(NamedTuple):
    """The schedules of its program that a spec depends on, in one sort of parameter groups.

    `choices` are the specs of those numbers, each after the ones that it names itself. `unknown`
    are the names of numbers that cannot be compiled, `others` of those that the spec does not name.
    `base_lr` is the `base` of the learning rate, whatever number the spec drives. `cycle` says
    which specs depend on each other, if it is this one that closes the circle.
    """

    choices: tuple[Choice, ...] = ()
    unknown: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    base_lr: float | None = None
    cycle: tuple[Diagnostic, ...] = ()

    def references(self, context: Context, base: float = 1.0) -> References:
        """The schedules in a context; `base` is for those whose own is unknown."""
        # A number that is not named may have been meant by a name much like it.
        others = [name for name in self.others if name not in context.variables]
        made = {name: _placeholder() for name in [*self.unknown, *others]}
        are_known, base_is_known = not self.unknown, True
        for choice in self.choices:
            inner = {name: made[name] for name in choice.names}
            own = replace(context, base_lr=self.base_lr if choice.key == RATE else None)
            found = _compiled(choice, own, inner)
            if found is None and own.base_lr is None:
                found = _compiled(choice, replace(own, base_lr=base), inner)
                base_is_known = False
            are_known = are_known and found is not None
            made[choice.key] = found or _placeholder()
        return References(made, are_known, base_is_known)


NO_PROGRAM = ProgramContext()
"""The context of a spec that is part of no program."""


def _compiled(choice: Choice, context: Context, others: Mapping[str, Schedule]) -> Schedule | None:
    try:
        return compile_in(choice.spec, context, others)
    except SpecError:
        return None  # it is reported where that spec is linted


@cache
def _placeholder() -> Schedule:
    """A schedule for what is unknown, so that all else can be looked at."""
    return compile_in("1", Context())


class _Placed(NamedTuple):
    """A spec of a program and the pattern of the groups that it is for."""

    pattern: str | None
    sibling: SiblingSpec


def program_origins(
    program: Sequence[tuple[ProgramEntry, SiblingSpec]],
) -> list[SpecOrigin]:
    """For each spec of a program, what the program says of it.

    >>> given = [("lr", "head", "1"), ("lr", "*", "2"), ("momentum", None, "lr")]
    >>> program = [(ProgramEntry(*each), SiblingSpec(each[0], each[2])) for each in given]
    >>> head, _, momentum = program_origins(program)
    >>> head.pattern, head.siblings
    ('head', ((SiblingSpec(key='lr', text='1', ...), SiblingSpec(key='momentum', ...)),))
    >>> len(momentum.siblings)
    2
    """
    placed = [_Placed(entry.pattern, sibling) for entry, sibling in program]
    choices: dict[str, list[_Placed]] = {}
    for each in placed:
        choices.setdefault(each.sibling.key, []).append(each)
    sorts = group_sorts(choices)
    unknown = tuple([SiblingSpec(key, None) for key in choices])
    found = []
    for each in placed:
        key = each.sibling.key
        own = [
            tuple([other.sibling for other in sort.values()])
            for sort in sorts
            if sort.get(key) is each
        ]
        siblings = tuple(own) or (unknown,)
        found.append(SpecOrigin(drives=key, pattern=each.pattern, siblings=siblings))
    return found


def program_contexts(
    source: str, base_lr: float | None, origin: SpecOrigin
) -> list[ProgramContext]:
    """The program around a spec, in each sort of parameter groups that the spec is for."""
    if origin.drives is None or not origin.siblings:
        return [NO_PROGRAM]
    found: dict[str, ProgramContext] = {}
    for siblings in origin.siblings:
        program = _program_context(source, base_lr, origin.drives, siblings)
        # Most groups differ in numbers that the spec does not name.
        found.setdefault(repr([(choice.key, choice.spec) for choice in program.choices]), program)
    return list(found.values())


def _program_context(
    source: str, base_lr: float | None, drives: str, siblings: Iterable[SiblingSpec]
) -> ProgramContext:
    specs: dict[str, dict[str, str | None]] = {
        each.key: {"spec": each.text, "definitions": each.definitions} for each in siblings
    }
    specs[drives]["spec"] = source
    choices = {key: own for key, (own,) in Program(specs).choices.items()}
    reached, waiting = {drives}, [drives]
    while waiting:
        more = choices[waiting.pop()].names.keys() - reached
        reached |= more
        waiting += more
    # In the order of the program, which says where a circle closes.
    named = {key: choice for key, choice in choices.items() if key in reached}
    others = tuple([key for key in choices if key not in reached])
    try:
        order = [choice for choice in ordered(named) if choice.key != drives]
    except SpecError as error:
        cycle = tuple([each for each in error.diagnostics if each.source == source])
        return ProgramContext((), tuple(named), others, base_lr, cycle)
    return ProgramContext(tuple(order), (), others, base_lr)
