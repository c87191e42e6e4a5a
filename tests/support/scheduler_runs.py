"""Optimizers without a model, and what a Scheduler sets in them."""

import pytest

torch = pytest.importorskip("torch")

from torch.optim import SGD  # noqa: E402

HEADLINE = "warmup(linear,100) >> cosine(1,1e-3,800) | interval[600:*0.5]"


def weight():
    return torch.nn.Parameter(torch.zeros(1))


def sgd(*lrs, **options):
    """An SGD with a parameter group for each lr."""
    return SGD([{"params": [weight()], "lr": lr, **options} for lr in lrs or (0.1,)], lr=7.0)


def lrs(optimizer):
    return [float(group["lr"]) for group in optimizer.param_groups]


def run(scheduler, steps):
    """The lr of the first group at each of the next updates."""
    found = []
    for _ in range(steps):
        found.append(lrs(scheduler.optimizer)[0])
        scheduler.optimizer.step()
        scheduler.step()
    return found


def snapshot(optimizer):
    """All that a Scheduler could change in an optimizer."""
    groups = [
        {key: (id(value), repr(value)) for key, value in group.items()}
        for group in optimizer.param_groups
    ]
    return groups, repr(optimizer.defaults), dict(vars(optimizer)).keys(), optimizer.step
