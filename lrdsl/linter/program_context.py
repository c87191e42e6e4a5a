"""The program around a spec: what the other numbers are that it may name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

from lrdsl.compiler.context import Context
from lrdsl.diagnostics import Diagnostic, SpecError
from lrdsl.language.library.files import text_of
from lrdsl.schedule.program import Choice, Program, ordered
from lrdsl.schedule.schedule import Schedule, compile_in
from lrdsl.tree.coerce import spec_text

RATE = "lr"
"""The number of a program that `base_lr` is of."""


class Neighbour(NamedTuple):
    """A spec of a program: its text, None where it is not known, and definitions beside it."""

    key: str
    text: str | None
    definitions: str = ""


class References(NamedTuple):
    """The schedules that a spec may name."""

    schedules: Mapping[str, Schedule]
    are_known: bool = True
    """Whether none only stands in for what is not known."""
    base_is_known: bool = True
    """Whether none was compiled with a `base` for want of its own."""


class Beside(NamedTuple):
    """What a spec leans on in its program, in one sort of parameter groups.

    `choices` are those of the other numbers, each after those that it speaks of, `unknown` the
    names of what cannot be compiled, `others` of what it does not speak of. `base_lr` is the
    learning rate's own `base`, whatever the spec drives. `circle` says which specs lean on each
    other, where this one closes the ring.
    """

    choices: tuple[Choice, ...] = ()
    unknown: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    base_lr: float | None = None
    circle: tuple[Diagnostic, ...] = ()

    def references(self, context: Context, base: float = 1.0) -> References:
        """The schedules in a context; `base` is for those whose own is not known."""
        # What is not spoken of may have been meant by a name much like it.
        others = [name for name in self.others if name not in context.variables]
        made = {name: _stand_in() for name in [*self.unknown, *others]}
        are_known, base_is_known = not self.unknown, True
        for choice in self.choices:
            inner = {name: made[name] for name in choice.names}
            own = replace(context, base_lr=self.base_lr if choice.key == RATE else None)
            found = _compiled(choice, own, inner)
            if found is None and own.base_lr is None:
                found = _compiled(choice, replace(own, base_lr=base), inner)
                base_is_known = False
            are_known = are_known and found is not None
            made[choice.key] = found or _stand_in()
        return References(made, are_known, base_is_known)


def _compiled(choice: Choice, context: Context, others: Mapping[str, Schedule]) -> Schedule | None:
    try:
        return compile_in(choice.spec, context, others)
    except SpecError:
        return None  # told of the spec itself


@cache
def _stand_in() -> Schedule:
    """A schedule for what is not known, so that all else can be looked at."""
    return compile_in("1", Context())


def facts_of(specs: Mapping[str, Any]) -> dict[tuple[str, str | None], dict[str, Any]]:
    """What the place of each spec of a program tells, by the number and the pattern.

    `specs` are those of `Program`, None for what is not known. The facts are `drives`, the number;
    `pattern`, None where it is for all groups; and `beside`, the program in each sort of groups
    that the spec is for.

    >>> found = facts_of({"lr": {"head": 1, "*": None}, "momentum": "lr"})
    >>> found["lr", "head"]["beside"]
    ((Neighbour(key='lr', text='1', definitions=''), Neighbour(key='momentum', ...)),)
    >>> len(found["momentum", None]["beside"])
    2
    """
    if not specs:
        return {}
    program = Program(specs)
    sorts = [(sort, tuple(map(_neighbour, sort.values()))) for sort in program.sorts()]
    nothing = tuple([Neighbour(key, None) for key in program.choices])
    return {
        (choice.key, choice.pattern): {
            "drives": choice.key,
            "pattern": choice.pattern,
            "beside": tuple([own for sort, own in sorts if sort.get(choice.key) is choice])
            or (nothing,),
        }
        for choices in program.choices.values()
        for choice in choices
    }


def _neighbour(choice: Choice) -> Neighbour:
    spec: Any = choice.spec
    definitions: Any = None
    if isinstance(spec, Mapping) and "spec" in spec:
        spec, definitions = spec.get("spec"), spec.get("definitions")
    try:
        return Neighbour(choice.key, spec_text(spec), text_of(definitions))
    except SpecError:
        return Neighbour(choice.key, None)


def besides(source: str, base_lr: float | None, facts: Mapping[str, Any]) -> list[Beside]:
    """The program around a spec in each sort of groups that it is for, as its place tells."""
    drives, groups = facts.get("drives"), facts.get("beside")
    if drives is None or not groups:
        return [Beside()]
    found: dict[str, Beside] = {}
    for group in groups:
        beside = _beside(source, base_lr, drives, group)
        # Most groups differ in what the spec does not speak of.
        found.setdefault(repr([(choice.key, choice.spec) for choice in beside.choices]), beside)
    return list(found.values())


def _beside(
    source: str, base_lr: float | None, drives: str, group: tuple[Neighbour, ...]
) -> Beside:
    texts: dict[str, dict[str, str | None]] = {
        each.key: {"spec": each.text, "definitions": each.definitions} for each in group
    }
    texts[drives]["spec"] = source
    program = Program(texts)
    choices = {key: own for key, (own,) in program.choices.items()}
    reached, waiting = {drives}, [drives]
    while waiting:
        more = choices[waiting.pop()].names.keys() - reached
        reached |= more
        waiting += more
    # In the order of the program, which says where a circle closes.
    leant = {key: choice for key, choice in choices.items() if key in reached}
    others = tuple([key for key in choices if key not in reached])
    try:
        order = [choice for choice in ordered(leant) if choice.key != drives]
    except SpecError as error:
        ring = tuple([each for each in error.diagnostics if each.source == source])
        return Beside((), tuple(leant), others, base_lr, ring)
    return Beside(tuple(order), (), others, base_lr)
