"""The mistakes in the specs of a plan, and where they stand in its program."""

from __future__ import annotations

from collections.abc import Mapping

from lrdsl.diagnostics import BAD_SPEC, Diagnostic, SpecError
from lrdsl.schedule.program import Choice, located
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


def located_in_plan(plan: Plan, choice: Choice, error: SpecError) -> list[Diagnostic]:
    """The diagnostics of a spec; in a program of several, and in a value, each names its number."""
    if plan.program is None or (plan.program.is_single and not choice.is_value):
        return list(error.diagnostics)
    found = [of_value(x) for x in error.diagnostics] if choice.is_value else error.diagnostics
    return located(choice, found)
