"""`Scheduler`: driving a torch optimizer by a spec.

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

import operator
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from lrdsl import diagnostics as d
from lrdsl.compiler.context import Context
from lrdsl.diagnostics import SpecError, fail
from lrdsl.schedule import Schedule, compile_in
from lrdsl.signal import LAST_STEP
from lrdsl.syntax.spec import Operand, Spec, source_of
from lrdsl.torch.ahead import Ahead
from lrdsl.torch.groups import finite, lr_of, own
from lrdsl.torch.state import STATE_VERSION, checked, difference


class Scheduler(LRScheduler):
    """Sets the learning rate of every parameter group to what a spec says.

    `spec` is text, a `Spec`, a number, or a mapping with the one key `spec` (a Hydra config). The
    keyword arguments are those of `lrdsl.compile`: `total_steps`, updates in the run, for `%`,
    `total`, `rest` and segments without a length; `steps_per_epoch` for `ep`; `samples_per_step`
    for `sp`; `tokens_per_step` for `tok`; all other names are variables of the spec. `last_epoch`
    is as in torch: the update last made, -1 for none.

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
        spec: Operand | Mapping[str, Any],
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
        self._schedules = _Schedules(source_of(spec), self._context)
        self._groups: list[dict[str, Any]] = []
        self._driven: list[Ahead] = []
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
            "version": STATE_VERSION,
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
        made = checked(state_dict)
        different = difference(state_dict, self.spec, self._context)
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

    def _plan(self) -> list[Ahead]:
        """Where each group's values come from."""
        groups = self.optimizer.param_groups
        return [self._schedules.of(self._base(i, group)) for i, group in enumerate(groups)]

    def _base(self, index: int, group: Mapping[str, Any]) -> float:
        lr = lr_of(index, group, "lr")
        if "initial_lr" in group:
            return lr_of(index, group, "initial_lr")
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
            initial = group.setdefault("initial_lr", own(known))
            if initial is lr:
                group["initial_lr"] = own(lr)
            if isinstance(lr, Tensor):
                if any(lr is other for other in seen):
                    group["lr"] = own(lr)
                seen.append(lr)
        # Groups that are added later start from the default: it must not be filled with the rest.
        default = self.optimizer.defaults.get("lr")
        if any(default is lr for lr in seen):
            self.optimizer.defaults["lr"] = own(default)
        self.base_lrs = [own(group["initial_lr"]) for group in groups]


class _Schedules:
    """The schedule of each distinct base: one and the same if the spec does without."""

    def __init__(self, spec: str, context: Context) -> None:
        self._spec = spec
        self._context = context
        self._of_base: dict[float, Ahead] = {}
        self._of_all: Ahead | None = None
        # What cannot be compiled without a base either needs one, or `of` says what is wrong.
        with suppress(SpecError):
            self._of_all = Ahead(compile_in(spec, context))

    def of(self, base: float) -> Ahead:
        if self._of_all is not None:
            return self._of_all
        if base not in self._of_base:
            context = Context.of(**{**self._context.to_dict(), "base_lr": base})
            self._of_base[base] = Ahead(compile_in(self._spec, context))
        return self._of_base[base]


def _scaled(plan: Sequence[Ahead], groups: Sequence[Mapping[str, Any]], made: int) -> list[float]:
    """Each group's learning rate. Groups mostly share a schedule, which is asked once."""
    now = {ahead: ahead.at(made) for ahead in dict.fromkeys(plan)}
    values = [now[ahead] for ahead in plan]
    for i, group in enumerate(groups):
        if "lr_scale" in group:
            wanted = f"the `lr_scale` of parameter group {i} is a number"
            scale = finite(group["lr_scale"], wanted)
            values[i] = finite(values[i] * scale, f"{wanted} that leaves the lr finite")
    return values


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
