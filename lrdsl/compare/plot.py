"""One picture of many runs: their learning rates above, their losses below."""

from __future__ import annotations

import os
import textwrap
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lrdsl.compare.run import Run, differing
from lrdsl.compare.smoothing import thin
from lrdsl.compare.table import brief, printable, short
from lrdsl.plot.style import (
    COLOURS,
    blank_figure,
    escape_tex,
    image_format,
    legend_above,
    powers_of_ten,
    style_axes,
    style_log_axis,
    style_update_axis,
    write_image,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_NAMED_RUNS = 12
"""More runs than this are not told apart: the best ones are, the others are grey."""

_PALE = "#c3c9cf"
_POINTS = 200_000
"""Points in a picture, all curves together."""

MAX_RATES = 8
"""Learning rates of a run, of its parameter groups, that are drawn."""


def figure(runs: Sequence[Run], *, log: bool = False, title: str | None = None) -> Figure:
    """A matplotlib `Figure` of runs, the best first, as `ranked` sorts them.

    Above are the learning rates of every parameter group, below the loss, each point the mean over
    a 40th of the run, on a logarithmic axis where it falls to an eighth or less. Up to twelve runs
    have a colour, and in the legend the overrides in which they differ, and the result. Of more,
    the best six have, and the others are grey. `log` draws the learning rates on a logarithmic axis
    too.

    Raises `ValueError` if no run has logged anything that can be drawn.
    """
    drawn = [run for run in runs if run.record.rates or len(run.record.loss.steps)]
    if not drawn:
        raise ValueError("no run has logged a learning rate or a loss: there is nothing to draw")
    named = drawn if len(drawn) <= MAX_NAMED_RUNS else drawn[: len(COLOURS)]
    picture = blank_figure(5.6 + 0.17 * len(named))
    from matplotlib.lines import Line2D

    above, below = picture.subplots(2, sharex=True)
    most = max(100, _POINTS // (2 * len(drawn)))
    looks = [_look(i, len(named)) for i in range(len(drawn))]
    for run, look in reversed([*zip(drawn, looks, strict=True)]):  # the best on top
        _draw(above, below, run, look, most)
    _finish(above, below, drawn, log)
    handles = [Line2D([], [], **look) for look in looks]
    texts = _labels(named, drawn)
    if len(drawn) > len(named):
        texts.append(f"{len(drawn) - len(named)} other runs")
    legend_above(above, handles[: len(texts)], texts, size=7.5, title=title)
    return picture


def save(
    runs: Sequence[Run],
    path: str | os.PathLike[str],
    *,
    log: bool = False,
    title: str | None = None,
) -> Path:
    """Write the `figure` of the same arguments to an SVG, PNG or PDF file, by its extension.

    Returns the path. Raises `ValueError` for another extension and where there is nothing to draw,
    `OSError` where the file cannot be written.
    """
    image_format(path)
    with warnings.catch_warnings():
        # A name can have signs that the font lacks; they are boxes then.
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        return write_image(figure(runs, log=log, title=title), path)


def _look(rank: int, named: int) -> dict[str, Any]:
    if rank >= named:
        return {"color": _PALE, "linewidth": 0.6, "zorder": 1.5}
    dashes = "-" if rank < len(COLOURS) else "--"
    colour = COLOURS[rank % len(COLOURS)]
    return {"color": colour, "linewidth": 1.5, "linestyle": dashes, "zorder": 3 - rank / 100}


def _draw(above: Axes, below: Axes, run: Run, look: dict[str, Any], most: int) -> None:
    rates = list(run.record.rates.values())[:MAX_RATES]
    for i, rate in enumerate(rates):
        if not any([all(map(np.array_equal, rate, other)) for other in rates[:i]]):
            steps, values = thin(rate, most // len(rates))
            # Of a part of the updates, stairs would show lengths that are none of the schedule's.
            style = "steps-post" if len(steps) == len(rate.steps) else "default"
            end = 2 * steps[-1] - steps[-2] if len(steps) > 1 else steps[-1] + 1
            x, y = np.append(steps, end), np.append(values, values[-1])  # each holds till the next
            y = np.where(np.isfinite(y), y, np.nan)
            above.plot(x, y, drawstyle=style, **look)
    loss = run.smoothed
    below.plot(loss.steps, np.where(np.isfinite(loss.values), loss.values, np.nan), **look)


def _finish(above: Axes, below: Axes, runs: Sequence[Run], log: bool) -> None:
    losses = [run.smoothed.values for run in runs if len(run.smoothed.values)]
    every = np.concatenate([*losses, np.empty(0)])
    finite = every[np.isfinite(every)]
    if len(finite) and 0 < 8 * finite.min() <= finite.max():
        low, high = float(finite.min()), float(finite.max())
        # A loss that flies off would leave no room for the others.
        first = max([float(values[0]) for values in losses if np.isfinite(values[0])], default=0.0)
        if 0 < 10 * first < high:
            style_log_axis(below, low, 10 * first)
            below.set_ylim(top=10 * first)
        else:
            style_log_axis(below, low, high)
    above.set_xmargin(0)
    below.set_xmargin(0)
    rates = [rate.values for run in runs for rate in run.record.rates.values()]
    positive = np.concatenate([*[x[np.isfinite(x) & (x > 0)] for x in rates], np.empty(0)])
    if log and len(positive):
        style_log_axis(above, float(positive.min()), float(positive.max()))
    elif not log:
        powers_of_ten(above)
    style_axes(above, "", "learning rate")
    style_update_axis(below, "loss")


def _labels(named: Sequence[Run], drawn: Sequence[Run]) -> list[str]:
    """The labels of runs in the legend: the values in which they differ, else their names."""
    keys = differing(drawn)
    specs = {run.spec for run in drawn}
    texts = []
    for run in named:
        parts = [f"{key}={brief(run.overrides[key])}" for key in keys if key in run.overrides]
        text = " ".join(parts) or (run.spec if run.spec and len(specs) > 1 else run.name)
        text = textwrap.shorten(printable(text), 90, placeholder=" …")
        hidden = text.startswith("_")  # by matplotlib
        texts.append(escape_tex(f"{' ' * hidden}{text}  {short(run.result)}".rstrip()))
    return texts
