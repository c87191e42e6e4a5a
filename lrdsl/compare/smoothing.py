"""Series made fit for the eye: a loss without its noise, a curve of few points."""

from __future__ import annotations

import numpy as np

from lrdsl.compare.read_log import Series

PART = 40
"""A loss is the mean over one part in so many of a run's updates."""

MAX_POINTS = 400


def smooth(series: Series) -> Series:
    """The mean over the last 40th of the run, at each update or at 400 of them.

    Means of fewer values, at the start, are left out. A mean over what is not a number is none.

    >>> smooth(Series(np.arange(3.0), np.array([3.0, 2.0, 1.0]))).values
    array([3., 2., 1.])
    """
    count = len(series.steps)
    window = max(1, count // PART)
    if window == 1 and count <= MAX_POINTS:
        return series
    last = np.unique(np.linspace(window - 1, count - 1, MAX_POINTS).round().astype(np.int64))
    with np.errstate(invalid="ignore", over="ignore"):
        means = [float(series.values[i - window + 1 : i + 1].mean()) for i in last.tolist()]
    return Series(series.steps[last], np.array(means))


def thin(series: Series, most: int) -> Series:
    """At most `most` of the points and two more: the ends, and of each part the extremes.

    >>> thin(Series(np.arange(100.0), np.sin(np.arange(100.0))), 4).steps
    array([ 0., 11., 33., 55., 77., 99.])
    """
    count = len(series.steps)
    if count <= most:
        return series
    size = -(-count // (most // 2))
    starts = np.arange(0, count, size)
    parts = np.minimum(starts[:, None] + np.arange(size), count - 1)  # the last may be shorter
    values = series.values[parts]
    extremes = [starts + values.argmin(axis=1), starts + values.argmax(axis=1)]
    chosen = np.unique(np.minimum(np.concatenate([[0], *extremes, [count]]), count - 1))
    return Series(series.steps[chosen], series.values[chosen])
