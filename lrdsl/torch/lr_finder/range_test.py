"""`range_test`: which learning rates a model learns at, found by trying them all once."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from types import FunctionType, MethodType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.schedule.schedule import compile
from lrdsl.torch.lr_finder import validation as check
from lrdsl.torch.lr_finder.result import RangeTest, Stop
from lrdsl.torch.lr_finder.snapshot import Kept
from lrdsl.torch.metrics import agreed
from lrdsl.torch.slots import Slot, own

_LR = Slot("lr")
_HOOKS = ("_optimizer_step_pre_hooks", "_optimizer_step_post_hooks")


def range_test(
    model: nn.Module,
    optimizer: Optimizer,
    loss_fn: Callable[[nn.Module, Any], Tensor],
    batches: Iterable[Any],
    low: float = 1e-7,
    high: float = 10,
    steps: int = 100,
    *,
    mode: str = "exponential",
    smoothing: float = 0.9,
    diverge: float | None = 4,
) -> RangeTest:
    """Train for `steps` updates while the learning rate goes from `low` to `high`, and undo it all.

    `loss_fn(model, batch)` returns the loss of one batch, a scalar Tensor: what the training loop
    does before `backward()`, moving the batch to a device and autocast included. `batches` is any
    iterable of whatever that takes, a DataLoader for one, and is gone through again when it runs
    out; an iterator that is spent ends the test.

    `mode` is the shape of the sweep, `exponential` or `linear`; the rates are the schedule
    `exponential(low, high, steps, closed=true)`. They are those of the group with the highest rate
    of its own, the one that the optimizer was made with (`initial_lr` where a scheduler keeps it);
    the other groups keep their ratio to it, and an `lr_scale` multiplies, as in `Scheduler`.

    The test ends early when the smoothed loss has risen above its best by `diverge - 1` times the
    best (for losses above 0: to `diverge` times it; None for never), or the loss is nan or
    infinite. `smoothing` is the weight of the past in the exponential mean, 0 for none: a high one
    lags, by about `smoothing / (1 - smoothing)` steps.

    The model and the optimizer are used as they are, a model in eval mode in training mode. After
    it, also after an exception or Ctrl-C, they are as before, bit for bit: parameters, buffers,
    attributes, gradients, modes, parameter groups, state and hooks, those of modules that `loss_fn`
    uses too; and so are the random numbers of Python, numpy and torch, a DataLoader's `generator`
    among them. What other objects hold inside is their own: see `Kept`. It takes the memory of one
    copy. Hooks of optimizers and patches of their `step` rest during it, so that no scheduler
    counts. Under `torch.distributed` every rank calls it, and goes by the mean loss of all.

    Raises `SpecError`, having changed nothing, if an argument is none of these, the optimizer has
    none of the model's parameters, there is no batch, or a loss is no scalar with a gradient.

    >>> import torch
    >>> from torch.nn.functional import mse_loss
    >>> generator = torch.Generator().manual_seed(0)
    >>> inputs = torch.randn(64, 8, generator=generator)
    >>> batches = [(inputs, inputs.sum(dim=1, keepdim=True))]
    >>> model = torch.nn.Linear(8, 1)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> def loss_fn(model, batch):
    ...     inputs, targets = batch
    ...     return mse_loss(model(inputs), targets)
    >>> found = range_test(model, optimizer, loss_fn, batches)
    >>> found.stop, 0.01 < found.suggestion < 0.5, optimizer.param_groups[0]["lr"]
    ('diverged', True, 0.1)

    Smith, Cyclical Learning Rates for Training Neural Networks, 2015 (arXiv:1506.01186), section
    3.3. The exponential sweep, its defaults and the factor of 4 are those of fastai's `lr_find`;
    its smoothing is 0.98, which hides a divergence for half of the 100 steps.
    """
    check.settings(steps, smoothing, diverge)
    spec = check.sweep(mode, low, high, steps)
    check.model(model, optimizer)
    shares = check.shares(optimizer)
    check.loss_fn(loss_fn)
    check.batches(batches)
    rates = compile(spec).values(int(steps))

    before = Kept(model, optimizer, *_modules_of(loss_fn), *_generators_of(batches))
    trace = _Trace(smoothing, math.inf if diverge is None else diverge)

    def run() -> tuple[Stop, str]:
        _prepare(model, before.optimizers, optimizer)
        with (
            closing(_again_and_again(batches)) as endless,
            torch.inference_mode(False),
            torch.enable_grad(),
        ):
            return _run(model, optimizer, loss_fn, endless, rates.tolist(), shares, trace)

    stop, why = before.during(run)
    made = len(trace.losses)
    return RangeTest.of(
        rates[:made],
        np.array(trace.losses),
        np.array(trace.smoothed),
        stop=stop,
        why=why,
        steps=len(rates),
        smoothing=smoothing,
        spec=spec,
    )


class _Trace:
    """The losses so far, and their exponential mean, corrected for its start at 0.

    As in Adam (Kingma and Ba 2014, arXiv:1412.6980), and in fastai's recorder.

    >>> trace = _Trace(0.5, 4)
    >>> [trace.add(loss) for loss in (1.0, 1.0, 100.0)]
    [False, False, True]
    >>> trace.smoothed
    [1.0, 1.0, 57.57142857142857]
    """

    def __init__(self, smoothing: float, diverge: float) -> None:
        self.losses: list[float] = []
        self.smoothed: list[float] = []
        self._smoothing = smoothing
        self._rise = diverge - 1
        self._mean = 0.0
        self._best = math.inf

    def add(self, loss: float) -> bool:
        """Note a loss; whether they have diverged now."""
        self.losses.append(loss)
        self._mean = self._smoothing * self._mean + (1 - self._smoothing) * loss
        now = self._mean / (1 - self._smoothing ** len(self.losses))
        self.smoothed.append(now)
        self._best = min(self._best, now)
        return now - self._best > self._rise * abs(self._best)


def _run(
    model: nn.Module,
    optimizer: Optimizer,
    loss_fn: Callable[[nn.Module, Any], Tensor],
    batches: Iterator[Any],
    rates: Sequence[float],
    shares: Sequence[float],
    trace: _Trace,
) -> tuple[Stop, str]:
    """The test itself: fills the trace, and says why it stopped."""
    for step, rate in enumerate(rates, 1):
        try:
            batch = next(batches)
        except StopIteration:
            if step == 1:
                message, fix = "there are no batches", "a generator serves once: make it anew"
                raise spec_error(diag.BAD_SETTING, message, fix=fix) from None
            return "no more batches", f"the batches ran out after {step - 1} of {len(rates)} steps"
        for group, share in zip(optimizer.param_groups, shares, strict=True):
            _LR.put(group, rate * share)
        loss = _update(optimizer, functools.partial(loss_fn, model, batch))
        where = f"at step {step} of {len(rates)}, at a learning rate of {rate:.2g}"
        if not math.isfinite(loss):
            return "not finite", f"the loss was {loss} {where}"
        if trace.add(loss):
            return "diverged", f"the loss diverged {where}"
    return "completed", f"all {len(rates)} steps were made"


def _update(optimizer: Optimizer, compute: Callable[[], Tensor]) -> float:
    """Make one update; the loss before it, of all ranks."""
    losses: list[float] = []

    def closure() -> float:
        optimizer.zero_grad()
        with torch.enable_grad():
            loss = check.loss(compute())
            loss.backward()  # type: ignore[no-untyped-call]
        losses.append(agreed(loss.detach(), "mean", optimizer.param_groups))
        return losses[-1]

    needed = inspect.signature(optimizer.step).parameters.get("closure")
    if needed is not None and needed.default is needed.empty:  # LBFGS asks for more than one loss
        optimizer.step(closure)
    else:
        closure()
        optimizer.step()
    return losses[0]


def _prepare(model: nn.Module, optimizers: Iterable[Optimizer], swept: Optimizer) -> None:
    """Silence who counts the updates; give groups that share a Tensor for their lr one each."""
    if not model.training:
        model.train()
    for optimizer in optimizers:
        vars(optimizer).pop("step", None)  # as schedulers patch it, to see it called
        for name in _HOOKS:
            vars(optimizer).get(name, {}).clear()
    seen: list[Tensor] = []
    for group in swept.param_groups:
        if isinstance(group["lr"], Tensor):
            if any(group["lr"] is other for other in [*seen, swept.defaults.get("lr")]):
                group["lr"] = own(group["lr"])
            seen.append(group["lr"])


def _again_and_again(batches: Iterable[Any]) -> Generator[Any, None, None]:
    """The batches, from the start again whenever they run out; ends if there are none."""
    some = True
    while some:
        some = False
        for batch in batches:
            some = True
            yield batch


def _modules_of(loss_fn: Any) -> list[nn.Module]:
    """The modules that a loss function is or uses by itself: its criterion may count or learn."""
    if isinstance(loss_fn, functools.partial):
        return _modules_of(loss_fn.func) + _modules_among(
            [*loss_fn.args, *loss_fn.keywords.values()]
        )
    if isinstance(loss_fn, MethodType):
        return _modules_of(loss_fn.__func__) + _modules_among([loss_fn.__self__])
    if isinstance(loss_fn, FunctionType):
        used = [loss_fn.__globals__.get(name) for name in loss_fn.__code__.co_names]
        for cell in loss_fn.__closure__ or ():
            with suppress(ValueError):  # nothing is in it yet
                used.append(cell.cell_contents)
        return _modules_among(used)
    return _modules_among([loss_fn])


def _modules_among(things: Iterable[object]) -> list[nn.Module]:
    return [thing for thing in things if isinstance(thing, nn.Module)]


def _generators_of(batches: object) -> list[torch.Generator]:
    """The generators that a DataLoader and its samplers shuffle with."""
    batch_sampler = getattr(batches, "batch_sampler", None)
    samplers = (getattr(batches, "sampler", None), getattr(batch_sampler, "sampler", None))
    found = [getattr(x, "generator", None) for x in (batches, batch_sampler, *samplers)]
    return [generator for generator in found if isinstance(generator, torch.Generator)]
