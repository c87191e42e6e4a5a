"""Figures of schedules, by matplotlib.

matplotlib is imported where a figure is made; it comes with `lrdsl[plot]`.
"""

from __future__ import annotations

import math
import os
import textwrap
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lrdsl.plot.sampling import Drawable, SampledCurve, as_schedules, horizon, sample
from lrdsl.plot.style import (
    COLOURS,
    INK,
    blank_figure,
    escape_tex,
    image_format,
    legend_above,
    powers_of_ten,
    style_update_axis,
    write_image,
)
from lrdsl.plot.ticks import axis_limits
from lrdsl.schedule.schedule import Schedule

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DASHES = ("-", "--", ":", "-.")

MAX_BOUNDARIES = 40
"""More boundaries than this are not marked: they would hide the curve."""


def figure(
    specs: Drawable | Sequence[Drawable],
    *,
    stop: int | None = None,
    log: bool = False,
    title: str | None = None,
    **context: Any,
) -> Figure:
    """A matplotlib `Figure` of one schedule or of several, laid over each other.

    `specs` is a spec, a Schedule, or a sequence of these. The picture covers the updates before
    `stop`; by default, up to where the longest ends. `log` draws the values on a logarithmic axis,
    where those that are 0 or below do not show. The title is the spec, unless `title` is given;
    several schedules are told apart in a legend. The other arguments are those of `lrdsl.compile`.
    Raises `SpecError` for a faulty spec, `ValueError` where there is nothing to draw. pyplot and
    its global state stay untouched.

    >>> picture = figure("warmup(100) >> cosine(1, 0, 800)")
    >>> picture.axes[0].get_xlabel(), picture.axes[0].get_ylabel()
    ('update', 'learning rate')
    """
    several = isinstance(specs, Sequence) and not isinstance(specs, str)
    schedules = as_schedules(specs if several else [specs], context)
    if not schedules:
        raise ValueError("there is no schedule to draw")
    curves = _curves(schedules, stop)
    if log and not any((curve.values > 0).any() for curve in curves):
        raise ValueError("no value is above 0: there is nothing to draw on a logarithmic axis")

    picture = blank_figure(3.7 + (0.17 * len(schedules) if len(schedules) > 1 else 0))
    axes = picture.add_subplot()
    dashes, colours = zip(*product(_DASHES, COLOURS), strict=True)
    axes.set_prop_cycle(linestyle=dashes, color=colours)
    for schedule, curve in zip(schedules, curves, strict=True):
        y = np.append(curve.values, curve.values[-1])
        axes.plot(
            np.append(curve.steps, curve.end),
            np.where(y > 0, y, np.nan) if log else y,
            drawstyle="steps-post",
            linewidth=1.8,
            solid_joinstyle="round",
            label=textwrap.shorten(str(schedule.spec), 90, placeholder=" …"),
            zorder=3,
            clip_on=False,
        )
    if len(schedules) == 1:
        inner = [x for x in schedules[0].boundaries if 0 < x < curves[0].end]
        for boundary in inner if len(inner) <= MAX_BOUNDARIES else ():
            axes.axvline(boundary, color="#8b949e", linewidth=0.8, linestyle=(0, (3, 3)), zorder=1)
    axes.set_xlim(0, max(curve.end for curve in curves))
    style_update_axis(axes, "learning rate")
    if log:
        axes.set_yscale("log")
    else:
        values = np.concatenate([curve.values for curve in curves])
        low, high = axis_limits(float(values.min()), float(values.max()))
        margin = 0.04 * (high / 2 - low / 2) * 2
        axes.set_ylim(low - margin, high + margin)
        powers_of_ten(axes)
    if len(schedules) > 1:
        legend_above(axes, size=8, title=title)
    else:
        heading = title or "\n".join(textwrap.wrap(str(schedules[0].spec), 84, max_lines=3))
        size, family = (11, "sans-serif") if title else (8.5, "monospace")
        look: dict[str, Any] = {"fontsize": size, "family": family, "color": INK}
        axes.set_title(escape_tex(heading), look, loc="left", pad=10)
    return picture


def save(
    specs: Drawable | Sequence[Drawable],
    path: str | os.PathLike[str],
    *,
    stop: int | None = None,
    log: bool = False,
    title: str | None = None,
    **context: Any,
) -> Path:
    """Write the `figure` of the same arguments to an SVG, PNG or PDF file, by its extension.

    The same schedules give the same bytes. Returns the path. Raises `ValueError` for another
    extension, `OSError` where the file cannot be written.

    >>> save("cosine(1, 0, 800)", "lr.jpg")
    Traceback (most recent call last):
    ValueError: a picture is .svg, .png or .pdf, not 'lr.jpg'
    """
    image_format(path)
    return write_image(figure(specs, stop=stop, log=log, title=title, **context), path)


def _curves(schedules: Sequence[Schedule], stop: int | None) -> list[SampledCurve]:
    """The curves of several schedules, as long as the longest; one that ends is held there."""
    if stop is not None:
        return [sample(schedule, stop) for schedule in schedules]
    ends = [s for s in schedules if math.isfinite(s.length) or s.context.total_steps]
    end = max(horizon(schedule) for schedule in ends or schedules)
    return [sample(s) if horizon(s) == end else sample(s, end) for s in schedules]
