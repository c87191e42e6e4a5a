"""Metrics: their reduction over the ranks of a distributed run, and the log of a run."""

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
from lrdsl.torch.param_key import to_python
from lrdsl.util.registry import did_you_mean

REDUCTIONS = ("mean", "min", "max", "same")
"""The reductions of the metrics of several ranks to one."""


class MetricLog:
    """The metrics of a run in order, each with the number of updates made before it came."""

    def __init__(self, updates: Sequence[int] = (), metrics: Sequence[float] = ()) -> None:
        self.updates = list(updates)
        self.metrics = list(metrics)

    def __len__(self) -> int:
        return len(self.updates)

    def __iter__(self) -> Iterator[tuple[int, float]]:
        return zip(self.updates, self.metrics, strict=True)

    def has_later(self, t: int) -> bool:
        """Whether a metric came after more than `t` updates."""
        return bool(self.updates) and self.updates[-1] > t

    def until(self, t: int) -> MetricLog:
        """A copy without the metrics that came after more than `t` updates."""
        log = MetricLog(self.updates, self.metrics)
        log.truncate(bisect.bisect_right(self.updates, t))
        return log

    def add(self, t: int, metric: float) -> None:
        """Append a metric that came after `t` updates."""
        self.updates.append(t)
        self.metrics.append(metric)

    def truncate(self, count: int) -> None:
        """Keep the first `count` metrics only."""
        del self.updates[count:], self.metrics[count:]

    def to_dict(self) -> dict[str, list[Any]]:
        """The log as the entries of a `state_dict`."""
        return {"metric_updates": list(self.updates), "metrics": list(self.metrics)}

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> MetricLog:
        """Read the log of a `state_dict`, empty if it has none; `SpecError` if it is malformed."""
        updates, metrics = state.get("metric_updates", []), state.get("metrics", [])
        lists = isinstance(updates, (list, tuple)) and isinstance(metrics, (list, tuple))
        if (
            not lists
            or len(updates) != len(metrics)
            or not all([type(u) is int and 0 <= u <= LAST_STEP for u in updates])
            or [*updates] != sorted(updates)
            or any([as_number(metric) is None for metric in metrics])
        ):
            message = "`metric_updates` and `metrics` of the state are not a log of metrics"
            fix = "they must be two lists of equal length: ascending update numbers, and numbers"
            raise spec_error(diag.BAD_STATE, message, fix=fix)
        return cls(updates, [float(metric) for metric in metrics])


def checked_reduction(name: object) -> str:
    """Return the name of a reduction; `SpecError` for any other value."""
    if name not in REDUCTIONS:
        known = ", ".join(REDUCTIONS)
        near = did_you_mean(name, REDUCTIONS) if isinstance(name, str) else None
        message = f"`metric_reduction` must be one of {known}, not {name!r}"
        raise spec_error(diag.BAD_METRIC, message, fix=near and near[0])
    return str(name)


def reduce_over_ranks(metric: object, reduction: str, groups: Sequence[Mapping[str, Any]]) -> float:
    """Return a metric as a float, reduced over all ranks of a distributed run.

    `groups` are the optimizer's. Raises `SpecError`, on every rank, if the metric of any rank is
    not a number.
    """
    if not (distributed.is_available() and distributed.is_initialized()):
        return _number(metric)
    try:
        own, failure = _number(metric), None
    except SpecError as error:  # raised after the exchange: the other ranks wait for this one
        own, failure = 0.0, error
    rows = _gather([float(failure is None), own], groups)
    if failure is not None:
        raise failure
    without = [str(rank) for rank, (is_valid, _) in enumerate(rows) if not is_valid]
    if without:
        message = f"the metric is not a number on rank {', '.join(without)}"
        raise spec_error(diag.BAD_METRIC, message)
    return reduced([metric for _, metric in rows], reduction)


def _gather(row: list[float], groups: Sequence[Mapping[str, Any]]) -> list[list[float]]:
    """The rows of all ranks, in the order of the ranks."""
    # NCCL sends Tensors of the model's device only; a backend for the CPU needs no copy to it.
    device: Any = "cpu"
    if "cpu:" not in distributed.get_backend_config():
        device = next((p.device for group in groups for p in group["params"]), device)
    sent = torch.tensor(row, dtype=torch.float64, device=device)
    everyone = [torch.empty_like(sent) for _ in range(distributed.get_world_size())]
    distributed.all_gather(everyone, sent)
    found: list[list[float]] = torch.stack(everyone).tolist()
    return found


def reduced(metrics: Sequence[float], reduction: str) -> float:
    """Reduce the metrics of all ranks to one, nan if any of them is nan.

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
    number = as_number(to_python(metric))
    if number is None:
        shown = "text" if isinstance(metric, str) else f"a {type(metric).__name__}"
        raise spec_error(
            diag.BAD_METRIC, f"a metric must be a number, not {shown}: {to_python(metric)!r}"
        )
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
