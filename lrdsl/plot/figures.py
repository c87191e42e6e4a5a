"""Figures of schedules, by matplotlib.

matplotlib is imported where a figure is made; it comes with `lrdsl[plot]`.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lrdsl.plot.panels import Panel, panels
from lrdsl.plot.sampling import Drawable, SampledCurve, named_schedules
from lrdsl.plot.style import (
    COLOURS,
    INK,
    blank_figure,
    escape_tex,
    image_format,
    legend_above,
    powers_of_ten,
    style_log_axis,
    style_update_axis,
    write_image,
)
from lrdsl.plot.ticks import axis_limits
from lrdsl.schedule.compiled_program import NamedSchedule
from lrdsl.schedule.schedule import Schedule

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DASHES = ("-", "--", ":", "-.")

MAX_BOUNDARIES = 40
"""More boundaries than this are not marked: they would hide the curve."""

MAX_DRAWN = 1e280
"""Matplotlib computes with the margins around the values, which must be floats as well."""


def figure(
    specs: Drawable | Sequence[Drawable],
    *,
    stop: int | None = None,
    log: bool = False,
    title: str | None = None,
    **context: Any,
) -> Figure:
    """A matplotlib `Figure` of one schedule or of several, laid over each other.

    `specs` is a spec, a Schedule, a CompiledProgram, or a sequence of these; numbers of a program
    that differ by far have an axis each. The picture covers the updates before
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
    schedules = named_schedules(specs if several else [specs], context)
    return figure_of(schedules, stop=stop, log=log, title=title)


def figure_of(
    schedules: Sequence[NamedSchedule],
    *,
    stop: int | None = None,
    log: bool = False,
    title: str | None = None,
) -> Figure:
    """The `figure` of schedules that have names, on an axis each where their sizes differ by far.

    >>> from lrdsl import compile
    >>> from lrdsl.schedule.compiled_program import NamedSchedule
    >>> rate, decay = compile("cosine(1e-3, 0, 90)"), compile("linear(0, 0.1, 90)")
    >>> program = [NamedSchedule("lr", rate), NamedSchedule("decay", decay, "weight_decay")]
    >>> [axes.get_ylabel() for axes in figure_of(program).axes]
    ['learning rate', 'weight decay']
    """
    if not schedules:
        raise ValueError("there is no schedule to draw")
    every = panels(schedules, stop)
    largest = max([abs(limit) for panel in every for limit in panel.limits])
    if largest > MAX_DRAWN:
        message = f"a value of {largest:.4g} cannot be drawn: the pictures end at {MAX_DRAWN:g}"
        raise ValueError(message)
    if log and not any([panel.limits[1] > 0 for panel in every]):
        raise ValueError("no value is above 0: there is nothing to draw on a logarithmic axis")

    is_one = len(schedules) == 1
    legends = 0 if is_one else 0.17 * len(schedules)
    picture = blank_figure(1.3 + 2.4 * len(every) + legends)
    every_axes = picture.subplots(len(every), sharex=True, squeeze=False)[:, 0]
    for axes, panel in zip(every_axes, every, strict=True):
        _draw(axes, panel, log and panel.limits[1] > 0)
        style_update_axis(axes, panel.title)
        if axes is not every_axes[-1]:
            axes.set_xlabel("")
        if not is_one:
            legend_above(axes, size=8, title=title)
    if is_one:
        _head(every_axes[0], schedules[0].schedule, every[0].drawn[0][2], title)
    return picture


def _draw(axes: Axes, panel: Panel, log: bool) -> None:
    """The curves of a panel, and the axis of their values."""
    for i, each, curve in panel.drawn:
        y = np.append(curve.values, curve.values[-1])
        axes.plot(
            np.append(curve.steps, curve.end),
            np.where(y > 0, y, np.nan) if log else y,
            drawstyle="steps-post",
            linewidth=1.8,
            solid_joinstyle="round",
            linestyle=_DASHES[i // len(COLOURS) % len(_DASHES)],
            color=COLOURS[i % len(COLOURS)],
            label=_label(each),
            zorder=3,
            clip_on=False,
        )
    axes.set_xlim(0, max([curve.end for _, _, curve in panel.drawn]))
    if log:
        values = np.concatenate([curve.values for _, _, curve in panel.drawn])
        style_log_axis(axes, float(values[values > 0].min()), panel.limits[1])
    else:
        low, high = axis_limits(*panel.limits)
        margin = 0.04 * (high - low)
        axes.set_ylim(low - margin, high + margin)
        powers_of_ten(axes)


def _label(named: NamedSchedule) -> str:
    """The name of a schedule, and its spec if that is not the name."""
    spec = str(named.schedule.spec)
    whole = spec if named.name == spec else f"{named.name}: {spec}"
    return textwrap.shorten(escape_tex(whole), 90, placeholder=" …")


def _head(axes: Axes, schedule: Schedule, curve: SampledCurve, title: str | None) -> None:
    """The title of the one schedule of a picture, and marks at its boundaries."""
    inner = [x for x in schedule.boundaries if 0 < x < curve.end]
    for boundary in inner if len(inner) <= MAX_BOUNDARIES else ():
        axes.axvline(boundary, color="#8b949e", linewidth=0.8, linestyle=(0, (3, 3)), zorder=1)
    heading = title or "\n".join(textwrap.wrap(str(schedule.spec), 84, max_lines=3))
    size, family = (11, "sans-serif") if title else (8.5, "monospace")
    look: dict[str, Any] = {"fontsize": size, "family": family, "color": INK}
    axes.set_title(escape_tex(heading), look, loc="left", pad=10)


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
