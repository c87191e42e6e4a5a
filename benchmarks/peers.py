"""The schedulers that lrdsl is measured beside, each with the spec that gives the same numbers."""

from __future__ import annotations

import importlib.util
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.optim import SGD, Optimizer
from torch.optim import lr_scheduler as theirs

BASE = 0.1
WARMUP = 1_000
LENGTH = 10**8
"""More updates than are ever stepped through: some of the peers fail past their end."""

SEQUENTIAL = (
    f"torch.SequentialLR([torch.LinearLR(0.1, total_iters={WARMUP}), "
    f"torch.CosineAnnealingLR({LENGTH})], milestones=[{WARMUP}])"
)


def optimizer(groups: int = 1, *, is_tensor: bool = False) -> Optimizer:
    """An optimizer with so many parameter groups, that has made an update."""
    made = SGD(
        [
            {
                "params": [torch.zeros(1, requires_grad=True)],
                "lr": torch.tensor(BASE) if is_tensor else BASE,
            }
            for _ in range(groups)
        ],
        lr=BASE,
    )
    made.step()  # else all warn of a scheduler that is stepped first
    return made


@dataclass(frozen=True)
class Peer:
    """Another scheduler. `stepper(optimizer)` makes it, and returns what steps it once.

    `accuracy` is how far its numbers may be from those of `spec`: some peers add up rounding
    errors, or compute in float32.
    """

    name: str
    spec: str
    stepper: Callable[[Optimizer], Callable[[], object]]
    accuracy: float = 1e-12


def sequential(optimizer: Optimizer) -> theirs.SequentialLR:
    """torch's warmup and cosine, the pair that most of the table is over."""
    ramp = theirs.LinearLR(optimizer, 0.1, total_iters=WARMUP)
    cosine = theirs.CosineAnnealingLR(optimizer, LENGTH)
    return theirs.SequentialLR(optimizer, [ramp, cosine], milestones=[WARMUP])


def _chained(optimizer: Optimizer) -> Callable[[], object]:
    halved = theirs.ConstantLR(optimizer, 0.5, WARMUP)
    decaying = theirs.ExponentialLR(optimizer, 0.999999)
    return theirs.ChainedScheduler([halved, decaying], optimizer).step


def _cosine(t: int) -> float:
    return 0.5 * (1 + math.cos(math.pi * t / LENGTH))


def _transformers(optimizer: Optimizer) -> Callable[[], object]:
    from transformers import get_cosine_schedule_with_warmup

    return get_cosine_schedule_with_warmup(optimizer, WARMUP, LENGTH).step


def _timm(optimizer: Optimizer) -> Callable[[], object]:
    if "timm" not in sys.modules:
        # Its models want torchvision; its schedulers do not, and come without them.
        spec = importlib.util.find_spec("timm")
        if spec is None:
            raise ModuleNotFoundError("No module named 'timm'")
        sys.modules["timm"] = importlib.util.module_from_spec(spec)
        try:
            from timm.scheduler.cosine_lr import CosineLRScheduler
        finally:
            del sys.modules["timm"]
    else:
        from timm.scheduler.cosine_lr import CosineLRScheduler
    scheduler = CosineLRScheduler(
        optimizer,
        t_initial=LENGTH,
        warmup_t=WARMUP,
        warmup_lr_init=0.0,
        warmup_prefix=True,
        t_in_epochs=False,
    )
    count = 0

    def step() -> None:
        nonlocal count
        count += 1
        scheduler.step_update(count)

    return step


def _optax(optimizer: Optimizer) -> Callable[[], object]:
    import jax
    import optax

    return _in_a_loop(optimizer, jax.jit(optax.cosine_decay_schedule(BASE, LENGTH)))


def _fvcore(optimizer: Optimizer) -> Callable[[], object]:
    from fvcore.common.param_scheduler import CosineParamScheduler

    scheduler = CosineParamScheduler(BASE, 0.0)
    return _in_a_loop(optimizer, lambda t: scheduler(t / LENGTH))


def _in_a_loop(optimizer: Optimizer, value: Callable[[int], Any]) -> Callable[[], object]:
    """What only makes values needs a loop that sets them."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1
        lr = float(value(count))
        for group in optimizer.param_groups:
            group["lr"] = lr

    return step


def _ignite(optimizer: Optimizer) -> Callable[[], object]:
    from ignite.handlers import CosineAnnealingScheduler

    scheduler = CosineAnnealingScheduler(optimizer, "lr", BASE, 0.0, LENGTH)
    scheduler(None)  # the first call sets what update 0 is made with
    return lambda: scheduler(None)


def _mmengine(optimizer: Optimizer) -> Callable[[], object]:
    from mmengine.optim import CosineAnnealingLR

    return CosineAnnealingLR(optimizer, T_max=LENGTH, by_epoch=False).step


_HALF_COSINE = f"cosine(base, 0, {LENGTH})"
_WARMUP_COSINE = f"warmup({WARMUP}) >> cosine(base, 0, {LENGTH - WARMUP})"

PEERS = (
    Peer("torch StepLR", "torch.StepLR(30, gamma=0.99)", lambda o: theirs.StepLR(o, 30, 0.99).step),
    Peer(
        "torch CosineAnnealingLR",
        f"torch.CosineAnnealingLR({LENGTH})",
        lambda o: theirs.CosineAnnealingLR(o, LENGTH).step,
    ),
    Peer("torch LambdaLR", _HALF_COSINE, lambda o: theirs.LambdaLR(o, _cosine).step),
    Peer("torch SequentialLR", SEQUENTIAL, lambda o: sequential(o).step),
    Peer(
        "torch OneCycleLR",
        f"torch.OneCycleLR({BASE}, total_steps={LENGTH}, cycle_momentum=False)",
        lambda o: theirs.OneCycleLR(o, BASE, total_steps=LENGTH, cycle_momentum=False).step,
    ),
    Peer(
        "torch ChainedScheduler",
        f"torch.ChainedScheduler([torch.ConstantLR(0.5, {WARMUP}), torch.ExponentialLR(0.999999)])",
        _chained,
    ),
    Peer("transformers get_cosine_schedule_with_warmup", _WARMUP_COSINE, _transformers),
    Peer("timm CosineLRScheduler", f"warmup({WARMUP}) >> cosine(base, 0, {LENGTH})", _timm),
    Peer("optax cosine_decay_schedule, jitted", _HALF_COSINE, _optax, accuracy=1e-6),
    Peer("fvcore CosineParamScheduler", _HALF_COSINE, _fvcore),
    Peer("ignite CosineAnnealingScheduler", _HALF_COSINE, _ignite),
    Peer("mmengine CosineAnnealingLR", _HALF_COSINE, _mmengine),
)
