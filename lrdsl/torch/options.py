"""The options of the functions of `lrdsl.torch`, as types: each lists what may be passed."""

from __future__ import annotations

from typing import Literal, TypeAlias

Clock: TypeAlias = Literal["calls", "updates"]
"""The clock of a Scheduler: calls of its `step`, or the optimizer's own updates."""

OnChange: TypeAlias = Literal["warn", "error", "keep", "rescale"]
"""The ways to treat a checkpoint that was written under another spec, context or optimizer."""

OnEnd: TypeAlias = Literal["hold", "warn", "error"]
"""The reactions to an update past the end of the run, beside that of the default."""

MetricReduction: TypeAlias = Literal["mean", "min", "max", "same"]
"""The reductions of the metrics of several ranks to one."""

SweepMode: TypeAlias = Literal["exponential", "linear"]
"""The shapes of the sweep of a range test, by their names in the language."""
