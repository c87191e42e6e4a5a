"""`Scheduler`: driving a torch optimizer by specs.

    scheduler = lrdsl.torch.Scheduler(optimizer, "warmup(100) >> cosine(1, 1e-3, 800)")
    for batch in batches:
        loss(model, batch).backward()
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()

What is set is a pure function of the number of updates made, of the parameter group's own `base`,
and of the metrics that came, with the updates at which they came; nothing else is accumulated.
"""

from __future__ import annotations

import operator
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from lrdsl import diagnostics as d
from lrdsl.compiler.context import Context
from lrdsl.diagnostics import fail
from lrdsl.program import Choice, Program
from lrdsl.schedule import Schedule
from lrdsl.signal import LAST_STEP
from lrdsl.syntax.spec import Operand, Spec, as_number
from lrdsl.torch.metrics import agreed, checked_reduction
from lrdsl.torch.plan import Drive, Schedules
from lrdsl.torch.slots import Slot, finite, number_at, own, plain, slot_of
from lrdsl.torch.state import STATE_VERSION, checked, difference


class Scheduler(LRScheduler):
    """Sets the learning rate of every parameter group to what a spec says, and other numbers too.

    `spec` is text, a `Spec`, a number, a mapping with the key `spec` (a Hydra config), or a pure
    Python function of the number of updates made: it drives `lr`. Or it is a program, a mapping
    from the numbers to drive to their specs: any number in the parameter groups (`weight_decay`,
    `momentum`), `betas[0]` for one in a tuple. In a program the names of the other numbers are
    schedules, those of the same group and before any `lr_scale`:
    `{"lr": "cosine()", "weight_decay": "0.1 * lr"}`. A number's spec may be a choice,
    `{"backbone*": "…", 3: "…", "*": "…"}`: groups are matched by the key `name` in them, by index,
    or by a glob on the name, and the first match counts. `momentum` is `betas[0]` in groups that
    have betas and no momentum.

    The keyword arguments are those of `lrdsl.compile`: `total_steps`, updates in the run, for `%`,
    `total`, `rest` and segments without a length; `steps_per_epoch` for `ep`; `samples_per_step`
    for `sp`; `tokens_per_step` for `tok`; `definitions`, what the spec can call; all other names
    are variables of the spec. `last_epoch` is as in torch: the update last made, -1 for none.
    `metric_reduction` is what becomes of the metrics of several ranks under torch.distributed:
    `"mean"`, `"min"`, `"max"`, or `"same"`, for which a difference between ranks is an error on all
    of them.

    In a spec, `base` is the group's own number, the one that the optimizer was made with; the group
    keeps it, as its `initial_lr` and so on. If a group has the key `lr_scale`, its learning rate is
    multiplied by it. A number that is a Tensor stays the same Tensor and is filled in place; groups
    that share one Tensor get one each.

    Call `step()` once after every update. Groups may be added, and the optimizer's state loaded,
    at any time: `step()` sees it, and `step(epoch=scheduler.last_epoch)` applies it at once.

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
        metric_reduction: str = "mean",
        definitions: str | os.PathLike[str] | Sequence[str] | None = None,
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
            definitions=definitions,
            **variables,
        )
        made = _updates(last_epoch, "last_epoch", least=-1)
        self._metric_reduction = checked_reduction(metric_reduction)
        self.optimizer = optimizer
        self.base_lrs = []
        self._program = Program(spec, self._context.definitions)
        self._schedules = Schedules(self._program, self._context)
        self._groups: list[dict[str, Any]] = []
        self._names: list[object] = []
        self._initial: dict[str, list[Any]] = {}
        self._drives: list[Drive] = []
        self._lr: Drive | None = None
        self._reacts = False
        self._last_lr: list[float | Tensor] = []
        self._cycle_callbacks: dict[object, Callable[[Scheduler], object]] = {}
        self._program.check(self._names_now())
        self._values(made + 1)  # whatever can fail does so here, before anything is changed
        self._text_of = {
            choice: str(ahead.schedule.spec)
            for drive in self._drives
            for choice, ahead in zip(
                self._program.of(drive.key, self._names), drive.aheads, strict=True
            )
            if choice is not None
        }
        super().__init__(optimizer, made)

    @property
    def spec(self) -> Spec:
        """What the first group's learning rate is driven by.

        >>> from torch import nn, optim
        >>> str(Scheduler(optim.SGD(nn.Linear(1, 1).parameters()), "hold(5)>>linear(1,0,9)").spec)
        'hold(5) >> linear(1, 0, 9)'
        """
        return self.schedules[0].spec

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        """Each group's schedule of `lr`, before its `lr_scale`.

        In a program without `lr` they are those of the first number in it.

        >>> from torch import nn, optim
        >>> groups = [{"params": nn.Linear(1, 1).parameters(), "lr": lr} for lr in (1, 0.1)]
        >>> scheduler = Scheduler(optim.SGD(groups), "cosine(base, 0, 9)")
        >>> [schedule(0) for schedule in scheduler.schedules]
        [1.0, 0.1]
        """
        drive = self._lr or self._drives[0]
        return tuple([ahead.schedule for ahead in drive.aheads])

    @property
    def driven(self) -> dict[str, tuple[Schedule, ...]]:
        """The schedules of every number that is driven, one for each group.

        >>> from torch import nn, optim
        >>> adam = optim.Adam(nn.Linear(1, 1).parameters(), lr=0.1)
        >>> scheduler = Scheduler(adam, {"lr": "linear(base, 0, 9)", "betas[1]": 0.95})
        >>> {name: schedule(9) for name, [schedule] in scheduler.driven.items()}
        {'lr': 0.0, 'betas[1]': 0.95}
        """
        return {
            drive.key: tuple([ahead.schedule for ahead in drive.aheads]) for drive in self._drives
        }

    def get_lr(self) -> list[float | Tensor]:
        """The learning rates at the present update, a float for each group."""
        values = self._values(self.last_epoch)
        return self._undriven() if self._lr is None else [*values[self._drives.index(self._lr)]]

    def get_last_lr(self) -> list[float | Tensor]:
        """The learning rates last set by this scheduler, a float for each group."""
        return self._undriven() if self._lr is None else list(self._last_lr)

    def _undriven(self) -> list[float | Tensor]:
        return [own(group["lr"]) for group in self.optimizer.param_groups]

    def step(self, metric: object = None, epoch: int | None = None) -> None:  # type: ignore[override]
        """Go on to the next update, or to update number `epoch`, and set the numbers.

        For a schedule that reacts to metrics the first argument is a metric, which counts from
        the update gone on to. For any other it is what it is in torch, `epoch`. Going back to an
        earlier update changes nothing of what came later, until a metric comes there.

        Raises `SpecError`, having changed nothing, if `epoch` is no whole number, 0 or more, or
        the metric no number.

        >>> from torch import nn, optim
        >>> scheduler = Scheduler(optim.SGD(nn.Linear(1, 1).parameters()), "linear(1, 0, 100)")
        >>> scheduler.step(75)
        >>> scheduler.get_last_lr()
        [0.25]
        >>> scheduler = Scheduler(optim.SGD(nn.Linear(1, 1).parameters()), "1 | plateau(0.5, 0)")
        >>> for loss in (0.7, 0.8):
        ...     scheduler.step(loss)
        >>> scheduler.get_last_lr()
        [0.5]
        """
        if metric is not None and epoch is None and not self._reacts:
            metric, epoch = None, _updates(metric, "epoch", least=0)
        to = None if epoch is None else _updates(epoch, "epoch", least=0)
        before = self.last_epoch
        if metric is None:
            self._go_on(to)
        else:
            with self._observing(metric, self.last_epoch + 1 if to is None else to):
                self._go_on(to)
        if self._cycle_callbacks and self.last_epoch > before and self.cycle_ended:
            for callback in [*self._cycle_callbacks.values()]:
                callback(self)

    def _go_on(self, to: int | None) -> None:
        if to is None:
            super().step()  # which also warns of a step before the optimizer's first
        else:
            self._update_lr(to)
            self._step_count += 1

    @property
    def cycle_ended(self) -> bool:
        """Whether the update just made was the last one of a cycle, a round of a `repeat`.

        Of several schedules, any will do. It is a function of the number of updates made alone,
        and so is the same after a resume.
        """
        made = self.last_epoch
        aheads = dict.fromkeys([ahead for drive in self._drives for ahead in drive.aheads])
        return made > 0 and any(ahead.ends_cycle(made) for ahead in aheads)

    def on_cycle_end(self, callback: Callable[[Scheduler], object]) -> Callable[[], None]:
        """Have `callback(scheduler)` called after each step that ends a cycle.

        Returns a function that undoes it. A step that stays where it is or goes back calls
        nothing. Callbacks are no part of the state.

        >>> from torch import nn, optim
        >>> optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1)
        >>> scheduler = Scheduler(optimizer, "cosine(1, 0, 3) | repeat()")
        >>> remove = scheduler.on_cycle_end(lambda scheduler: print("snapshot"))
        >>> for step in range(1, 7):
        ...     optimizer.step()
        ...     scheduler.step()
        ...     print(step, scheduler.cycle_ended)
        1 False
        2 False
        snapshot
        3 True
        4 False
        5 False
        snapshot
        6 True
        """
        key = object()
        self._cycle_callbacks[key] = callback

        def remove() -> None:
            self._cycle_callbacks.pop(key, None)

        return remove

    def observe(self, metric: object) -> None:
        """Take in a metric that is known now, without a step: the numbers are set at once.

        For metrics that come at another rhythm than the steps: a validation loss once an epoch,
        `step()` after every update. Several may come between two steps. `SpecError` as in `step`.

        >>> from torch import nn, optim
        >>> scheduler = Scheduler(optim.SGD(nn.Linear(1, 1).parameters()), "1 | plateau(0.5, 0)")
        >>> for loss in (0.7, 0.8):
        ...     scheduler.observe(loss)
        >>> scheduler.last_epoch, scheduler.get_last_lr()
        (0, [0.5])
        """
        made = self.last_epoch
        if made < 0:
            raise fail(d.BAD_METRIC, "this part of the schedule has not begun: it takes no metric")
        with self._observing(metric, made):
            self._apply(made)

    @contextmanager
    def _observing(self, metric: object, made: int) -> Iterator[None]:
        if not self._reacts:
            fix = "`plateau(...)`, for one, makes it react: `hold() | plateau(0.5, patience=3)`"
            raise fail(d.BAD_METRIC, "the schedule takes no metric", fix=fix)
        self._take_over(made)
        number = agreed(metric, self._metric_reduction, self.optimizer.param_groups)
        with self._schedules.observe(made, number):
            yield

    def _update_lr(self, epoch: int | None = None) -> None:
        # torch's SequentialLR calls this to start a child: it must not be renamed.
        self._apply(self.last_epoch + 1 if epoch is None else _updates(epoch, "epoch", least=0))

    def state_dict(self) -> dict[str, Any]:
        """The number of updates made, with the spec and the context that they were made under.

        Plain text and numbers, so that `torch.load(..., weights_only=True)` reads it.
        """
        return {
            "version": STATE_VERSION,
            "spec": self._texts(),
            "context": self._recorded.to_dict(),
            "updates": self.last_epoch,
            **self._schedules.log.to_dict(),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from where a `state_dict` was taken, and set the learning rates at once.

        The optimizer's state need not have been loaded. The spec and the context stay those that
        this scheduler was made with; a warning says if the saved ones differ. Raises `SpecError`,
        having changed nothing, if the state is not one of a `Scheduler`.
        """
        made, log = checked(state_dict)
        different = difference(state_dict, self._texts(), self._recorded)
        self._take_over(max(0, made))
        with self._schedules.replay(log):
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
        groups = self.optimizer.param_groups
        for drive, of_groups in zip(self._drives, values, strict=True):
            drive.put(groups, of_groups)
            if drive is self._lr:
                self._last_lr = [*of_groups]
        self.last_epoch = made

    def _values(self, made: int) -> list[list[float]]:
        """What each drive sets the groups to; they are taken over first if they are new."""
        self._take_over(made)
        return _values(self._drives, self.optimizer.param_groups, made)

    def _take_over(self, made: int) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self._groups) or not all(map(operator.is_, groups, self._groups)):
            # Groups were added, or the optimizer's load_state_dict has put new ones in place.
            drives = self._plan()
            _values(drives, groups, made)  # whatever fails does so before anything is changed
            self._drive(drives)

    def _plan(self) -> list[Drive]:
        """Where each group's values come from."""
        groups = self.optimizer.param_groups
        names = self._names_now()
        keys = [*self._program.choices]
        for i, group in enumerate(groups):
            if "lr" not in group:
                raise fail(d.BAD_GROUP, f"parameter group {i} has no `lr`")
        slots = {key: [slot_of(key, i, group) for i, group in enumerate(groups)] for key in keys}
        _check_apart(slots)
        choices = {key: self._program.of(key, names) for key in keys}
        if any(choice is None for chosen in choices.values() for choice in chosen):
            self._program.check(names)
        wanted: list[tuple[dict[str, Choice], dict[str, float]]] = []
        for i, group in enumerate(groups):
            mine = {key: choice for key in keys if (choice := choices[key][i]) is not None}
            wanted.append((mine, {key: self._base(slots[key][i], i, group) for key in keys}))
        aheads = self._schedules.of(wanted)
        return [Drive(key, slots[key], [made[key] for made in aheads]) for key in keys]

    def _texts(self) -> str | dict[str, Any]:
        """The program as canonical text: of one spec, or by number, or by number and pattern."""
        if self._program.is_single:
            return str(self.spec)
        return {
            key: self._text_of[choices[0]]
            if choices[0].pattern is None
            else {choice.pattern: self._text_of[choice] for choice in choices}
            for key, choices in self._program.choices.items()
        }

    @property
    def _recorded(self) -> Context:
        """The context, with the definitions that the specs do use, wherever they were made."""
        texts = [
            ahead.schedule.context.definitions for drive in self._drives for ahead in drive.aheads
        ]
        lines = dict.fromkeys(line for text in texts for line in text.split("\n") if line)
        return replace(self._context, definitions="\n".join(lines))

    def _names_now(self) -> list[object]:
        """The groups' names. A loaded group may have lost its own: it keeps the one it had."""
        known = self._names
        return [
            group.get("name", known[i] if i < len(known) else None)
            for i, group in enumerate(self.optimizer.param_groups)
        ]

    def _base(self, slot: Slot, index: int, group: Mapping[str, Any]) -> float:
        value = number_at(slot, index, group)
        if slot.initial.key in group:
            return number_at(slot.initial, index, group)
        # What a loaded group has may be from anywhere on the schedule: it does not tell the base.
        known = self._initial.get(slot.key, ())
        return number_at(slot, index, {slot.key: known[index]}) if index < len(known) else value

    def _drive(self, drives: list[Drive]) -> None:
        """Take the optimizer's groups over as they are now."""
        groups = self.optimizer.param_groups
        for drive in drives:
            self._own(drive)
        for group in groups:  # torch's base class asks for this one, whatever is driven
            group.setdefault("initial_lr", own(group["lr"]))
        self._drives = drives
        self._reacts = self._schedules.is_reactive
        self._lr = next((drive for drive in drives if drive.key == "lr"), None)
        self._groups, self._names = list(groups), self._names_now()
        keys = dict.fromkeys(slot.key for drive in drives for slot in drive.slots)
        self._initial = {
            key: [own(group.get(Slot(key).initial.key)) for group in groups] for key in keys
        }
        if self._lr is not None:
            self.base_lrs = [own(lr) for lr in self._initial["lr"]]

    def _own(self, drive: Drive) -> None:
        """Note what a number began with, and give each group a Tensor of its own."""
        seen: list[Tensor] = []
        for i, (slot, group) in enumerate(
            zip(drive.slots, self.optimizer.param_groups, strict=True)
        ):
            known = self._initial.get(slot.key, ())
            initial = slot.initial
            group.setdefault(initial.key, own(known[i] if i < len(known) else group[slot.key]))
            value = slot.get(group)
            if isinstance(value, Tensor):
                if initial.get(group) is value:
                    group[initial.key] = own(group[initial.key])
                if any(value is other for other in seen):
                    slot.replace(group, own(value))
                seen.append(slot.get(group))
        # Groups that are added later start from the default: it must not be filled with the rest.
        defaults = self.optimizer.defaults
        for key in {slot.key for slot in drive.slots}:
            if any(Slot(key, drive.slots[0].entry).get(defaults) is tensor for tensor in seen):
                defaults[key] = own(defaults[key])


def _values(
    drives: Sequence[Drive], groups: Sequence[Mapping[str, Any]], made: int
) -> list[list[float]]:
    """What each drive sets the groups to; a learning rate is multiplied by its `lr_scale`."""
    values = [drive.values(made) for drive in drives]
    for drive, of_groups in zip(drives, values, strict=True):
        if drive.key == "lr":
            for i, group in enumerate(groups):
                if "lr_scale" in group:
                    wanted = f"the `lr_scale` of parameter group {i} is a number"
                    scale = finite(group["lr_scale"], wanted)
                    wanted = f"{wanted} that leaves the lr finite"
                    of_groups[i] = finite(of_groups[i] * scale, wanted)
    return values


def _check_apart(slots: Mapping[str, Sequence[Slot]]) -> None:
    """`SpecError` if two numbers of a program stand in the same place."""
    taken: dict[tuple[int, Slot], str] = {}
    for key, of_groups in slots.items():
        for place in enumerate(of_groups):
            other = taken.setdefault(place, key)
            if other != key:
                message = f"`{other}` and `{key}` are the same number in parameter group {place[0]}"
                raise fail(d.BAD_GROUP, message, fix="drive one of them")


def _updates(value: object, name: str, *, least: int) -> int:
    """A number of updates; `SpecError` if it is none."""
    number = None if isinstance(value, bool) else getattr(value, "__index__", None)
    try:
        made = None if number is None else int(number())
    except TypeError:
        made = None
    if made is None or not least <= made <= LAST_STEP:
        fix = "the schedule takes no metric: call `step()`"
        message = f"`{name}` is a whole number of updates, {least} or more, not {value!r}"
        raise fail(
            d.BAD_STEP, message, fix=fix if isinstance(as_number(plain(value)), float) else None
        )
    return made
