"""Checks of the arguments that the functions of `lrdsl.torch` have in common."""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, get_args

from lrdsl.compiler import batches
from lrdsl.compiler.context import PARTS, SIZES, Context
from lrdsl.diagnostics import (
    BAD_CONTEXT,
    BAD_SPEC,
    BAD_STEP,
    Problem,
    SpecError,
    Suggestion,
    spec_error,
)
from lrdsl.language.language import Language
from lrdsl.language.signal import LAST_STEP
from lrdsl.schedule.program import Program, language_of
from lrdsl.schedule.program_entries import ONE_SPEC
from lrdsl.syntax.ast import Bracket, Call, Name, Node, walk
from lrdsl.syntax.spec import as_number, parse
from lrdsl.torch.param_key import to_python
from lrdsl.tree.coerce import coerce_spec

ARGUMENTS = frozenset(
    {
        "values",
        "clock",
        "start_step",
        "last_epoch",
        "on_change",
        "on_end",
        "metric_reduction",
        "keep_metrics",
        "definitions",
    }
)
"""The arguments of a Scheduler that are no part of the run."""


def run_context(**arguments: Any) -> Context:
    """Make the context of a run from a Scheduler's keyword arguments."""
    if "base_lr" in arguments:
        message = "`base_lr` cannot be passed: `base` is the group's own lr"
        raise spec_error(BAD_CONTEXT, message, fix="set the optimizer's `lr` instead")
    return batches.run_context(**arguments)


def check_batch_told(context: Context, changes: Collection[str], now: int) -> None:
    """Raise `SpecError` where a new plan would begin to count a growing batch anew in silence."""
    sizes = [name for name in SIZES if isinstance(context.to_dict().get(name), str)]
    untold = [name for name in sizes if name not in changes]
    if untold and now:
        message = f"the spec of `{untold[0]}` counts from the beginning of the run, not from a plan"
        fix = f"pass {untold[0]}=… for the updates from here on"
        raise spec_error(BAD_CONTEXT, message, fix=fix)


def check_variables(
    program: Program,
    definitions: str,
    given: Iterable[str],
    arguments: Collection[str],
    values: Collection[str],
) -> None:
    """Raise `SpecError` if a variable is given that no spec of a program uses.

    It is a mistyped argument in most cases: `arguments` are the names of the others. `values` are
    those of the run, whose names no variable can have.
    """
    variables = [name for name in given if name not in PARTS]
    both = sorted({*variables} & {*values})
    if both:
        message = f"`{both[0]}` is one of `values`, and a variable too"
        raise spec_error(BAD_CONTEXT, message, fix="give one of them another name")
    used = _names_used(program, definitions) if variables else None
    if used is None:
        return
    for name in variables:
        if name not in used:
            message = f"`{name}` is no argument of a Scheduler, and no variable of the spec"
            meant = Suggestion(name, {*arguments, *PARTS, *used} - {"base_lr", "spec"})
            fix = "leave it out" if meant.find() is None else None
            raise spec_error(BAD_CONTEXT, message, fix=fix, meant=meant)


def _names_used(program: Program, definitions: str) -> set[str] | None:
    """The names in the specs of a program, and in the definitions that they call.

    None if one cannot be parsed: compiling it says what is wrong.
    """
    found: set[str] = set()
    for choice in [choice for own in program.choices.values() for choice in own]:
        source = coerce_spec(choice.spec)
        if not isinstance(source.content, str):
            continue  # a function
        language = language_of([definitions, *source.definitions])
        try:
            _add_names([parse(source.content).node], language, found)
        except SpecError:
            return None
    return found


def _add_names(trees: Iterable[Node], language: Language, found: set[str]) -> None:
    """Add the names in some trees, and in the definitions that these call."""
    waiting = [*trees]
    while waiting:
        for node, _ in walk(waiting.pop()):
            name = node.name if isinstance(node, Call | Bracket) else node
            if isinstance(name, Name) and name.id not in found:
                found.add(name.id)
                if name.id in language.definitions:
                    waiting += language.definitions[name.id].expressions


def refuse_list_for_groups(spec: object, groups: int) -> None:
    """Raise `SpecError` for a list with a spec for each group, as torch takes it.

    A list of that length would be read as a chain.
    """
    is_program = isinstance(spec, Mapping) and not ONE_SPEC.issuperset(spec)
    keyed: Any = spec if is_program else {"lr": spec}
    for key, value in keyed.items():
        is_list = isinstance(value, Sequence) and not isinstance(value, str)
        if not is_list or not 1 < groups == len(value):
            continue
        if any([isinstance(each, Mapping) for each in value]):
            continue  # a tree
        shown = [each if isinstance(each, str) else repr(each) for each in value]
        of_groups = ", ".join([f"{i}: {each!r}" for i, each in enumerate(value)])
        message = f"a list of {groups} for {groups} parameter groups is ambiguous"
        fix = (
            f'write `{{"{key}": {{{of_groups}}}}}` for a spec for each group, or '
            f'`"{" >> ".join(shown)}"` for one after the other'
        )
        raise spec_error(BAD_SPEC, message, fix=fix)


_options = cache(get_args)


def checked_option(option: object, name: str, value: object, code: Problem = BAD_STEP) -> Any:
    """Return an argument that is one of a `Literal`; `SpecError` for any other value."""
    options = _options(option)
    if value not in options:
        meant = Suggestion(value, options) if isinstance(value, str) else None
        listed = ", ".join(f'"{option}"' for option in options)
        message = f"`{name}` must be one of {listed}, not {value!r}"
        raise spec_error(code, message, meant=meant)
    return value


def checked_updates(value: object, name: str, *, least: int) -> int:
    """Return an argument that is a number of updates; `SpecError` for any other value."""
    try:
        number = None if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or not least <= number <= LAST_STEP:
        message = f"`{name}` must be a whole number of updates, {least} or more, not {value!r}"
        is_metric = isinstance(as_number(to_python(value)), float)
        fix = "the schedule takes no metric: call `step()`" if is_metric else None
        raise spec_error(BAD_STEP, message, fix=fix)
    return number
