"""`attach` and `attached`: schedulers that follow an optimizer's own updates."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch.optim import Optimizer

from lrdsl.syntax.spec import Operand
from lrdsl.torch.options import Clock, MetricReduction, OnChange, OnEnd
from lrdsl.torch.ownership import followers
from lrdsl.torch.scheduler import Scheduler
from lrdsl.torch.step_hooks import unwrapped


def attach(
    optimizer: Optimizer | Mapping[str, Optimizer] | Sequence[Optimizer],
    spec: Operand | Mapping[str, Any] | Callable[[int], float],
    *,
    values: Mapping[str, Any] | None = None,
    total_steps: int | None = None,
    steps_per_epoch: float | None = None,
    samples_per_step: float | str | None = None,
    tokens_per_step: float | str | None = None,
    tokens_per_sample: float | str | None = None,
    samples_per_epoch: float | None = None,
    total_samples: float | None = None,
    total_tokens: float | None = None,
    clock: Clock = "updates",
    start_step: int | None = None,
    last_epoch: int = -1,
    on_change: OnChange = "warn",
    on_end: OnEnd | None = None,
    metric_reduction: MetricReduction = "mean",
    keep_metrics: bool = False,
    definitions: str | os.PathLike[str] | Sequence[str] | None = None,
    **variables: float,
) -> Scheduler:
    """Make an optimizer follow a spec by the count of its own updates, without calls of `step()`.

    Takes the arguments of `Scheduler`, and returns one. While gradients accumulate no update is
    made, and none counts; an update that a GradScaler skips does not count either. Calls of the
    scheduler's `step`, forgotten, doubled, or made by a trainer, change nothing.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    >>> scheduler = attach(optimizer, "linear(1, 0, 100)")
    >>> for _ in range(3):
    ...     print(optimizer.param_groups[0]["lr"])
    ...     optimizer.step()
    1.0
    0.99
    0.98
    """
    return Scheduler(
        optimizer,
        spec,
        values=values,
        total_steps=total_steps,
        steps_per_epoch=steps_per_epoch,
        samples_per_step=samples_per_step,
        tokens_per_step=tokens_per_step,
        tokens_per_sample=tokens_per_sample,
        samples_per_epoch=samples_per_epoch,
        total_samples=total_samples,
        total_tokens=total_tokens,
        clock=clock,
        start_step=start_step,
        last_epoch=last_epoch,
        on_change=on_change,
        on_end=on_end,
        metric_reduction=metric_reduction,
        keep_metrics=keep_metrics,
        definitions=definitions,
        **variables,
    )


def attached(optimizer: Optimizer) -> tuple[Scheduler, ...]:
    """The Schedulers that follow an optimizer's own updates, in the order of their creation.

    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    >>> scheduler = attach(optimizer, "linear(1, 0, 100)")
    >>> attached(optimizer) == (scheduler,)
    True
    >>> scheduler.detach()
    >>> attached(optimizer)
    ()
    """
    found = followers(unwrapped(optimizer))
    return tuple([x for x in found if isinstance(x, Scheduler) and x.clock == "updates"])


for _each in (attach, attached):
    _each.__module__ = "lrdsl.torch"  # where configs find them: there `attach` hides this module
