"""Metrics: their reduction over the ranks of a distributed run, and the log of a run."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import distributed

from lrdsl.diagnostics import BAD_METRIC, BAD_STATE, SpecError, spec_error
from lrdsl.language.signal import LAST_STEP
from lrdsl.syntax.spec import as_number
from lrdsl.torch.param_key import to_python

IS_AVAILABLE = distributed.is_available()
"""Whether this torch can exchange anything."""


def read_log(state: Mapping[str, Any]) -> list[tuple[int, float]]:
    """The metrics of a `state_dict`, each after the number of updates made before it came.

    Raises `SpecError` if the state has a malformed log; one without a log has no metrics.
    """
    updates, metrics = state.get("metric_updates", []), state.get("metrics", [])
    if (
        not all([isinstance(each, (list, tuple)) for each in (updates, metrics)])
        or len(updates) != len(metrics)
        or not all([type(u) is int and 0 <= u <= LAST_STEP for u in updates])
        or [*updates] != sorted(updates)
        or None in map(as_number, metrics)
        or any([type(x) is int and abs(x) > sys.float_info.max for x in metrics])
    ):
        message = "`metric_updates` and `metrics` of the state are not a log of metrics"
        fix = "they must be two lists of equal length: ascending update numbers, and numbers"
        raise spec_error(BAD_STATE, message, fix=fix)
    return [(update, float(metric)) for update, metric in zip(updates, metrics, strict=True)]


def is_distributed() -> bool:
    """Whether this is one of several ranks that exchange their metrics."""
    return IS_AVAILABLE and distributed.is_initialized()


def reduce_over_ranks(metric: object, reduction: str, groups: Sequence[Mapping[str, Any]]) -> float:
    """Return a metric as a float, reduced over all ranks of a distributed run.

    `groups` are the optimizer's. Raises `SpecError`, on every rank, if the metric of any rank is
    not a number.
    """
    if not is_distributed():
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
        raise spec_error(BAD_METRIC, f"the metric is not a number on rank {', '.join(without)}")
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
    return torch.stack(everyone).tolist()


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
                raise spec_error(BAD_METRIC, message, fix=fix)
        return first
    with np.errstate(all="ignore"):
        return float(getattr(np.array(metrics), reduction)())


def _number(metric: object) -> float:
    number = as_number(to_python(metric))
    if number is None:
        shown = "text" if isinstance(metric, str) else f"a {type(metric).__name__}"
        message = f"a metric must be a number, not {shown}: {to_python(metric)!r}"
        raise spec_error(BAD_METRIC, message)
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
