"""`RangeTest`: what a learning-rate range test found, and the rates that it suggests."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
Stop = Literal["completed", "diverged", "not finite", "no more batches"]

_BELOW_MINIMUM = 10
"""The loss is lowest where training is about to break: what is taken is so many times less."""

_WARMING = 10
"""One in so many steps, at the start, is no place for the steepest descent: the mean is young."""

_MEDIAN_OF_NORMAL = 0.6745
"""The median of the absolute values of a standard normal variable."""


@dataclass(frozen=True, eq=False, repr=False)
class RangeTest:
    """What `range_test` found.

    `rates[i]` is the learning rate that made the update after `losses[i]` was computed;
    `smoothed[i]` is the bias-corrected exponential mean of the losses up to there. All three are
    float64 arrays of one length, read-only, with finite numbers alone.

    `steepest` is the rate at which the smoothed loss falls fastest over the logarithm of the rate,
    between the first tenth of the steps and the minimum. `minimum` is a tenth of the rate at which
    the smoothed loss is lowest. `suggestion`, their geometric mean, is what to train with. All
    three are None if the loss never fell by more than its own noise; `note` then says so, and what
    to do.

    >>> rates = np.geomspace(1e-4, 10, 51)
    >>> losses = np.where(rates < 1, 2 / (1 + 30 * rates), rates)
    >>> found = RangeTest.of(rates, losses, losses, stop="completed", why="all steps were made")
    >>> print(f"{found.steepest:.3f} {found.minimum:.3f} {found.suggestion:.3f}")
    0.032 0.079 0.050
    >>> found.losses[0] = 3
    Traceback (most recent call last):
    ValueError: assignment destination is read-only

    Smith, Cyclical Learning Rates for Training Neural Networks, 2015 (arXiv:1506.01186), reads the
    rates off by eye. The steepest point and a tenth of the minimum are what fastai's `lr_find`
    suggests, and the choice is commonly made between them.
    """

    rates: Array
    losses: Array
    smoothed: Array
    stop: Stop
    """Why it ended, in a word."""
    why: str
    """The same as a sentence."""
    steepest: float | None = None
    minimum: float | None = None
    suggestion: float | None = None
    note: str | None = None
    """A sentence on what to beware of, if anything."""
    spec: str = field(default="", kw_only=True)
    """The schedule of the rates."""

    @classmethod
    def of(
        cls,
        rates: Array,
        losses: Array,
        smoothed: Array,
        *,
        stop: Stop,
        why: str,
        steps: int | None = None,
        smoothing: float = 0.0,
        spec: str = "",
    ) -> RangeTest:
        """The result of a test that was to make `steps` steps; by default, those it made.

        `smoothing` is what `smoothed` was made with.
        """
        arrays = [np.array(x, dtype=np.float64) for x in (rates, losses, smoothed)]
        for array in arrays:
            array.flags.writeable = False
        rates, losses, smoothed = arrays
        young = (len(rates) if steps is None else steps) // _WARMING
        note = _never_fell(losses, smoothed, young, smoothing)
        if note is not None:
            return cls(rates, losses, smoothed, stop, why, note=note, spec=spec)
        lowest = _lowest(smoothed, young)
        steepest = float(rates[_steepest(rates, smoothed, young, lowest)])
        minimum = float(rates[lowest]) / _BELOW_MINIMUM
        if lowest == len(rates) - 1 and stop != "not finite":
            note = "the loss was still falling at the last rate: the best one may lie above `high`"
            if stop == "no more batches":
                note = "the loss was still falling when the batches ran out: pass more of them"
        suggestion = math.sqrt(steepest * minimum)
        return cls(
            rates, losses, smoothed, stop, why, steepest, minimum, suggestion, note, spec=spec
        )

    def plot(self, path: str | os.PathLike[str] | None = None) -> Figure:
        """A matplotlib `Figure` of the losses over the learning rate, with the suggestions marked.

        With a `path` it is written there too, as SVG, PNG or PDF by its extension. Needs
        matplotlib, which comes with `lrdsl[plot]`: `ModuleNotFoundError` says so. `ValueError` for
        another extension, `OSError` where the file cannot be written.

        >>> rates = np.geomspace(1e-4, 10, 51)
        >>> losses = np.where(rates < 1, 2 / (1 + 30 * rates), rates)
        >>> found = RangeTest.of(rates, losses, losses, stop="completed", why="")
        >>> found.plot().axes[0].get_xscale()
        'log'
        """
        from lrdsl.torch.lr_finder.plot import figure

        return figure(self, path)

    def __str__(self) -> str:
        """What to tell the user: why it stopped, the suggestions, the note.

        >>> rates = np.geomspace(1e-4, 10, 51)
        >>> flat = np.ones(51)
        >>> print(RangeTest.of(rates, flat, flat, stop="completed", why="all 51 steps were made"))
        range test: all 51 steps were made
        no suggestion: the loss stayed the same: raise `high`, or see whether the model learns
        """
        lines = [f"range test: {self.why}"]
        if self.suggestion is None:
            return "\n".join([*lines, f"no suggestion: {self.note}"])
        lines += [
            f"suggestion: {self.suggestion:.2g}, between the steepest descent at"
            f" {self.steepest:.2g} and a tenth of the minimum, {self.minimum:.2g}"
        ]
        return "\n".join([*lines, *([f"note: {self.note}"] if self.note else [])])

    def __repr__(self) -> str:
        return f"RangeTest({len(self.rates)} steps, {self.stop}, suggestion={self.suggestion!r})"


def _steepest(rates: Array, smoothed: Array, young: int, lowest: int) -> int:
    """Where the smoothed loss falls fastest over the logarithm of the rate."""
    first = min(young, lowest)
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = np.gradient(smoothed, np.log(rates))
    return first + int(np.nanargmin(slopes[first : lowest + 1]))


def _lowest(smoothed: Array, young: int) -> int:
    """Where the smoothed loss is lowest, once it is a mean of some."""
    first = min(young, len(smoothed) - 1)
    return first + int(smoothed[first:].argmin())


def _never_fell(losses: Array, smoothed: Array, young: int, smoothing: float) -> str | None:
    """Why there is nothing to suggest, if there is not."""
    if len(losses) <= max(young, 2):
        return "training broke in the first steps: lower `low`"
    lowest = _lowest(smoothed, young)
    start = float(losses[: max(young, 1)].mean())
    fall = start - float(smoothed[lowest])
    little = 1e-6 * abs(start)
    if fall <= little:
        if float(smoothed.max()) - start > little:
            return "the loss only rose: lower `low`, or see whether the model learns"
        return "the loss stayed the same: raise `high`, or see whether the model learns"
    # The median of the steps from loss to loss is none of the fall's; in each the noise is twice.
    noise = float(np.median(np.abs(np.diff(losses)))) / (_MEDIAN_OF_NORMAL * math.sqrt(2))
    # The start is a mean of some; the lowest of many smoothed losses is low by chance.
    smoothed_noise = noise * math.sqrt((1 - smoothing) / (1 + smoothing))
    if fall <= noise + 3 * smoothed_noise:
        return "the loss never fell by more than its own noise: raise `high`, or the batch size"
    return None
