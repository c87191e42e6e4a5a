"""Series made fit for the eye: a loss without its noise, a curve of few points."""

from __future__ import annotations

from itertools import pairwise

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
    edges = np.linspace(0, count, most // 2 + 1).round().astype(np.int64)
    kept = {0, count - 1}
    for start, stop in pairwise(edges.tolist()):
        part = series.values[start:stop]
        kept |= {start + int(part.argmin()), start + int(part.argmax())}
    chosen = np.array(sorted(kept))
    return Series(series.steps[chosen], series.values[chosen])
