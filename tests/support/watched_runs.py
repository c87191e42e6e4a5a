"""Optimizers without a model, watched by a callback."""

import pytest

torch = pytest.importorskip("torch")

from torch.optim import SGD  # noqa: E402

CLOCKS = ["calls", "updates"]


def weight():
    return torch.nn.Parameter(torch.ones(1))


def sgd(*lrs, **options):
    groups = [{"params": [weight()], "lr": lr} for lr in lrs or (1.0,)]
    return SGD(groups, lr=7.0, **options)


def go(scheduler, count=1):
    """Make updates; returns the lr that each found in the first group."""
    found = []
    for _ in range(count):
        found.append(float(scheduler.optimizer.param_groups[0]["lr"]))
        scheduler.optimizer.step()
        if scheduler.clock == "calls":
            scheduler.step()
    return found


def watched(scheduler, **options):
    """What is told of the updates from now on, of the first group's lr."""
    told = []
    scheduler.on_update(lambda update, values: told.append((update, values["lr"][0])), **options)
    return told
