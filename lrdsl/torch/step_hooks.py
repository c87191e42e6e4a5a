"""Counting an optimizer's real updates, by the hooks that its `step` calls.

An update is real if the optimizer made it: while gradients accumulate it makes none, and an update
that a GradScaler skips is none.
"""

from __future__ import annotations

import sys
import warnings
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch.optim import Optimizer

from lrdsl import diagnostics as diag
from lrdsl.diagnostics import spec_error
from lrdsl.util.registry import did_you_mean

if TYPE_CHECKING:
    from lrdsl.torch.scheduler import Scheduler

CLOCKS = ("calls", "updates")
"""What may move a Scheduler on: calls of its `step`, or the optimizer's own updates."""

_INSIDE = ("optimizer", "original_optimizer", "base_optimizer", "optim")
"""What wrappers call the optimizer inside."""

_NEAR = 16
"""How many callers back the one that called `step` is at most: hooks and wrappers are between."""


def checked_clock(name: object) -> str:
    """The name of a clock; `SpecError` if it is none."""
    if name not in CLOCKS:
        near = did_you_mean(name, CLOCKS) if isinstance(name, str) else None
        message = f'`clock` is "calls" or "updates", not {name!r}'
        raise spec_error(diag.BAD_STEP, message, fix=near and near[0])
    return str(name)


def unwrapped(optimizer: Optimizer) -> Optimizer:
    """The optimizer that makes the updates: a wrapper that has no hooks lets another make them.

    Accelerate's `prepare` returns such a wrapper. `SpecError` if what is inside cannot be found.
    """
    inside: object = optimizer
    while not hasattr(inside, "_optimizer_step_post_hooks"):
        found = [getattr(inside, name, None) for name in _INSIDE]
        inside = next((one for one in found if isinstance(one, Optimizer)), None)
        if inside is None:
            message = f"a {type(optimizer).__name__} does not tell of its updates"
            fix = "pass the optimizer that it wraps"
            raise spec_error(diag.BAD_GROUP, message, fix=fix)
    assert isinstance(inside, Optimizer)
    return inside


def follow(scheduler: Scheduler, optimizer: Optimizer, clock: str) -> Callable[[], None]:
    """Have a Scheduler told before each update of the optimizer and, by that clock, after it.

    Returns a function that undoes it.
    """
    if clock == "updates":
        told = [
            optimizer.register_step_pre_hook(_before(lambda: scheduler, clock)),
            optimizer.register_step_post_hook(_after(scheduler)),
        ]
    else:
        # A Scheduler that nobody steps any more must not live on for its hook.
        told = [optimizer.register_step_pre_hook(_before(weakref.ref(scheduler), clock))]

    def end() -> None:
        for handle in told:
            handle.remove()

    return end


def _before(get: Callable[[], Scheduler | None], clock: str) -> Callable[[Any, Any, Any], None]:
    warned: list[bool] = []

    # It runs while the step is traced, and is no part of it.
    @torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
    def warn() -> None:
        if not warned:
            warned.append(True)
            warnings.warn(
                "torch.compile compiles the optimizer's step anew when a learning rate that is a "
                "float changes: make the optimizer with `lr=torch.tensor(0.1)`, which is filled in "
                "place",
                stacklevel=2,
            )

    def hook(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        if torch.compiler.is_compiling():
            if type(optimizer.param_groups[0]["lr"]) is float:
                warn()
            if clock == "calls":
                return
        _look(get)

    return hook


@torch.compiler.disable  # type: ignore[untyped-decorator]
def _look(get: Callable[[], Scheduler | None]) -> None:
    scheduler = get()
    if scheduler is not None and not _is_pretended():
        scheduler._before_update()


def _after(scheduler: Scheduler) -> Callable[[Any, Any, Any], None]:
    def hook(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        _count(scheduler, optimizer)

    return hook


@torch.compiler.disable  # type: ignore[untyped-decorator]
def _count(scheduler: Scheduler, optimizer: Optimizer) -> None:
    if not _was_skipped(optimizer) and not _is_pretended():
        scheduler._after_update()


def _was_skipped(optimizer: Optimizer) -> bool:
    """Whether the update just asked for was left out, inside the optimizer's own kernel."""
    # A GradScaler tells fused optimizers so; any other optimizer it does not even call.
    found_inf = getattr(optimizer, "found_inf", None)
    return found_inf is not None and bool(found_inf)


def _is_pretended() -> bool:
    """Whether torch.distributed.checkpoint calls `step`, so that there is state to save or load.

    It sets the learning rates and the gradients to 0 meanwhile, and puts the rates back.
    """
    checkpoint = sys.modules.get("torch.distributed.checkpoint.state_dict")
    pretending = getattr(getattr(checkpoint, "_init_optim_state", None), "__code__", None)
    frame = None if pretending is None else sys._getframe(1)
    for _ in range(_NEAR):
        if frame is None or frame.f_code is pretending:
            return frame is not None
        frame = frame.f_back
    return False


def is_capturing() -> bool:
    """Whether a CUDA graph is being recorded: its replays call no hooks."""
    is_used: bool = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    return is_used and torch.cuda.is_current_stream_capturing()
