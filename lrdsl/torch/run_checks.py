"""Looks at the schedules of a run for what its user would want to know before it begins."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from lrdsl.language.python_functions import FunctionSpec
from lrdsl.language.signal import TimelineSegment
from lrdsl.schedule.schedule import Schedule
from lrdsl.syntax import ast
from lrdsl.syntax.ast import Name, Number, walk
from lrdsl.torch.param_groups import DrivenGroups
from lrdsl.torch.param_key import read_number
from lrdsl.torch.plan import DrivenSchedule

IDLE_SHARE = 0.1
"""The share of a run for which the last value of a decay may be held."""

MAX_LISTED = 8
"""Numbers that a warning lists."""

_ROUNDING = 1e-3
"""By this share of a run a schedule may be longer: epochs are rarely whole numbers of updates."""


def run_warnings(driven: DrivenGroups, total_steps: int | None) -> list[str]:
    """The warnings about a program in a run of this length.

    A number may have a schedule that is longer than the run, or ends long before it, or one that
    ignores how the parameter groups differ.
    """
    found = []
    for name, sources in driven.numbers.items():
        # Groups with the same spec have the same lengths: one warning is for all of them.
        for schedule in {id(each.schedule.spec): each.schedule for each in sources}.values():
            found += [f"`{name}`: {x}" for x in _length_warnings(name, schedule, total_steps)]
    return [*dict.fromkeys(found), *flattened_groups(driven)]


def longer_than_run(schedule: Schedule, total_steps: int | None) -> str | None:
    """A warning about a schedule whose end is never reached; None if it is, or never was to be."""
    length = schedule.length
    if total_steps is None or math.isinf(length) or length <= 1 + total_steps * (1 + _ROUNDING):
        return None
    cut = [part for part in schedule.chain_segments if part.stop > total_steps]
    if any([_speaks_of_the_run(part) for part in cut]):
        return None  # longer on purpose: `until=1.25*total`
    last, final = schedule(total_steps), schedule(int(length))
    if math.isclose(last, final):
        return None
    return (
        f"the schedule is {length:,} updates long, but the run has only {total_steps:,}: it stops "
        f"at {last:g} and never comes to {final:g}. Shorten it, or leave out one length: that "
        "segment then fills the rest of the run"
    )


def _length_warnings(name: str, schedule: Schedule, total_steps: int | None) -> Iterator[str]:
    longer = longer_than_run(schedule, total_steps)
    if longer is not None:
        yield longer
    length = schedule.length
    if name != "lr" or total_steps is None or math.isinf(length):
        return
    idle = total_steps - length
    if idle > IDLE_SHARE * total_steps and ends_with_decay(schedule):
        yield (
            f"the schedule ends after {length:,} updates, and the other {idle:,} of the run stay "
            f"at {schedule(total_steps):g}. Leave out the length of its last segment, or add "
            "`>> hold()` if that is intended"
        )


def ends_with_decay(schedule: Schedule) -> bool:
    """Whether the last segment of a schedule falls, so that its end is the end of the training."""
    if math.isinf(schedule.length) or schedule.length == 0:
        return False
    end = int(schedule.length)
    start = max([part.start for part in schedule.segments if part.start < end], default=0)
    return schedule(start) > schedule(end)


def has_decayed(driven: DrivenGroups) -> bool:
    """Whether a learning rate comes to its end by a decay, and not by a warmup or a constant."""
    return any(ends_with_decay(source.schedule) for source in dict.fromkeys(driven.rates))


def flattened_groups(driven: DrivenGroups) -> list[str]:
    """Warnings about numbers that differ between the groups, and that one spec makes the same."""
    found = []
    for name, sources in driven.sources.items():
        members: dict[DrivenSchedule, list[int]] = {}
        for i, source in enumerate(sources):
            members.setdefault(source, []).append(i)
        for source, of_source in members.items():
            bases = _bases(driven, name, of_source) if len(of_source) > 1 else []
            if len(bases) > 1 and not isinstance(source.schedule.spec, FunctionSpec):
                shown = ", ".join([f"{base:g}" for base in bases[:MAX_LISTED]])
                shown += f" and {len(bases) - MAX_LISTED} others" * (len(bases) > MAX_LISTED)
                found.append(
                    f"`{name}` differs between the parameter groups ({shown}), and its spec "
                    f"`{source.schedule.spec}` sets all of them to the same value: write it as a "
                    "multiple of `base`, each group's own value, or write a spec for each group"
                )
    return found


def _bases(driven: DrivenGroups, name: str, members: Sequence[int]) -> list[float]:
    """The distinct first values of a number in some groups."""
    keys = driven.keys[name]
    found = [read_number(keys[i].initial, i, driven.initial[i]) for i in members]
    return list(dict.fromkeys(found))


def _speaks_of_the_run(part: TimelineSegment) -> bool:
    """Whether the length of a part is written as a share of the run."""
    nodes = [part.formula] if isinstance(part.formula, ast.Node) else []
    return any(
        [
            (isinstance(node, Name) and node.id == "total")
            or (isinstance(node, Number) and node.unit in ("%", "dur"))
            for tree in nodes
            for node, _ in walk(tree)
        ]
    )
