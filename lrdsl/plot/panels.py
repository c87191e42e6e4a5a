"""Panels: which schedules share an axis for their values, and what they are called."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from lrdsl.plot.sampling import MAX_SAMPLES, SampledCurve, horizon, sample
from lrdsl.plot.ticks import axis_limits
from lrdsl.schedule.compiled_program import NamedSchedule
from lrdsl.schedule.schedule import Schedule

LEAST_SHARE = 0.2
"""The part of an axis that a curve must reach over, if it changes, to share the axis."""


class Panel(NamedTuple):
    """Schedules that share an axis, each with its curve and its place among all of them."""

    title: str
    """What the axis shows: `learning rate`."""
    drawn: list[tuple[int, NamedSchedule, SampledCurve]]

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and the highest value."""
        lows, highs = zip(
            *[(x.values.min(), x.values.max()) for _, _, x in self.drawn], strict=True
        )
        return float(min(lows)), float(max(highs))


def panels(schedules: Sequence[NamedSchedule], stop: int | None = None) -> list[Panel]:
    """The panels of a picture: numbers have one each where the changes of one would not be seen.

    >>> import lrdsl
    >>> specs = {"lr": "1e-3", "momentum": "0.9", "betas.0": "0.8"}
    >>> found = panels([NamedSchedule(x, lrdsl.compile(y), x) for x, y in specs.items()])
    >>> [panel.title for panel in found]
    ['learning rate', 'momentum, betas.0']
    """
    curves = one_length([each.schedule for each in schedules], stop)
    groups: list[tuple[list[str], Panel]] = []
    for i, (each, curve) in enumerate(zip(schedules, curves, strict=True)):
        alone = Panel("", [(i, each, curve)])
        found = next((x for x in groups if each.number in x[0]), None)
        found = found or next((x for x in groups if _are_alike(x[1], alone)), None)
        if found is None:
            groups.append(([each.number], alone))
            continue
        found[1].drawn.extend(alone.drawn)
        if each.number not in found[0]:
            found[0].append(each.number)
    return [panel._replace(title=", ".join(map(title_of, numbers))) for numbers, panel in groups]


def title_of(number: str) -> str:
    """The name of a number of an optimizer in words.

    >>> title_of("lr"), title_of("weight_decay")
    ('learning rate', 'weight decay')
    """
    return "learning rate" if number == "lr" else number.replace("_", " ")


def _are_alike(one: Panel, other: Panel) -> bool:
    """Whether all curves of two panels can be read on one axis, which begins at 0 if that is near.

    A curve must reach over a fair part of it; one that hardly changes, from 0 to its value.
    """
    both = Panel("", [*one.drawn, *other.drawn])
    low, high = axis_limits(*both.limits)
    least = LEAST_SHARE * (high - low)
    for _, _, curve in both.drawn:
        bottom, top = float(curve.values.min()), float(curve.values.max())
        reach = top - bottom if top > bottom else abs(top)
        if reach < least:
            return False
    return True


def curves_of(schedules: Sequence[Schedule], most: int = MAX_SAMPLES) -> list[SampledCurve]:
    """The curve of each schedule; one that never ends goes as far as the others.

    >>> import lrdsl
    >>> [x.end for x in curves_of([lrdsl.compile("linear(1, 0, 50)"), lrdsl.compile("0.1")])]
    [50, 50]
    """
    end = common_end(schedules)
    return [
        sample(x, None if _ends(x) else end, most=most)  # the final value is there, too
        for x in schedules
    ]


def common_end(schedules: Sequence[Schedule]) -> int:
    """How many updates of schedules are worth showing together."""
    return max([horizon(x) for x in [x for x in schedules if _ends(x)] or schedules])


def _ends(schedule: Schedule) -> bool:
    return math.isfinite(schedule.length) or schedule.context.total_steps is not None


def one_length(schedules: Sequence[Schedule], stop: int | None) -> list[SampledCurve]:
    """The curves of schedules, as long as the longest; one that ends is held there."""
    if stop is not None:
        return [sample(x, stop) for x in schedules]
    end = common_end(schedules)
    return [sample(x) if horizon(x) == end else sample(x, end) for x in schedules]
