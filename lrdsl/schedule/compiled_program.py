"""`compile_program`: the schedules of a program, without an optimizer."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, NoReturn, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lrdsl import diagnostics as diag
from lrdsl.compiler.batches import run_context
from lrdsl.compiler.context import Context
from lrdsl.diagnostics import Diagnostic, SpecError, Suggestion, spec_error
from lrdsl.language.reserved import RESERVED
from lrdsl.schedule.batch_size import taken_batch_size, with_number
from lrdsl.schedule.compile import compile_in
from lrdsl.schedule.program import (
    RATE,
    Choice,
    Program,
    group_sorts,
    located,
    never_applies,
    ordered,
)
from lrdsl.schedule.program_entries import unwrapped
from lrdsl.schedule.schedule import Schedule
from lrdsl.schedule.steps import Steps
from lrdsl.tree.data import is_data
from lrdsl.util.forks import import_late

MAX_READ = 10_000
"""Schedules that are read for one value of a number, over all that it names in turn."""


class NamedSchedule(NamedTuple):
    """A schedule, the name that tells it from others, and the number that it is for."""

    name: str
    schedule: Schedule
    number: str = RATE


class CompiledProgram(Mapping[str, Schedule]):
    """The schedules of a program by the names of its numbers.

    A mapping that does not change. Called with the number of updates already made, it returns the
    value of each number for the next one: a dict of floats for an int, of arrays for an array.
    Picklable, hashable, and equal to what has the same schedules under the same names.

    >>> import lrdsl
    >>> program = lrdsl.compile_program({"lr": "cosine(1, 0, 100)", "weight_decay": "0.1 * lr"})
    >>> program(50)
    {'lr': 0.5, 'weight_decay': 0.05}
    >>> program["lr"].length, list(program)
    (100, ['lr', 'weight_decay'])
    >>> print(program)
    lr: cosine(1, 0, 100)
    weight_decay: 0.1 * lr
    """

    spec: str | Mapping[str, Any]
    """The program as canonical text: of one spec, or by number, or by number and pattern."""
    context: Context
    """The run, with all definitions that the specs use."""
    schedules: tuple[NamedSchedule, ...]

    def __init__(
        self,
        spec: str | Mapping[str, Any],
        context: Context,
        schedules: Iterable[NamedSchedule],
    ) -> None:
        found = tuple(schedules)
        by_name = {each.name: each.schedule for each in found}
        self.__dict__.update(spec=spec, context=context, schedules=found, _by_name=by_name)

    def __getitem__(self, name: str) -> Schedule:
        found: Schedule = self.__dict__["_by_name"][name]
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__["_by_name"])

    def __len__(self) -> int:
        return len(self.schedules)

    @overload
    def __call__(self, step: int | np.integer[Any]) -> dict[str, float]: ...
    @overload
    def __call__(self, step: Steps) -> dict[str, NDArray[np.float64]]: ...
    @overload
    def __call__(self, step: ArrayLike) -> dict[str, Any]: ...
    def __call__(self, step: Any) -> dict[str, Any]:
        return {each.name: each.schedule(step) for each in self.schedules}

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a CompiledProgram is immutable: cannot set {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a CompiledProgram is immutable: cannot delete {name!r}")

    def __hash__(self) -> int:
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return CompiledProgram, (self.spec, self.context, self.schedules)

    def __str__(self) -> str:
        return "\n".join([f"{name}: {schedule.spec}" for name, schedule in self.items()])

    def __repr__(self) -> str:
        known = "".join(f", {name}={value!r}" for name, value in self.context.to_dict().items())
        return f"lrdsl.compile_program({self.spec!r}{known})"

    def _repr_html_(self) -> str:
        found: str = import_late("lrdsl.plot.notebook").program_html(self)
        return found


def compile_program(
    spec: Mapping[str, Any] | Any,
    *,
    total_steps: int | None = None,
    steps_per_epoch: float | None = None,
    samples_per_step: float | str | None = None,
    tokens_per_step: float | str | None = None,
    tokens_per_sample: float | str | None = None,
    samples_per_epoch: float | None = None,
    total_samples: float | None = None,
    total_tokens: float | None = None,
    base_lr: float | None = None,
    definitions: str | os.PathLike[str] | Sequence[str] | None = None,
    **variables: float,
) -> CompiledProgram:
    """The schedules of a program, which need no optimizer.

    `spec` is `{number: spec}`, with all that a Scheduler of `lrdsl.torch` takes: specs in all
    their forms, which may name each other's numbers; `definitions` beside the numbers; a mapping
    with `spec` around it; `{number: {pattern: spec}}` for parameter groups. There are no groups
    here: a spec for some is found under the name of its pattern, `lr[head]`, and so is what names
    it. A single spec is that of `lr`. The number `batch_size` is the samples of each update, as
    `samples_per_step` says them elsewhere. The other arguments are those of `compile`; `base_lr`
    is the `base` of `lr` alone. Raises `SpecError` with the mistakes of all specs.

    >>> program = {"lr": "warmup(10%) >> cosine()", "ema": "1 - 0.04 * lr"}
    >>> compile_program(program, total_steps=100, base_lr=0.1)(10)
    {'lr': 0.1, 'ema': 0.996}
    >>> list(compile_program({"lr": {"head": 1, "*": 0.1}, "weight_decay": "lr / 10"}))
    ['lr[head]', 'lr[*]', 'weight_decay[head]', 'weight_decay[*]']
    """
    sized = taken_batch_size(spec, samples_per_step)
    context = run_context(
        total_steps=total_steps,
        steps_per_epoch=steps_per_epoch,
        samples_per_step=sized.samples_per_step,
        tokens_per_step=tokens_per_step,
        tokens_per_sample=tokens_per_sample,
        samples_per_epoch=samples_per_epoch,
        total_samples=total_samples,
        total_tokens=total_tokens,
        base_lr=base_lr,
        definitions=definitions,
        **variables,
    )
    read = read_program(with_number(sized), context)
    schedules = compile_choices(read.choices, partial(_compile, context, read.is_single))
    texts = [each.schedule.context.definitions for each in schedules]
    lines = dict.fromkeys([line for text in texts for line in text.split("\n") if line])
    known = replace(context, definitions="\n".join(lines))
    return CompiledProgram(read.texts or {}, known, schedules)


def read_program(spec: Any, context: Context) -> Program:
    """A program that has no optimizer. `SpecError` where its keys are no names of numbers."""
    read = Program(spec, context.definitions)
    inner = unwrapped(spec, lambda spec: spec)[1]
    if isinstance(inner, Mapping) and not inner.keys() - {"definitions"}:
        message, fix = "there is no number in the program", 'write {"lr": "cosine(1, 0, 800)"}'
        raise spec_error(diag.BAD_SPEC, message, fix=fix)
    if isinstance(inner, Mapping) and len(inner) == 1 and read.is_single:
        [(key, value)] = inner.items()
        if not is_data(value):
            message = f"`{{{key}: …}}` is the tree of one schedule, which calls `{key}`"
            fix = f'pass the text "{key}(…)" if it is, or call the number something else'
            raise spec_error(diag.BAD_SPEC, message, fix=fix)
    for key in read.choices:
        if key in RESERVED:
            message = f"no number of a program can be called `{key}`"
            fix = f"give it another name: in a spec `{key}` has a meaning of its own"
            raise spec_error(diag.BAD_SPEC, message, fix=fix)
    return read


def _compile(
    context: Context, is_single: bool, choice: Choice, others: Mapping[str, Schedule]
) -> Schedule:
    own = context if choice.key == RATE else replace(context, base_lr=None)
    try:
        return compile_in(choice.spec, own, others)
    except SpecError as error:
        raise SpecError(
            error.diagnostics if is_single else located(choice, error.diagnostics)
        ) from error


def compile_choices(
    choices: Mapping[str, Sequence[Choice]],
    make: Callable[[Choice, Mapping[str, Schedule]], Schedule],
) -> tuple[NamedSchedule, ...]:
    """The schedules of a program without parameter groups, in the order of its numbers.

    `make` compiles one from the schedules that it names. A schedule that is for some groups only,
    or names such, is called by their pattern too, or where several patterns meet, by the one that
    tells these groups from others. Raises `SpecError` with all that `make` does.
    """
    made: dict[tuple[object, ...], Schedule | None] = {}
    found: dict[str, NamedSchedule] = {}
    sorts = group_sorts(choices)
    used = {choice for sort in sorts.values() for choice in sort.values()}
    unused = [choice for own in choices.values() for choice in own if choice not in used]
    errors = dict.fromkeys(map(never_applies, unused))
    for group, sort in sorts.items():
        own: dict[str, Schedule] = {}
        patterns: dict[str, set[str]] = {}
        in_order = ordered(sort)
        check_reads(in_order)
        for choice in in_order:
            if unknown := [name for name in choice.names if name not in sort]:
                errors[_without(choice, unknown[0], str(group))] = None
            if not own.keys() >= choice.names.keys():
                continue  # what it names has mistakes
            others = {name: own[name] for name in choice.names}
            key = (choice, *others.values())
            if key not in made:
                try:
                    made[key] = make(choice, others)
                except SpecError as error:
                    made[key] = None
                    errors |= {_explained(choice, sort, each): None for each in error.diagnostics}
            schedule = made[key]
            if schedule is None:
                continue
            own[choice.key] = schedule
            around = {x for name in choice.names for x in patterns[name]}
            patterns[choice.key] = around | ({choice.pattern} if choice.pattern else set())
            pattern = (
                group if len(patterns[choice.key]) > 1 else min(patterns[choice.key], default="")
            )
            name = f"{choice.key}[{pattern}]" if pattern else choice.key
            known = found.setdefault(name, NamedSchedule(name, schedule, choice.key))
            if known.schedule is not schedule:
                message = f"two numbers of the program would be called `{name}`"
                errors[Diagnostic(diag.BAD_SPEC, message, fix="give one another name")] = None
    if errors:
        raise SpecError(errors)
    order = list(choices)
    return tuple(sorted(found.values(), key=lambda each: order.index(each.number)))


def check_reads(order: Iterable[Choice]) -> None:
    """`SpecError` if a value of a number needs too many others; each comes after those it names."""
    reads: dict[str, int] = {}
    for choice in order:
        named = [name for name in _mentions(choice) if name in reads]
        reads[choice.key] = 1 + sum([reads[name] for name in named])
        if reads[choice.key] > MAX_READ:
            message = f"`{choice.key}` names numbers that name others, too many in all"
            fix = f"a value of it may read {MAX_READ:,} schedules at most"
            raise spec_error(diag.TOO_DEEP, message, fix=fix)


def _mentions(choice: Choice) -> list[str]:
    """The names of other numbers in a spec, each as often as it stands there."""
    words = re.findall(r"\w+", choice.source) if choice.names else []
    return [word for word in words if word in choice.names]


def _without(choice: Choice, name: str, group: str) -> Diagnostic:
    """The mistake of a spec that names a number which nothing drives in some of its groups."""
    message = f"`{choice.key}` names `{name}`, which nothing drives in the groups `{group}`"
    fix = f'add a spec of `{name}` for "*", which is all other groups'
    return Diagnostic(diag.BAD_GROUP, message, choice.names[name], choice.source, fix=fix)


def _explained(choice: Choice, others: Iterable[str], found: Diagnostic) -> Diagnostic:
    """A mistake in a spec, with what a program has to say about it.

    It says why the `base` of a number that is no learning rate is unknown, or which number an
    unknown name may be meant for.
    """
    if found.problem is diag.UNBOUND and found.replacement is None:
        name = found.source[slice(*found.span[:2])]
        meant = Suggestion(name, [key for key in others if key != choice.key]).find()
        fix = f"did you mean `{meant}`?"
        return replace(found, fix=fix, replacement=meant) if meant else found
    is_base = found.problem is diag.NEEDS_CONTEXT and found.message.endswith("needs base_lr")
    if choice.key == RATE or not is_base:
        return found
    what = found.message.removesuffix(" needs base_lr")
    message = f"{what} is known for `{RATE}` alone, as there is no optimizer"
    fix = "write the value, or pass it as a variable"
    return replace(found, message=message, fix=fix)
