"""`RangeTest`: the losses of a learning-rate range test, and the rates that they suggest."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lrdsl.plot.style import COLOURS, INK, blank_figure, style_axes, write_image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
_BLUE, _RED, _GREEN, _AMBER = COLOURS[:4]

_HEADROOM = 1.15
"""The top of the picture as a multiple of the first loss: a diverging loss leaves the picture."""

Stop = Literal["completed", "diverged", "not finite", "no more batches"]

_MINIMUM_DIVISOR = 10
"""At the lowest loss training is about to diverge: the rate there is divided by this."""

_BURN_IN_DIVISOR = 10
"""The steps divided by this are burn-in: the exponential mean has too few losses there."""

_MEDIAN_OF_NORMAL = 0.6745
"""The median of the absolute values of a standard normal variable."""


@dataclass(frozen=True, eq=False, repr=False)
class RangeTest:
    """The result of `range_test`.

    `rates[i]` is the learning rate that made the update after `losses[i]` was computed;
    `smoothed[i]` is the bias-corrected exponential mean of the losses up to there. All three are
    float64 arrays of one length, read-only, and contain finite numbers only.

    `steepest` is the rate at which the smoothed loss falls fastest over the logarithm of the rate,
    between the first tenth of the steps and the minimum. `minimum` is a tenth of the rate at which
    the smoothed loss is lowest. `suggestion`, their geometric mean, is the rate to train with. All
    three are None if the loss never fell by more than its own noise; `note` then says so, and
    which argument to change.

    >>> rates = np.geomspace(1e-4, 10, 51)
    >>> losses = np.where(rates < 1, 2 / (1 + 30 * rates), rates)
    >>> found = RangeTest.of(rates, losses, losses, stop="completed", why="all steps were made")
    >>> print(f"{found.steepest:.3f} {found.minimum:.3f} {found.suggestion:.3f}")
    0.032 0.079 0.050
    >>> found.losses[0] = 3
    Traceback (most recent call last):
    ValueError: assignment destination is read-only

    Smith, Cyclical Learning Rates for Training Neural Networks, 2015 (arXiv:1506.01186), reads the
    rates off by eye. The steepest point and a tenth of the minimum are the suggestions of fastai's
    `lr_find`; the usual choice lies between them.
    """

    rates: Array
    losses: Array
    smoothed: Array
    stop: Stop
    """The reason why the test ended, in a word."""
    why: str
    """The same reason as a sentence."""
    steepest: float | None = None
    minimum: float | None = None
    suggestion: float | None = None
    note: str | None = None
    """A sentence of warning, if there is anything to warn of."""
    spec: str = field(default="", kw_only=True)
    """The schedule of the rates."""

    @classmethod
    def of(
        cls,
        rates: ArrayLike,
        losses: ArrayLike,
        smoothed: ArrayLike,
        *,
        stop: Stop,
        why: str,
        steps: int | None = None,
        smoothing: float = 0.0,
        spec: str = "",
    ) -> RangeTest:
        """Analyse the losses of a test of `steps` planned steps, by default the steps made.

        `smoothing` is the weight with which `smoothed` was computed.
        """
        arrays = [np.array(x, dtype=np.float64) for x in (rates, losses, smoothed)]
        for array in arrays:
            array.flags.writeable = False
        lrs, raw, means = arrays
        found = partial(cls, lrs, raw, means, stop, why, spec=spec)
        burn_in = (len(lrs) if steps is None else steps) // _BURN_IN_DIVISOR
        note = _no_fall(raw, means, burn_in, smoothing)
        if note is not None:
            return found(note=note)
        lowest = burn_in + int(means[burn_in:].argmin())
        with np.errstate(divide="ignore", invalid="ignore"):
            slopes = np.gradient(means, np.log(lrs))  # over the logarithm of the rate
        steepest = float(lrs[burn_in + int(np.nanargmin(slopes[burn_in : lowest + 1]))])
        minimum = float(lrs[lowest]) / _MINIMUM_DIVISOR
        if lowest == len(lrs) - 1 and stop != "not finite":
            note = "the loss was still falling at the last rate: the best one may lie above `high`"
            if stop == "no more batches":
                note = "the loss was still falling when the batches ran out: pass more of them"
        return found(steepest, minimum, math.sqrt(steepest * minimum), note)

    def plot(self, path: str | os.PathLike[str] | None = None) -> Figure:
        """Draw the losses over the learning rate with the suggestions, as a matplotlib `Figure`.

        With a `path` the figure is also written there, as SVG, PNG or PDF by its extension. Needs
        matplotlib, from `lrdsl[plot]`: raises `ModuleNotFoundError` without it. Raises `ValueError`
        for another extension, and `OSError` if the file cannot be written.

        >>> rates = np.geomspace(1e-4, 10, 51)
        >>> losses = np.where(rates < 1, 2 / (1 + 30 * rates), rates)
        >>> found = RangeTest.of(rates, losses, losses, stop="completed", why="")
        >>> found.plot().axes[0].get_xscale()
        'log'
        """
        picture = blank_figure(3.9)
        axes = picture.add_subplot()
        axes.set_xscale("log")
        rates, losses, smoothed = self.rates, self.losses, self.smoothed
        positive = np.where(rates > 0, rates, np.nan)  # a linear sweep may start at 0
        axes.plot(positive, losses, color=_BLUE, alpha=0.35, linewidth=0.9, label="loss")
        axes.plot(positive, smoothed, color=_BLUE, linewidth=1.8, label="smoothed")
        marks = (
            (self.steepest, "steepest descent", "^", _GREEN),
            (self.minimum, "a tenth of the minimum", "s", _AMBER),
            (self.suggestion, "suggestion", "o", _RED),
        )
        for rate, name, shape, colour in marks:
            if rate is not None:
                height = float(np.interp(rate, rates, smoothed))
                [mark] = axes.plot([rate], [height], shape, color=colour, markersize=8, zorder=4)
                mark.set_label(f"{name}: {rate:.2g}")
        if self.suggestion is not None:
            dashes = (0, (3, 3))
            axes.axvline(self.suggestion, color=_RED, linewidth=0.9, linestyle=dashes, zorder=1)
        if len(losses):
            low = float(min(losses.min(), smoothed.min()))
            first = float(smoothed[0])
            early = float(smoothed[: len(rates) // 2 + 1].max())
            high = max(first + (_HEADROOM - 1) * abs(first), early)
            axes.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
        style_axes(axes, "learning rate", "loss")
        axes.legend(frameon=False, fontsize=8.5, labelcolor=INK, loc="lower left")
        if self.suggestion is None and self.note:
            axes.set_title(self.note, loc="left", fontsize=8.5, color=INK)
        if path is not None:
            write_image(picture, path)
        return picture

    def __str__(self) -> str:
        """The reason of the stop, the suggestions and the note, for the user.

        >>> rates = np.geomspace(1e-4, 10, 51)
        >>> flat = np.ones(51)
        >>> print(RangeTest.of(rates, flat, flat, stop="completed", why="all 51 steps were made"))
        range test: all 51 steps were made
        no suggestion: the loss stayed the same: raise `high`, or see whether the model learns
        """
        found = f"no suggestion: {self.note}"
        if self.suggestion is not None:
            found = (
                f"suggestion: {self.suggestion:.2g}, between the steepest descent at"
                f" {self.steepest:.2g} and a tenth of the minimum, {self.minimum:.2g}"
            )
            found += f"\nnote: {self.note}" if self.note else ""
        return f"range test: {self.why}\n{found}"

    def __repr__(self) -> str:
        return f"RangeTest({len(self.rates)} steps, {self.stop}, suggestion={self.suggestion!r})"


def _no_fall(losses: Array, smoothed: Array, burn_in: int, smoothing: float) -> str | None:
    """Why there is no suggestion; None if the loss fell."""
    if len(losses) <= max(burn_in, 2):
        return "training broke in the first steps: lower `low`"
    start = float(losses[: max(burn_in, 1)].mean())
    fall = start - float(smoothed[burn_in:].min())
    little = 1e-6 * abs(start)
    if fall <= little:
        if float(smoothed.max()) - start > little:
            return "the loss only rose: lower `low`, or see whether the model learns"
        return "the loss stayed the same: raise `high`, or see whether the model learns"
    # The fall does not move the median of the differences, each of which has the noise of two.
    noise = float(np.median(np.abs(np.diff(losses)))) / (_MEDIAN_OF_NORMAL * math.sqrt(2))
    # The lowest of many smoothed losses is low by chance.
    smoothed_noise = noise * math.sqrt((1 - smoothing) / (1 + smoothing))
    if fall <= noise + 3 * smoothed_noise:
        return "the loss never fell by more than its own noise: raise `high`, or the batch size"
    return None
