"""Runs beside each other: found by their folders, read from their logs, ranked, drawn.

A run is a folder with a log, `lr.csv`, or with the `.hydra` that Hydra leaves in a run's folder, or
with both. `read_runs` reads all runs under folders, `ranked` sorts them, `save` draws them, and
`lrdsl compare` does it all. Nothing in a run's folder is executed or unpickled.
"""

from __future__ import annotations

from lrdsl.compare.plot import figure, save
from lrdsl.compare.read_log import Columns, Record, Series
from lrdsl.compare.run import Run, differing, ranked, read_runs

__all__ = [
    "Columns",
    "Record",
    "Run",
    "Series",
    "differing",
    "figure",
    "ranked",
    "read_runs",
    "save",
]


def __dir__() -> list[str]:
    return sorted(__all__)
