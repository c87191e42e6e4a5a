"""Draws the losses of a range test over the learning rate."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lrdsl.plot.style import COLOURS, INK, blank_figure, image_format, style_axes, write_image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BLUE, _RED, _GREEN, _AMBER = COLOURS[:4]

_HEADROOM = 1.15
"""The top of the picture as a multiple of the first loss: a diverging loss leaves the picture."""

_MARKERS = (("^", _GREEN, False), ("s", _AMBER, False), ("o", _RED, True))
"""The shape and colour of each mark, and whether it has a vertical line."""


def draw(
    rates: NDArray[np.float64],
    losses: NDArray[np.float64],
    smoothed: NDArray[np.float64],
    marks: Mapping[str, float | None],
    title: str | None,
    path: str | os.PathLike[str] | None,
) -> Figure:
    """Draw the losses, and marks at up to three rates by their names; None is no mark."""
    if path is not None:
        image_format(path)
    picture = blank_figure(3.9)
    axes = picture.add_subplot()
    axes.set_xscale("log")
    positive = np.where(rates > 0, rates, np.nan)  # a linear sweep may start at 0
    axes.plot(positive, losses, color=_BLUE, alpha=0.35, linewidth=0.9, label="loss")
    axes.plot(positive, smoothed, color=_BLUE, linewidth=1.8, label="smoothed")
    for (name, rate), (shape, colour, has_line) in zip(marks.items(), _MARKERS, strict=False):
        if rate is not None:
            height = float(np.interp(rate, rates, smoothed))
            label = f"{name}: {rate:.2g}"
            axes.plot([rate], [height], shape, color=colour, markersize=8, zorder=4, label=label)
            if has_line:
                axes.axvline(rate, color=colour, linewidth=0.9, linestyle=(0, (3, 3)), zorder=1)
    if len(losses):
        low = float(min(losses.min(), smoothed.min()))
        first = float(smoothed[0])
        early = float(smoothed[: len(rates) // 2 + 1].max())
        high = max(first + (_HEADROOM - 1) * abs(first), early)
        axes.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
    style_axes(axes, "learning rate", "loss")
    axes.legend(frameon=False, fontsize=8.5, labelcolor=INK, loc="lower left")
    if title:
        axes.set_title(title, loc="left", fontsize=8.5, color=INK)
    if path is not None:
        write_image(picture, path)
    return picture
