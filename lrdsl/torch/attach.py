"""`attach` and `attached`: schedulers that follow an optimizer's own updates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch.optim import Optimizer

from lrdsl.syntax.spec import Operand
from lrdsl.torch.ownership import followers
from lrdsl.torch.scheduler import Scheduler
from lrdsl.torch.step_hooks import unwrapped


def attach(
    optimizer: Optimizer, spec: Operand | Mapping[str, Any] | Callable[[int], float], **options: Any
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
    return Scheduler(optimizer, spec, **{"clock": "updates", **options})


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
