"""Counts the updates that an optimizer really makes, through the hooks of its `step`.

While gradients accumulate an optimizer makes no update, and an update that a GradScaler skips is
not made either: neither counts.
"""

from __future__ import annotations

import functools
import sys
import warnings
import weakref
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch.optim import Optimizer

from lrdsl.diagnostics import BAD_GROUP, spec_error
from lrdsl.torch.param_key import ParamKey

_TRAINERS = frozenset({"ignite", "lightning", "pytorch_lightning", "transformers"})
"""The packages whose trainers call `step` on every scheduler that they are given."""

_INNER_OPTIMIZER = ("optimizer", "original_optimizer", "base_optimizer", "optim")
"""The attributes in which wrappers keep the optimizer that they wrap."""

_MODULES, _CHECKPOINT = sys.modules, "torch.distributed.checkpoint.state_dict"

MAY_CAPTURE = bool(torch.version.cuda or torch.version.hip)
"""Whether there may be CUDA graphs at all. The hooks run at every update, and look no further."""

_MAX_FRAMES = 16
"""The greatest distance from a hook to the caller of `step`: torch's wrappers lie between."""


def unwrapped(optimizer: Optimizer) -> Optimizer:
    """Return the optimizer that makes the updates: some wrappers of optimizers have no hooks.

    Accelerate's `prepare` returns such a wrapper. Raises `SpecError` if the wrapped optimizer is
    under none of the usual names.
    """
    inner: object = optimizer
    while not hasattr(inner, "_optimizer_step_post_hooks"):
        found = [getattr(inner, name, None) for name in _INNER_OPTIMIZER]
        inner = next((each for each in found if isinstance(each, Optimizer)), None)
        if inner is None:
            message = f"a {type(optimizer).__name__} has no hooks on its updates"
            raise spec_error(BAD_GROUP, message, fix="pass the optimizer that it wraps")
    assert isinstance(inner, Optimizer)
    return inner


Hook = Callable[[], object]


def add_hooks(
    optimizer: Optimizer, keys: Iterable[ParamKey], before: Hook, after: Hook | None = None
) -> Callable[[], None]:
    """Call a method before each update of an optimizer, and another one after it.

    `keys` are the locations of the driven numbers: a float there is compiled into a step.
    The method's object lives as long as the optimizer if it counts updates, by `after`; otherwise
    the hook does not keep it alive. Returns a function that removes the hooks.
    """
    get = weakref.WeakMethod(before) if after is None else lambda: before
    nesting = None if after is None else _Nesting()
    hooks = ExitStack()
    hooks.callback(optimizer.register_step_pre_hook(_pre_hook(get, tuple(keys), nesting)).remove)
    if after is not None and nesting is not None:
        hooks.callback(optimizer.register_step_post_hook(_post_hook(after, nesting)).remove)
    return hooks.close


_HOOKED_STEP = Optimizer.profile_hook_step(lambda self: None).__code__
"""The code of the function that calls the hooks around a `step`, of every optimizer."""


@dataclass
class _Nesting:
    """How many calls of an optimizer's `step` with hooks are under way.

    torch adds the hooks to the `step` of a class when the class is first instantiated. If a
    subclass calls `super().step()`, and its base class has been instantiated too, one update calls
    the hooks twice, the inner ones between the outer ones: the outermost call is the update. An
    exception may end a call without its second hook, so that the stack decides where `depth` is
    not that of a single call.
    """

    depth: int = 0

    def enter(self, optimizer: Optimizer) -> None:
        """Correct the depth at a call that begins while another seems to be under way."""
        self.depth = max(1, _hooked_calls(optimizer))

    def is_inner(self, optimizer: Optimizer) -> bool:
        """Whether a call that ends is inside another one; corrects the depth."""
        self.depth = max(0, _hooked_calls(optimizer) - 1)
        return self.depth > 0


def _hooked_calls(optimizer: Optimizer) -> int:
    """How many functions on the stack call the hooks of an optimizer's `step`."""
    found = 0
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code is _HOOKED_STEP and frame.f_locals.get("self") is optimizer:
            found += 1
        frame = frame.f_back  # type: ignore[assignment]
    return found


@functools.cache
def _apart(function: Callable[..., None]) -> Callable[..., None]:
    """A function that is no part of a compiled step."""
    found: Callable[..., None] = torch.compiler.disable(function)  # type: ignore[no-untyped-call]
    return found


def _pre_hook(
    get: Callable[[], Hook | None], keys: tuple[ParamKey, ...], nesting: _Nesting | None
) -> Callable[[Any, Any, Any], None]:
    warned: list[bool] = []

    # It runs while the step is traced, and is no part of the compiled step.
    @torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
    def warn(group_key: str, entry: int | None) -> None:
        if not warned:
            warned.append(True)
            what = "learning rate" if group_key == "lr" else f"`{ParamKey(group_key, entry)}`"
            remedy = "`lr=torch.tensor(0.1)`" if group_key == "lr" else "a Tensor there"
            warnings.warn(
                f"torch.compile recompiles the optimizer's step whenever a float {what} changes: "
                f"make the optimizer with {remedy}, which is filled in place",
                stacklevel=2,
            )

    apart = _apart(_call_before_update)

    def hook(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        if not torch.compiler.is_compiling():
            _call_before_update(get, nesting, optimizer)
            return
        for group_key, entry in keys:
            value = optimizer.param_groups[0].get(group_key)
            if entry is not None and value is not None:
                value = value[entry]
            if type(value) is float:
                warn(group_key, entry)
        if nesting is not None:
            apart(get, nesting, optimizer)

    return hook


def _post_hook(after: Hook, nesting: _Nesting) -> Callable[[Any, Any, Any], None]:
    apart = _apart(_call_after_update)

    def hook(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        call = apart if torch.compiler.is_compiling() else _call_after_update
        call(after, nesting, optimizer)

    return hook


def _call_before_update(
    get: Callable[[], Hook | None], nesting: _Nesting | None, optimizer: Optimizer
) -> None:
    if nesting is not None:
        if nesting.depth:
            nesting.enter(optimizer)
        else:
            nesting.depth = 1
    before = get()
    if before is not None and not (_CHECKPOINT in _MODULES and _in_checkpoint_dry_run()):
        before()


def _call_after_update(after: Hook, nesting: _Nesting, optimizer: Optimizer) -> None:
    if nesting.depth > 1 and nesting.is_inner(optimizer):
        return
    nesting.depth = 0
    # The kernels of fused optimizers skip the update themselves if a GradScaler has set
    # `found_inf` because of infinite gradients; it does not call `step` of any other optimizer.
    if getattr(optimizer, "found_inf", None):
        return
    if not (_CHECKPOINT in _MODULES and _in_checkpoint_dry_run()):
        after()


def _in_checkpoint_dry_run() -> bool:
    """Whether torch.distributed.checkpoint calls `step` only to create the optimizer's state.

    Meanwhile it sets the learning rates and the gradients to 0; it restores the rates afterwards.
    """
    checkpoint = _MODULES.get(_CHECKPOINT)
    dry_run = getattr(getattr(checkpoint, "_init_optim_state", None), "__code__", None)
    frame = None if dry_run is None else sys._getframe(1)
    for _ in range(_MAX_FRAMES):
        if frame is None or frame.f_code is dry_run:
            return frame is not None
        frame = frame.f_back
    return False


def is_capturing() -> bool:
    """Whether a CUDA graph is being captured: its replays call no hooks."""
    is_used: bool = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    return is_used and torch.cuda.is_current_stream_capturing()


def is_called_by_trainer(depth: int) -> bool:
    """Whether a function on the stack was called by the code of a trainer.

    `depth` selects the function: 0 is the one that calls `is_called_by_trainer`, 1 its caller.
    """
    module = sys._getframe(depth + 2).f_globals.get("__name__")
    return isinstance(module, str) and module.partition(".")[0] in _TRAINERS


def is_called_by(modules: frozenset[str]) -> bool:
    """Whether the function that calls this one was called by the code of some modules."""
    return sys._getframe(2).f_globals.get("__name__") in modules
