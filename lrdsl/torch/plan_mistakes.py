"""The mistakes in the specs of a plan, and where they stand in its program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lrdsl.diagnostics import BAD_SPEC, Diagnostic, SpecError
from lrdsl.schedule.program import Choice
from lrdsl.schedule.program_entries import of_value
from lrdsl.torch.plan import Plan


def mutual_dependency(choice: Choice, dependents: Mapping[str, None]) -> SpecError:
    """The error of a new spec that refers to a number which itself refers to the plan's numbers."""
    name = next(name for name in choice.names if name in dependents)
    message = f"`{name}` refers to numbers that this plan changes, and this spec to `{name}`"
    fix = f"add a spec for `{name}` to the plan"
    return SpecError([Diagnostic(BAD_SPEC, message, choice.names[name], choice.source, fix=fix)])


def differing_value(choice: Choice, name: str) -> Diagnostic:
    """The mistake of a value that refers to a number which is not the same in all groups."""
    message = (
        f"`{choice.key}` refers to `{name}`, which has different schedules in the parameter groups:"
        " a value is one number"
    )
    fix = f"drive `{name}` in all groups by one schedule, or write the numbers that are meant"
    return Diagnostic(BAD_SPEC, message, choice.names[name], choice.source, fix=fix)


def located(plan: Plan, choice: Choice, error: SpecError) -> list[Diagnostic]:
    """The diagnostics of a spec; in a program of several, and in a value, each names its number."""
    if plan.program is None or (plan.program.is_single and not choice.is_value):
        return list(error.diagnostics)
    found = [of_value(x) for x in error.diagnostics] if choice.is_value else error.diagnostics
    return [
        replace(x, message=f"`{choice.key}`: {x.message}", place=_place_in_program(choice, x.place))
        for x in found
    ]


def _place_in_program(choice: Choice, place: str) -> str:
    """A place in the tree of a spec as a place in the program's tree."""
    key = f"values.{choice.key}" if choice.is_value else choice.key
    key = key if choice.pattern is None else f"{key}.{choice.pattern}"
    dot = "" if place.startswith("[") else "."
    return f"{key}{dot}{place}" if place else ""
