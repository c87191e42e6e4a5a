"""Driving a torch optimizer by a spec.

    scheduler = lrdsl.torch.Scheduler(optimizer, "warmup(100) >> cosine(1, 1e-3, 800)")
    for batch in batches:
        loss(model, batch).backward()
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()

The learning rate is a pure function of the number of updates made and of the parameter group's own
`base`; nothing is accumulated from one step to the next.
"""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from lrdsl import diagnostics as d
from lrdsl.callables import FunctionSpec, taken
from lrdsl.compiler.context import Context
from lrdsl.diagnostics import SpecError, fail
from lrdsl.schedule import Schedule, compile_in
from lrdsl.signal import LAST_STEP
from lrdsl.syntax.spec import Operand, Spec, as_number, parse

try:
    from torch import Tensor
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    message = "lrdsl.torch drives PyTorch's optimizers and needs torch: pip install lrdsl[torch]"
    raise ImportError(message, name="torch") from error

__all__ = ["Scheduler"]

AHEAD = 1024
"""Values are evaluated this many updates ahead, so that a step is a list look-up."""

_STATE_VERSION = 1
_STATE_KEYS = {"version", "spec", "context", "updates"}


class Scheduler(LRScheduler):
    """Sets the learning rate of every parameter group to what a spec says.

    `spec` is text, a `Spec`, a number, a mapping with the one key `spec` (a Hydra config), or a
    pure Python function of the number of updates made. The keyword arguments are those of
    `lrdsl.compile`: `total_steps`, updates in the run, for `%`, `total`, `rest` and segments
    without a length; `steps_per_epoch` for `ep`; `samples_per_step` for `sp`; `tokens_per_step` for
    `tok`; all other names are variables of the spec. `last_epoch` is as in torch: the update last
    made, -1 for none.

    In the spec, `base` is the group's own learning rate, the one that the optimizer was made with
    (its `initial_lr`). If a group has the key `lr_scale`, its learning rate is multiplied by it.
    A learning rate that is a Tensor stays the same Tensor and is filled in place; groups that
    share one Tensor get one each.

    Call `step()` once after every update. Groups may be added, and the optimizer's state loaded,
    at any time: `step()` sees it, and `step(scheduler.last_epoch)` applies it at once.

    Raises `SpecError` with every mistake found in the spec, the context or the groups, and then
    has changed nothing in the optimizer.

    >>> import torch
    >>> weight = torch.nn.Parameter(torch.zeros(1))
    >>> optimizer = torch.optim.SGD([weight], lr=0.1)
    >>> scheduler = Scheduler(optimizer, "warmup(peak_at) >> linear(base, 0, 100)", peak_at=4)
    >>> for _ in range(6):
    ...     print(f"{optimizer.param_groups[0]['lr']:.3f}")
    ...     optimizer.step()
    ...     scheduler.step()
    0.000
    0.025
    0.050
    0.075
    0.100
    0.099
    """

    def __init__(
        self,
        optimizer: Optimizer,
        spec: Operand | Mapping[str, Any] | Callable[[int], float],
        *,
        total_steps: int | None = None,
        steps_per_epoch: float | None = None,
        samples_per_step: float | None = None,
        tokens_per_step: float | None = None,
        last_epoch: int = -1,
        **variables: float,
    ) -> None:
        if not isinstance(optimizer, Optimizer):
            found = type(optimizer).__name__
            raise fail(d.BAD_GROUP, f"a Scheduler drives a torch.optim.Optimizer, not a {found}")
        if "base_lr" in variables:
            message = "`base_lr` is not for the caller to set: `base` is the group's own lr"
            raise fail(d.BAD_CONTEXT, message, fix="set the optimizer's `lr` instead")
        self._context = Context.of(
            total_steps=total_steps,
            steps_per_epoch=steps_per_epoch,
            samples_per_step=samples_per_step,
            tokens_per_step=tokens_per_step,
            **variables,
        )
        made = _updates(last_epoch, "last_epoch", least=-1)
        self.optimizer = optimizer
        self.base_lrs = []
        self._schedules = _Schedules(taken(spec), self._context)
        self._groups: list[dict[str, Any]] = []
        self._driven: list[_Ahead] = []
        self._values(made + 1)  # whatever can fail does so here, before anything is changed
        super().__init__(optimizer, made)

    @property
    def spec(self) -> Spec:
        """What the optimizer is driven by.

        >>> from torch import nn, optim
        >>> str(Scheduler(optim.SGD(nn.Linear(1, 1).parameters()), "hold(5)>>linear(1,0,9)").spec)
        'hold(5) >> linear(1, 0, 9)'
        """
        return self.schedules[0].spec

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        """Each group's schedule, before its `lr_scale`.

        >>> from torch import nn, optim
        >>> groups = [{"params": nn.Linear(1, 1).parameters(), "lr": lr} for lr in (1, 0.1)]
        >>> scheduler = Scheduler(optim.SGD(groups), "cosine(base, 0, 9)")
        >>> [schedule(0) for schedule in scheduler.schedules]
        [1.0, 0.1]
        """
        return tuple([ahead.schedule for ahead in self._driven])

    def get_lr(self) -> list[float | Tensor]:
        """The learning rates at the present update, a float for each group."""
        return list(self._values(self.last_epoch))

    def get_last_lr(self) -> list[float | Tensor]:
        """The learning rates last set by this scheduler, a float for each group."""
        return list(self._last_lr)

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next update, or to update number `epoch`, and set the learning rates.

        Raises `SpecError` if `epoch` is no whole number, 0 or more.

        >>> from torch import nn, optim
        >>> scheduler = Scheduler(optim.SGD(nn.Linear(1, 1).parameters()), "linear(1, 0, 100)")
        >>> scheduler.step(75)
        >>> scheduler.get_last_lr()
        [0.25]
        """
        if epoch is None:
            super().step()  # which also warns of a step before the optimizer's first
        else:
            self._update_lr(epoch)
            self._step_count += 1

    def _update_lr(self, epoch: int | None = None) -> None:
        # torch's SequentialLR calls this to start a child: it must not be renamed.
        self._apply(self.last_epoch + 1 if epoch is None else _updates(epoch, "epoch", least=0))

    def state_dict(self) -> dict[str, Any]:
        """The number of updates made, with the spec and the context that they were made under.

        Plain text and numbers, so that `torch.load(..., weights_only=True)` reads it.
        """
        return {
            "version": _STATE_VERSION,
            "spec": str(self.spec),
            "context": self._context.to_dict(),
            "updates": self.last_epoch,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from where a `state_dict` was taken, and set the learning rates at once.

        The optimizer's state need not have been loaded. The spec and the context stay those that
        this scheduler was made with; a warning says if the saved ones differ. Raises `SpecError`,
        having changed nothing, if the state is not one of a `Scheduler`.
        """
        made = _checked(state_dict)
        different = _difference(state_dict, self.spec, self._context)
        if made < 0:
            # A part of torch's SequentialLR that has not begun: the lr is not its to set.
            self.last_epoch = made
        else:
            self._apply(made)
            self._step_count = made + 1
        if different:
            warnings.warn(
                f"the checkpoint was written with {different}; going on at update {made} "
                "with what this Scheduler was made with",
                stacklevel=2,
            )

    def _apply(self, made: int) -> None:
        values = self._values(made)
        for group, value in zip(self.optimizer.param_groups, values, strict=True):
            lr = group["lr"]
            if type(lr) is not float and isinstance(lr, Tensor):
                lr.fill_(value)
            else:
                group["lr"] = value
        self.last_epoch = made
        self._last_lr: list[float | Tensor] = [*values]

    def _values(self, made: int) -> list[float]:
        groups = self.optimizer.param_groups
        if len(groups) != len(self._groups) or not all(map(operator.is_, groups, self._groups)):
            # Groups were added, or the optimizer's load_state_dict has put new ones in place.
            _scaled(self._plan(), groups, made)
            self._drive()
        return _scaled(self._driven, groups, made)

    def _plan(self) -> list[_Ahead]:
        """Where each group's values come from."""
        groups = self.optimizer.param_groups
        return [self._schedules.of(self._base(i, group)) for i, group in enumerate(groups)]

    def _base(self, index: int, group: Mapping[str, Any]) -> float:
        lr = _lr_of(index, group, "lr")
        if "initial_lr" in group:
            return _lr_of(index, group, "initial_lr")
        # A loaded group's `lr` may be anywhere on the schedule: it does not tell the base.
        return float(self.base_lrs[index]) if index < len(self.base_lrs) else lr

    def _drive(self) -> None:
        """Take the optimizer's groups over as they are now."""
        groups = self.optimizer.param_groups
        self._driven = self._plan()
        self._groups = list(groups)
        seen: list[Tensor] = []
        for i, group in enumerate(groups):
            lr = group["lr"]
            known = self.base_lrs[i] if i < len(self.base_lrs) else lr
            initial = group.setdefault("initial_lr", _own(known))
            if initial is lr:
                group["initial_lr"] = _own(lr)
            if isinstance(lr, Tensor):
                if any(lr is other for other in seen):
                    group["lr"] = _own(lr)
                seen.append(lr)
        # Groups that are added later start from the default: it must not be filled with the rest.
        default = self.optimizer.defaults.get("lr")
        if any(default is lr for lr in seen):
            self.optimizer.defaults["lr"] = _own(default)
        self.base_lrs = [_own(group["initial_lr"]) for group in groups]


class _Ahead:
    """A schedule whose values are looked up in a block evaluated ahead."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self._first = 0
        self._block: list[float] = []

    def at(self, made: int) -> float:
        if not 0 <= made - self._first < len(self._block):
            self._evaluate(made)
        return self._block[made - self._first]

    def _evaluate(self, made: int) -> None:
        stop = min(made + AHEAD, LAST_STEP + 1)
        try:
            block = self.schedule(np.arange(made, stop)).tolist()
        except SpecError:
            # A later update has no finite value; the run may end before it.
            block = [self.schedule(made)]
        self._first, self._block = made, block


class _Schedules:
    """The schedule of each distinct base: one and the same if the spec does without."""

    def __init__(self, spec: str | FunctionSpec, context: Context) -> None:
        self._spec = spec
        self._context = context
        self._of_base: dict[float, _Ahead] = {}
        self._of_all: _Ahead | None = None
        # What cannot be compiled without a base either needs one, or `of` says what is wrong.
        with suppress(SpecError):
            self._of_all = _Ahead(compile_in(spec, context))

    def of(self, base: float) -> _Ahead:
        if self._of_all is not None:
            return self._of_all
        if base not in self._of_base:
            context = Context.of(**{**self._context.to_dict(), "base_lr": base})
            self._of_base[base] = _Ahead(compile_in(self._spec, context))
        return self._of_base[base]


def _scaled(plan: Sequence[_Ahead], groups: Sequence[Mapping[str, Any]], made: int) -> list[float]:
    """Each group's learning rate. Groups mostly share a schedule, which is asked once."""
    now = {ahead: ahead.at(made) for ahead in dict.fromkeys(plan)}
    values = [now[ahead] for ahead in plan]
    for i, group in enumerate(groups):
        if "lr_scale" in group:
            wanted = f"the `lr_scale` of parameter group {i} is a number"
            scale = _finite(group["lr_scale"], wanted)
            values[i] = _finite(values[i] * scale, f"{wanted} that leaves the lr finite")
    return values


def _lr_of(index: int, group: Mapping[str, Any], key: str) -> float:
    return _finite(group.get(key), f"parameter group {index} needs a number as its `{key}`")


def _finite(value: object, wanted: str) -> float:
    if isinstance(value, Tensor):
        value = value.item() if value.numel() == 1 else value.tolist()
    number = as_number(value)
    if number is None or not math.isfinite(number):
        raise fail(d.BAD_GROUP, f"{wanted}, not {value!r}")
    return float(number)


def _own(lr: Any) -> Any:
    return lr.detach().clone() if isinstance(lr, Tensor) else lr


def _updates(value: object, name: str, *, least: int) -> int:
    """A number of updates; `SpecError` if it is none."""
    number = None if isinstance(value, bool) else getattr(value, "__index__", None)
    try:
        made = None if number is None else int(number())
    except TypeError:
        made = None
    if made is None or not least <= made <= LAST_STEP:
        fix = "a Scheduler counts updates and takes no metric: call `step()`"
        message = f"`{name}` is a whole number of updates, {least} or more, not {value!r}"
        raise fail(d.BAD_STEP, message, fix=fix if isinstance(value, float) else None)
    return made


def _checked(state: object) -> int:
    """The update count of a state; `SpecError` if it is not one of a Scheduler."""
    if not isinstance(state, Mapping):
        raise fail(d.BAD_STATE, f"a state is a dict, not a {type(state).__name__}")
    if not _STATE_KEYS.issubset(state):
        last = state.get("last_epoch")
        fix = "pass what `state_dict()` of a lrdsl.torch.Scheduler gave"
        if isinstance(last, int):
            fix = f"to take over from another scheduler, call `step({last})` instead"
        raise fail(d.BAD_STATE, "this is not the state of a lrdsl.torch.Scheduler", fix=fix)
    if state["version"] != _STATE_VERSION:
        message = f"the state has version {state['version']!r}; this lrdsl reads {_STATE_VERSION}"
        raise fail(d.BAD_STATE, message, fix="use the lrdsl that the checkpoint was written with")
    made = state["updates"]
    plain = isinstance(made, int) and not isinstance(made, bool)
    if not plain or not -LAST_STEP <= made <= LAST_STEP:
        raise fail(d.BAD_STATE, f"`updates` of the state is a whole number, not {made!r}")
    if not isinstance(state["context"], Mapping):
        raise fail(d.BAD_STATE, f"`context` of the state is a dict, not {state['context']!r}")
    return int(made)


def _difference(state: Mapping[str, Any], spec: Spec, context: Context) -> str:
    """What a state says otherwise than this spec and context, for the user; empty if nothing."""
    found = []
    if not _same(state["spec"], spec):
        found.append(f"the spec {state['spec']!r} instead of {str(spec)!r}")
    saved, now = state["context"], context.to_dict()
    found += [
        f"{name}={saved.get(name)!r} instead of {now.get(name)!r}"
        for name in sorted({*saved, *now}, key=str)
        if saved.get(name) != now.get(name)
    ]
    return ", ".join(found)


def _same(text: object, spec: Spec) -> bool:
    try:
        # A function is known by its name, which need not be text that can be parsed.
        return isinstance(text, str) and (text == str(spec) or parse(text) == spec)
    except SpecError:
        return False
