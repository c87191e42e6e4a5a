"""Plots of schedules: a matplotlib figure, a file, a drawing for the terminal.

A plot shows the values that training uses: those of the schedule, each held until the next update.
What is drawn is a Schedule, or a spec with the arguments of `lrdsl.compile`.
matplotlib is needed for figures only, and imported when one is made; it comes with `lrdsl[plot]`.
"""

from lrdsl.plot.drawing import terminal
from lrdsl.plot.figures import figure, save
from lrdsl.plot.sampling import SampledCurve, horizon, sample
from lrdsl.plot.style import FORMATS

__all__ = ["FORMATS", "SampledCurve", "figure", "horizon", "sample", "save", "terminal"]


def __dir__() -> list[str]:
    return sorted(__all__)
