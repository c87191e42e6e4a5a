"""Checks of the arguments of a range test; each raises `SpecError`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.optim import Optimizer

from lrdsl.diagnostics import BAD_GROUP, BAD_METRIC, BAD_SETTING, spec_error
from lrdsl.language.signal import LAST_STEP
from lrdsl.syntax.spec import as_number
from lrdsl.torch.arguments import checked_option
from lrdsl.torch.options import SweepMode
from lrdsl.torch.param_key import find_param_key, finite_number, read_number

MIN_STEPS = 10
"""The fewest steps whose losses make a curve."""

_refused = functools.partial(spec_error, BAD_SETTING)

_PAIR = "write `lambda model, batch: loss_fn(model(batch[0]), batch[1])`"
_TARGETS = ("target", "targets", "label", "labels", "y_true")


def sweep_spec(mode: object, low: object, high: object, steps: int) -> str:
    """Return the spec of the rates, from `low` at the first step to `high` at the last.

    >>> sweep_spec("exponential", 1e-5, 1, 100)
    'exponential(1e-05, 1.0, 100, closed=true)'
    """
    name = checked_option(SweepMode, "mode", mode, BAD_SETTING)
    least, most = _number(low, "low"), _number(high, "high")
    if least < 0 or (least == 0 and name == "exponential"):
        message = f"`low` must be a learning rate above 0, not {least:g}"
        raise _refused(message, fix="the default is 1e-7")
    if least >= most:
        message = f"the rates must go up from `low` to `high`, not from {least!r} to {most!r}"
        fix = f"write `low={most!r}, high={least!r}`" if least > most else None
        raise _refused(message, fix=fix)
    return f"{name}({least!r}, {most!r}, {steps}, closed=true)"


def settings(steps: object, smoothing: object, diverge: object) -> None:
    """Check the numbers other than those of the sweep."""
    number = as_number(steps)
    if not isinstance(number, int) or not MIN_STEPS <= number <= LAST_STEP:
        message = f"`steps` must be a whole number of updates, {MIN_STEPS} or more, not {steps!r}"
        raise _refused(message)
    if not 0 <= _number(smoothing, "smoothing") < 1:
        message = f"`smoothing` must be at least 0 and below 1, not {smoothing!r}"
        raise _refused(message, fix="0 is none, 0.9 the default")
    if diverge is not None and _number(diverge, "diverge") <= 1:
        message = f"`diverge` must be a multiple of the best loss, above 1, not {diverge!r}"
        raise _refused(message, fix="None never stops the test, 4 is the default")


def model(model: object, optimizer: object) -> None:
    """Check that the model has trainable parameters, and that the optimizer trains some."""
    if not isinstance(model, nn.Module):
        raise _refused(f"a model must be a torch.nn.Module, not a {type(model).__name__}")
    if not isinstance(optimizer, Optimizer):
        message = f"a range test drives a torch.optim.Optimizer, not a {type(optimizer).__name__}"
        raise spec_error(BAD_GROUP, message)
    if any(is_lazy(x) for x in [*model.parameters(), *model.buffers()]):
        message = "the model has lazy parameters, which its first batch would initialize for good"
        raise _refused(message, fix="run the model on one batch before the test")
    wanted = {id(p) for p in model.parameters() if p.requires_grad}
    if not wanted:
        message = "no parameter of the model requires a gradient: there is nothing to train"
        raise _refused(message, fix="call `requires_grad_()` on those to be trained")
    if not any(id(p) in wanted for group in optimizer.param_groups for p in group["params"]):
        message = "the optimizer has none of the parameters that the model trains"
        fix = "make the optimizer of `model.parameters()`, after the model has its final form"
        raise spec_error(BAD_GROUP, message, fix=fix)


def rate_factors(optimizer: Optimizer) -> list[float]:
    """The factor of the sweep's rate in each group."""
    initial_rates, scales = [], []
    for i, group in enumerate(optimizer.param_groups):
        key = find_param_key("lr", i, group)
        has_initial = key.initial.get(group) is not None
        initial_rates.append(read_number(key.initial if has_initial else key, i, group))
        requirement = f"the `lr_scale` of parameter group {i} must be a number"
        scales.append(finite_number(group.get("lr_scale", 1.0), requirement))
    highest = max(initial_rates)
    return [
        scale * (rate / highest if highest > 0 else 1.0)
        for rate, scale in zip(initial_rates, scales, strict=True)
    ]


def loss_fn(loss_fn: object) -> None:
    """Check that it takes a model and a batch, as far as its signature shows."""
    if not callable(loss_fn):
        message = f"`loss_fn` must be a function of the model and a batch, not {loss_fn!r}"
        raise _refused(message, fix=_PAIR)
    called = loss_fn.forward if isinstance(loss_fn, nn.Module) else loss_fn
    try:
        names = [*inspect.signature(called).parameters]
    except (TypeError, ValueError):  # a function of an extension module has no signature
        return
    if any(name in _TARGETS for name in names[1:]):
        raise _refused("`loss_fn` takes the model and a batch, not outputs and targets", fix=_PAIR)


def batches(batches: object) -> None:
    """Check that the batches can be iterated, without taking one."""
    if isinstance(batches, tuple) and batches and all(isinstance(x, Tensor) for x in batches):
        message = "`batches` must be an iterable of batches, not a single one"
        raise _refused(message, fix="write `[(inputs, targets)]`, or pass a DataLoader")
    if not isinstance(batches, Iterable) or isinstance(batches, (str, bytes, Mapping)):
        message = f"`batches` must be an iterable of batches, not a {type(batches).__name__}"
        raise _refused(message, fix="pass a DataLoader, or a list of batches")


def loss(loss: Any) -> Tensor:
    """Check a loss: a scalar Tensor with a gradient."""
    message = "`loss_fn` must return the loss as a scalar Tensor"
    if loss is None:
        raise spec_error(BAD_METRIC, f"{message}, not None", fix="end it with `return loss`")
    if not isinstance(loss, Tensor):
        message = f"{message}, not a {type(loss).__name__}"
        fix = None if as_number(loss) is None else "return the Tensor itself, not its `item()`"
        raise spec_error(BAD_METRIC, message, fix=fix)
    if loss.numel() != 1 or not loss.is_floating_point():
        message = f"{message}, not one of shape {tuple(loss.shape)} and type {loss.dtype}"
        raise spec_error(BAD_METRIC, message, fix="take the mean: `loss.mean()`")
    if not loss.requires_grad:
        message = "the loss has no gradient: it does not depend on the trained parameters"
        raise spec_error(BAD_METRIC, message, fix="compute it without `no_grad()` and `detach()`")
    return loss


def _number(value: object, name: str) -> float:
    return finite_number(value, f"`{name}` must be a finite number", BAD_SETTING)
