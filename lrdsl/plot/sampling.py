"""Samples schedules: the updates and values that a plot shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lrdsl.diagnostics import BAD_CONTEXT, spec_error
from lrdsl.schedule.compile import compile
from lrdsl.schedule.compiled_program import CompiledProgram, NamedSchedule
from lrdsl.schedule.schedule import Schedule

ENDLESS_UPDATES = 1000
"""Updates shown of a schedule that never ends in a run of unknown length."""

MAX_SAMPLES = 10_000
"""The most updates of which every single one is sampled."""


class SampledCurve(NamedTuple):
    """Values of a schedule, ready to draw.

    `values[i]` holds from update `steps[i]` on; the picture ends at `end`. `complete` tells
    whether every update is among `steps`, or only some thousands of them.
    """

    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    end: int
    complete: bool


Drawable: TypeAlias = Any
"""A Schedule, a CompiledProgram, or anything that `lrdsl.compile` takes for a spec."""


def named_schedules(
    drawables: Sequence[Drawable], context: Mapping[str, Any]
) -> list[NamedSchedule]:
    """The schedules of what is to be drawn, those of several programs with the program's place.

    >>> import lrdsl
    >>> program = lrdsl.compile_program({"lr": "cosine(1, 0, 9)", "ema": "0.9"})
    >>> [each.name for each in named_schedules([program], {})]
    ['lr', 'ema']
    >>> [each.name for each in named_schedules([program, "0.1"], {})]
    ['1: lr', '1: ema', '0.1']
    """
    found: list[NamedSchedule] = []
    _check_context(drawables, context)
    for i, each in enumerate(drawables, start=1):
        if isinstance(each, CompiledProgram):
            place = f"{i}: " if len(drawables) > 1 else ""
            found += [x._replace(name=place + x.name) for x in each.schedules]
        else:
            [schedule] = as_schedules([each], {} if isinstance(each, Schedule) else context)
            found.append(NamedSchedule(str(schedule.spec), schedule))
    return found


def as_schedules(specs: Sequence[Drawable], context: Mapping[str, Any]) -> list[Schedule]:
    """The schedules of specs in a context; a Schedule, which has its own, as it is.

    >>> [schedule.length for schedule in as_schedules(["cosine(1, 0)"], {"total_steps": 90})]
    [90]
    """
    _check_context(specs, context)
    return [spec if isinstance(spec, Schedule) else compile(spec, **context) for spec in specs]


def _check_context(drawables: Sequence[Drawable], context: Mapping[str, Any]) -> None:
    """`SpecError` for a context that nothing is compiled in."""
    compiled = (Schedule, CompiledProgram)
    if context and drawables and all([isinstance(each, compiled) for each in drawables]):
        kind = type(drawables[0]).__name__
        message = f"a {kind} has its context: `{next(iter(context))}` would change nothing"
        raise spec_error(BAD_CONTEXT, message, fix="pass the spec, or compile it with that")


def horizon(spec: Drawable, **context: Any) -> int:
    """How many updates of a schedule are worth showing: its length, the run's, or 1000.

    >>> horizon("cosine(1, 0, 90)"), horizon("0.1"), horizon("0.1", total_steps=500)
    (90, 1000, 500)
    """
    [schedule] = as_schedules([spec], context)
    if math.isfinite(schedule.length):
        return max(int(schedule.length), 1)
    return schedule.context.total_steps or ENDLESS_UPDATES


def sample(
    spec: Drawable, stop: int | None = None, *, most: int = MAX_SAMPLES, **context: Any
) -> SampledCurve:
    """The values at the updates before `stop`, all of them if they are `most` or fewer.

    `stop` defaults to one past the length, so that the final value is there too, and to the
    horizon of a schedule that never ends. Of more updates than `most`, an even choice of that many
    is taken, and the updates on both sides of each boundary, so that jumps stay where they are.

    >>> sample("linear(1, 0, 4)").values
    array([1.  , 0.75, 0.5 , 0.25, 0.  ])
    """
    [schedule] = as_schedules([spec], context)
    end = horizon(schedule) if stop is None else stop
    if end < 1:
        has_stop = stop is not None
        raise ValueError(f"`stop` is 1 or more, not {end}" if has_stop else "there are no updates")
    count = end + 1 if stop is None and math.isfinite(schedule.length) else end
    if count <= most:
        steps = np.arange(count, dtype=np.int64)
    else:
        even = np.linspace(0, count - 1, most).round().astype(np.int64)
        edges = np.array(schedule.boundaries, dtype=np.int64)
        edges = np.concatenate([edges - 1, edges])
        steps = np.array(sorted({*even.tolist(), *edges[edges < count].tolist()}))
    return SampledCurve(steps, schedule(steps), end, count <= most)
