"""Metrics: one number of many ranks, and the log of those that came."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import distributed

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import SpecError, spec_error
from lrdsl.language.signal import LAST_STEP
from lrdsl.syntax.spec import as_number
from lrdsl.torch.slots import plain
from lrdsl.util.registry import did_you_mean

REDUCTIONS = ("mean", "min", "max", "same")
"""What may be made of the metrics of several ranks."""


class Log:
    """The metrics that came, each with the number of updates made by then, in that order."""

    def __init__(self, updates: Sequence[int] = (), metrics: Sequence[float] = ()) -> None:
        self.updates = list(updates)
        self.metrics = list(metrics)

    def __len__(self) -> int:
        return len(self.updates)

    def __iter__(self) -> Iterator[tuple[int, float]]:
        return zip(self.updates, self.metrics, strict=True)

    def knows_later(self, update: int) -> bool:
        """Whether a metric came after more updates than these."""
        return bool(self.updates) and self.updates[-1] > update

    def until(self, update: int) -> Log:
        """The log without the metrics that came after more updates than these."""
        log = Log(self.updates, self.metrics)
        log.cut(bisect.bisect_right(self.updates, update))
        return log

    def add(self, update: int, metric: float) -> None:
        """Note one more metric."""
        self.updates.append(update)
        self.metrics.append(metric)

    def cut(self, count: int) -> None:
        """Forget all but the first `count` metrics."""
        del self.updates[count:], self.metrics[count:]

    def to_dict(self) -> dict[str, list[Any]]:
        """Plain lists for a state."""
        return {"metric_updates": list(self.updates), "metrics": list(self.metrics)}

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Log:
        """The log of a state, empty in one that has none; `SpecError` if it is none."""
        updates, metrics = state.get("metric_updates", []), state.get("metrics", [])
        lists = isinstance(updates, (list, tuple)) and isinstance(metrics, (list, tuple))
        if (
            not lists
            or len(updates) != len(metrics)
            or not all([type(u) is int and 0 <= u <= LAST_STEP for u in updates])
            or [*updates] != sorted(updates)
            or any([as_number(metric) is None for metric in metrics])
        ):
            message = "`metric_updates` and `metrics` of the state are no log of metrics"
            raise spec_error(
                diag.BAD_STATE, message, fix="they are a whole number and a number for each"
            )
        return cls(updates, [float(metric) for metric in metrics])


def checked_reduction(name: object) -> str:
    """The name of a reduction; `SpecError` if it is none."""
    if name not in REDUCTIONS:
        known = ", ".join(REDUCTIONS)
        near = did_you_mean(name, REDUCTIONS) if isinstance(name, str) else None
        message = f"`metric_reduction` is one of {known}, not {name!r}"
        raise spec_error(diag.BAD_METRIC, message, fix=near and near[0])
    return str(name)


def agreed(metric: object, reduction: str, groups: Sequence[Mapping[str, Any]]) -> float:
    """A metric as a number; where several ranks train together, one number of all of theirs.

    `groups` are the optimizer's. Raises `SpecError`, on every rank, if any of them has no number.
    """
    if not (distributed.is_available() and distributed.is_initialized()):
        return _number(metric)
    try:
        mine, wrong = _number(metric), None
    except SpecError as error:  # the others wait for this rank: they must hear of it first
        mine, wrong = 0.0, error
    rows = _gathered([float(wrong is None), mine], groups)
    if wrong is not None:
        raise wrong
    without = [str(rank) for rank, (is_right, _) in enumerate(rows) if not is_right]
    if without:
        raise spec_error(
            diag.BAD_METRIC, f"there is no number for a metric on rank {', '.join(without)}"
        )
    return reduced([metric for _, metric in rows], reduction)


def _gathered(row: list[float], groups: Sequence[Mapping[str, Any]]) -> list[list[float]]:
    """The rows of all ranks, by rank."""
    # NCCL reaches only the devices that the model is on; what reaches the CPU is best left there.
    device: Any = "cpu"
    if "cpu:" not in distributed.get_backend_config():
        device = next((p.device for group in groups for p in group["params"]), device)
    sent = torch.tensor(row, dtype=torch.float64, device=device)
    everyone = [torch.empty_like(sent) for _ in range(distributed.get_world_size())]
    distributed.all_gather(everyone, sent)
    found: list[list[float]] = torch.stack(everyone).tolist()
    return found


def reduced(metrics: Sequence[float], reduction: str) -> float:
    """One number of the metrics of all ranks, nan if one of them is.

    >>> reduced([1.0, 2.0, 6.0], "mean"), reduced([1.0, 2.0, 6.0], "max")
    (3.0, 6.0)
    """
    if reduction == "same":
        first = metrics[0]
        for rank, metric in enumerate(metrics):
            if metric != first and not (math.isnan(metric) and math.isnan(first)):
                message = f"the metric is {first!r} on rank 0 and {metric!r} on rank {rank}"
                fix = 'pass the same number on all ranks, or let `metric_reduction` be "mean"'
                raise spec_error(diag.BAD_METRIC, message, fix=fix)
        return first
    row = np.array(metrics)
    with np.errstate(all="ignore"):
        if reduction == "mean":
            return float(row.mean())
        return float(row.min() if reduction == "min" else row.max())


def _number(metric: object) -> float:
    number = as_number(plain(metric))
    if number is None:
        shown = "text" if isinstance(metric, str) else f"a {type(metric).__name__}"
        raise spec_error(diag.BAD_METRIC, f"a metric is a number, not {shown}: {plain(metric)!r}")
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
