"""The picture of a range test."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from lrdsl.plot.style import COLOURS, INK, blank_figure, image_format, style_axes, write_image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lrdsl.torch.lr_finder.result import RangeTest

_BLUE, _RED, _GREEN, _AMBER = COLOURS[:4]

_ABOVE = 1.15
"""The picture ends so many times the first loss up: what diverges leaves it."""


def figure(found: RangeTest, path: str | os.PathLike[str] | None = None) -> Figure:
    """A figure of the losses over the learning rate; see `RangeTest.plot`."""
    if path is not None:
        image_format(path)
    picture = blank_figure(3.9)
    axes = picture.add_subplot()
    axes.set_xscale("log")
    rates = np.where(found.rates > 0, found.rates, np.nan)  # a linear sweep may start at 0
    axes.plot(rates, found.losses, color=_BLUE, alpha=0.35, linewidth=0.9, label="loss")
    axes.plot(rates, found.smoothed, color=_BLUE, linewidth=1.8, label="smoothed")
    marks = [
        (found.steepest, "^", _GREEN, "steepest descent"),
        (found.minimum, "s", _AMBER, "a tenth of the minimum"),
        (found.suggestion, "o", _RED, "suggestion"),
    ]
    for rate, shape, colour, name in marks:
        if rate is not None:
            height = float(np.interp(rate, found.rates, found.smoothed))
            label = f"{name}: {rate:.2g}"
            axes.plot([rate], [height], shape, color=colour, markersize=8, zorder=4, label=label)
            if name == "suggestion":
                axes.axvline(rate, color=colour, linewidth=0.9, linestyle=(0, (3, 3)), zorder=1)
    if len(found.losses):
        low = float(min(found.losses.min(), found.smoothed.min()))
        first = float(found.smoothed[0])
        early = float(found.smoothed[: len(rates) // 2 + 1].max())
        high = max(first + (_ABOVE - 1) * abs(first), early)
        axes.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
    style_axes(axes, "learning rate", "loss")
    axes.legend(frameon=False, fontsize=8.5, labelcolor=INK, loc="lower left")
    if found.suggestion is None and found.note:
        axes.set_title(found.note, loc="left", fontsize=8.5, color=INK)
    if path is not None:
        write_image(picture, path)
    return picture
