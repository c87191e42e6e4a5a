"""The description of a Scheduler at a prompt and in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from lrdsl.schedule.schedule import Schedule
from lrdsl.syntax.unparse import shorten

T = TypeVar("T")

MAX_SHOWN = 4
"""The most schedules that the `repr` of a Scheduler shows."""


def specs_in_brief(driven: Mapping[str, Sequence[Schedule]], names: Sequence[object]) -> str:
    """The specs of the first numbers and groups, on one line; `names` are those of the groups."""
    specs = [f"{name}={spec}" for name, spec in distinct(driven, names, lambda x: str(x.spec))]
    more = [f"and {len(specs) - MAX_SHOWN} more"] if len(specs) > MAX_SHOWN else []
    return ", ".join([*[shorten(spec, 100) for spec in specs[:MAX_SHOWN]], *more])


def distinct(
    driven: Mapping[str, Sequence[Schedule]], names: Sequence[object], key: Callable[[Schedule], T]
) -> list[tuple[str, T]]:
    """The distinct values of a key of schedules, after the number and the groups of each.

    >>> from lrdsl import compile
    >>> lr = compile("0.1"), compile("0.2"), compile("0.1")
    >>> distinct({"lr": lr}, ["head", None, "body"], lambda schedule: schedule(0))
    [('lr[head, body]', 0.1), ('lr[1]', 0.2)]
    """
    found: list[tuple[str, T]] = []
    for number, schedules in driven.items():
        members: dict[T, list[str]] = {}
        # One of `values` has one schedule, whatever groups there are.
        for i, (schedule, name) in enumerate(zip(schedules, names, strict=False)):
            members.setdefault(key(schedule), []).append(str(i if name is None else name))
        for each, groups in members.items():
            where = f"[{', '.join(groups)}]" if len(members) > 1 else ""
            found.append((number + where, each))
    return found
