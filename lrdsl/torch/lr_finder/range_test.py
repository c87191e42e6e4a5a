"""`range_test`: finds usable learning rates by one short training with rising rates."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from types import FunctionType, MethodType
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from lrdsl.diagnostics import BAD_SETTING, spec_error
from lrdsl.schedule.compile import compile
from lrdsl.torch.lr_finder import validation as check
from lrdsl.torch.lr_finder.result import RangeTest, Stop
from lrdsl.torch.lr_finder.snapshot import TrainingSnapshot
from lrdsl.torch.metrics import reduce_over_ranks
from lrdsl.torch.options import SweepMode
from lrdsl.torch.param_key import ParamKey, clone_value

_LR = ParamKey("lr")
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
    mode: SweepMode = "exponential",
    smoothing: float = 0.9,
    diverge: float | None = 4,
) -> RangeTest:
    """Train for `steps` updates while the learning rate goes from `low` to `high`, then undo it.

    `loss_fn(model, batch)` returns the loss of one batch, a scalar Tensor: the part of the training
    loop before `backward()`, including autocast and the transfer of the batch to a device.
    `batches` is an iterable of batches, a DataLoader for example; it is iterated again when it runs
    out, and the test ends when an iteration yields none.

    `mode` is the shape of the sweep, `exponential` or `linear`; the rates are the schedule
    `exponential(low, high, steps, closed=true)`. They apply to the group with the highest learning
    rate, counting the rate that the optimizer was made with (`initial_lr` if a scheduler keeps it);
    the other groups keep their ratio to it, and an `lr_scale` multiplies, as in `Scheduler`.

    The test ends early when the smoothed loss has risen above its best by `diverge - 1` times the
    best (for losses above 0: to `diverge` times the best; None: never), or the loss is nan or
    infinite. `smoothing` is the weight of the past in the exponential mean, 0 for no smoothing; the
    mean lags by about `smoothing / (1 - smoothing)` steps.

    The test trains the model and the optimizer themselves, in training mode. Afterwards, also after
    an exception or Ctrl-C, they are as before, bit for bit: parameters, buffers, attributes,
    gradients, modes, parameter groups, state and hooks, those of modules that `loss_fn` uses too;
    and so are the random generators of Python, numpy and torch, a DataLoader's `generator`
    included. Objects of other classes are not restored: see `TrainingSnapshot`. The test takes the
    memory of one copy. Hooks of optimizers and patches of their `step` are disabled meanwhile, so
    that no scheduler counts. Under `torch.distributed` every rank calls the function, and all
    follow the mean loss.

    Raises `SpecError`, having changed nothing, if an argument is invalid, the optimizer has none of
    the model's parameters, there is no batch, or a loss is not a scalar with a gradient.

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
    3.3. The exponential sweep, its defaults and the factor of 4 are those of fastai's `lr_find`,
    whose smoothing of 0.98 hides a divergence for half of the 100 steps.
    """
    check.settings(steps, smoothing, diverge)
    spec = check.sweep_spec(mode, low, high, steps)
    check.model(model, optimizer)
    factors = check.rate_factors(optimizer)
    check.loss_fn(loss_fn)
    check.batches(batches)
    rates = compile(spec).values(int(steps))

    snapshot = TrainingSnapshot(model, optimizer, *_modules_of(loss_fn), *_generators_of(batches))
    trace = _LossTrace(smoothing, math.inf if diverge is None else diverge)

    def train() -> tuple[Stop, str]:
        if not model.training:
            model.train()
        _prepare(snapshot.optimizers, optimizer)
        loss_of = functools.partial(loss_fn, model)
        with closing(_cycle(batches)) as endless, torch.inference_mode(False), torch.enable_grad():
            return _sweep(optimizer, loss_of, endless, rates.tolist(), factors, trace)

    stop, why = snapshot.run_and_restore(train)
    return RangeTest.of(
        rates[: len(trace.losses)],
        trace.losses,
        trace.smoothed,
        stop=stop,
        why=why,
        steps=len(rates),
        smoothing=smoothing,
        spec=spec,
    )


class _LossTrace:
    """The losses so far with their bias-corrected exponential mean.

    The correction is that of Adam (Kingma and Ba 2014, arXiv:1412.6980) and fastai's recorder.

    >>> trace = _LossTrace(0.5, 4)
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
        """Add a loss; returns whether the losses have diverged."""
        self.losses.append(loss)
        self._mean = self._smoothing * self._mean + (1 - self._smoothing) * loss
        now = self._mean / (1 - self._smoothing ** len(self.losses))
        self.smoothed.append(now)
        self._best = min(self._best, now)
        return now - self._best > self._rise * abs(self._best)


def _sweep(
    optimizer: Optimizer,
    loss_of: Callable[[Any], Tensor],
    batches: Iterator[Any],
    rates: Sequence[float],
    factors: Sequence[float],
    trace: _LossTrace,
) -> tuple[Stop, str]:
    """Train with each of the rates: fills the trace, and returns the reason why it stopped."""
    for step, (rate, batch) in enumerate(zip(rates, batches, strict=False), 1):
        for group, factor in zip(optimizer.param_groups, factors, strict=True):
            _LR.assign(group, rate * factor)
        loss = _update(optimizer, functools.partial(loss_of, batch))
        where = f"at step {step} of {len(rates)}, at a learning rate of {rate:.2g}"
        if not math.isfinite(loss):
            return "not finite", f"the loss was {loss} {where}"
        if trace.add(loss):
            return "diverged", f"the loss diverged {where}"
    made = len(trace.losses)
    if made == len(rates):
        return "completed", f"all {made} steps were made"
    if made:
        return "no more batches", f"the batches ran out after {made} of {len(rates)} steps"
    fix = "a generator can be iterated only once: create it again"
    raise spec_error(BAD_SETTING, "`batches` is empty", fix=fix)


def _update(optimizer: Optimizer, compute: Callable[[], Tensor]) -> float:
    """Make one update, and return the mean loss of all ranks before it."""
    losses: list[float] = []

    def closure() -> float:
        optimizer.zero_grad()
        with torch.enable_grad():
            loss = check.loss(compute())
            loss.backward()  # type: ignore[no-untyped-call]
        losses.append(reduce_over_ranks(loss.detach(), "mean", optimizer.param_groups))
        return losses[-1]

    needed = inspect.signature(optimizer.step).parameters.get("closure")
    if needed is not None and needed.default is needed.empty:  # LBFGS evaluates several losses
        optimizer.step(closure)
    else:
        closure()
        optimizer.step()
    return losses[0]


def _prepare(optimizers: Iterable[Optimizer], swept: Optimizer) -> None:
    """Disable the hooks that count updates; give groups that share a Tensor lr one each."""
    for optimizer in optimizers:
        vars(optimizer).pop("step", None)  # torch's schedulers patch it to see its calls
        for name in _HOOKS:
            vars(optimizer).get(name, {}).clear()
    seen = [swept.defaults.get("lr")]
    for group in swept.param_groups:
        if any(group["lr"] is other for other in seen):
            group["lr"] = clone_value(group["lr"])
        seen.append(group["lr"])


def _cycle(batches: Iterable[Any]) -> Generator[Any, None, None]:
    """Iterate over the batches again and again, until an iteration yields none."""
    has_batches = True
    while has_batches:
        has_batches = False
        for batch in batches:
            has_batches = True
            yield batch


def _modules_of(loss_fn: Any) -> list[nn.Module]:
    """The modules that a loss function is or refers to, such as a criterion with a state."""
    match loss_fn:
        case functools.partial(func=inner, args=args, keywords=keywords):
            used = [*_modules_of(inner), *args, *keywords.values()]
        case MethodType(__func__=inner, __self__=owner):
            used = [*_modules_of(inner), owner]
        case FunctionType():
            used = [loss_fn.__globals__.get(name) for name in loss_fn.__code__.co_names]
            for cell in loss_fn.__closure__ or ():
                with suppress(ValueError):  # the variable is not assigned yet
                    used.append(cell.cell_contents)
        case _:
            used = [loss_fn]
    return [thing for thing in used if isinstance(thing, nn.Module)]


def _generators_of(batches: object) -> list[torch.Generator]:
    """The random generators of a DataLoader and its samplers."""
    batch_sampler = getattr(batches, "batch_sampler", None)
    samplers = (getattr(batches, "sampler", None), getattr(batch_sampler, "sampler", None))
    found = [getattr(x, "generator", None) for x in (batches, batch_sampler, *samplers)]
    return [generator for generator in found if isinstance(generator, torch.Generator)]
