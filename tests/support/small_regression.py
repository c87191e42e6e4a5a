"""A small problem to train, and a portrait of all that training could change."""

import random
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from lrdsl.torch import range_test  # noqa: E402

GENERATOR = torch.Generator().manual_seed(3)
INPUTS = torch.randn(64, 8, generator=GENERATOR)
TARGETS = INPUTS.abs().sum(dim=1, keepdim=True)
BATCHES = [(INPUTS[i : i + 16], TARGETS[i : i + 16]) for i in range(0, 64, 16)]


def mse(model, batch):
    inputs, targets = batch
    return F.mse_loss(model(inputs), targets)


def network():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))


def sgd(model, lr=0.1, **options):
    return torch.optim.SGD(model.parameters(), lr=lr, **options)


def scripted(losses):
    """A loss function with the values of a list; its gradient is 1 and harmless."""
    values = iter(losses)
    return lambda model, batch: next(values) + 0 * model.weight.sum()


def script(losses, **options):
    model = nn.Linear(1, 1).double()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return range_test(model, sgd(model), scripted(losses), [None], steps=len(losses), **options)


FALL = [2.0] * 12 + list(np.linspace(2, 0.5, 12))


def portrait(*things):
    """All that objects hold, as plain data: which object stands where, and every bit of it."""
    seen, lines, waiting = set(), [], [("", thing) for thing in things]
    held = []
    while waiting:
        path, thing = waiting.pop()
        held.append(thing)
        lines.append((path, type(thing).__name__, id(thing)))
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, torch.Tensor):
            data = thing.detach()
            bits = (
                data.contiguous().flatten().view(torch.uint8)
                if data.numel() and data.dim()
                else data.reshape(1).view(torch.uint8)
            )
            lines.append((path, bits.numpy().tobytes(), tuple(thing.shape), thing.stride(),
                          thing.data_ptr(), thing.requires_grad, str(thing.dtype)))  # fmt: skip
            if thing.is_leaf:
                waiting.append((path + ".grad", thing.grad))
        elif isinstance(thing, np.ndarray):
            lines.append((path, thing.tobytes()))
        elif isinstance(thing, torch.Generator):
            lines.append((path, thing.get_state().numpy().tobytes()))
        elif isinstance(thing, np.random.Generator):
            lines.append((path, str(thing.bit_generator.state)))
        elif isinstance(thing, random.Random):
            lines.append((path, thing.getstate()))
        elif isinstance(thing, dict):
            waiting += [(f"{path}[{i}]", x) for i, pair in enumerate(thing.items()) for x in pair]
        elif isinstance(thing, (list, tuple)):
            waiting += [(f"{path}[{i}]", x) for i, x in enumerate(thing)]
        elif isinstance(thing, (nn.Module, torch.optim.Optimizer)):
            waiting.append((path + ".", vars(thing)))
        else:
            lines.append((path, repr(thing)))
    rng = np.random.get_state()
    lines.append(
        (random.getstate(), rng[1].tobytes(), rng[2:], torch.get_rng_state().numpy().tobytes())
    )
    return lines, held


def lines(*things):
    return portrait(*things)[0]
