"""`CallbackDriver`: calls callbacks after updates, and at the ends of cycles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from lrdsl.diagnostics import BAD_LOG, spec_error
from lrdsl.torch.arguments import checked_updates
from lrdsl.torch.driver import OptimizerDriver
from lrdsl.torch.step_table import StepTable

DriverT = TypeVar("DriverT", bound="CallbackDriver")

Callback = Callable[[int, Mapping[str, Sequence[float]]], object]
"""A function of the number of an update and the values of each number, one per group."""


class CallbackDriver(OptimizerDriver):
    """Tells others of the updates that are made, with their values, and of cycles that end."""

    _callbacks: tuple[tuple[Callback, int], ...] = ()
    _cycle_callbacks: tuple[tuple[Callable[[Any], object]], ...] = ()
    _used: tuple[int, StepTable | None] = (-1, None)
    """The number of the last update that the optimizer began, and the table then."""

    @property
    def cycle_ended(self) -> bool:
        """Whether the last update was the last one of a cycle, a round of a `repeat`.

        If there are several schedules, of any of them. It depends on the number of updates alone,
        so that it is the same after a resume.
        """
        t = self._t
        schedules = [source.schedule for source in self._table.driven.distinct]
        return t > 0 and any([schedule.cycle_ends(t - 1, t) for schedule in schedules])

    def on_cycle_end(self: DriverT, callback: Callable[[DriverT], object]) -> Callable[[], None]:
        """Call `callback(scheduler)` after each step that ends a cycle.

        Returns a function that removes the callback. A step that stays at an update or goes back
        calls nothing. Callbacks are not part of the state.

        >>> from torch import nn, optim
        >>> from lrdsl.torch import Scheduler
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
        return self._added("_cycle_callbacks", (callback,))

    def on_update(self, callback: Callback, *, every: int = 1) -> Callable[[], None]:
        """Call `callback(update, values)` after each update, with the values that it was made with.

        `update` counts from 0. `values` maps each driven number to its values, one per group. A
        callback is called once for each update, when the next one begins, and not again after a
        resume; `every` selects the updates that it divides. A step that stays at an update or goes
        back calls nothing.

        Returns a function that removes the callback. Callbacks are not part of the state, and a
        copy of the Scheduler has none. Raises `SpecError` if `callback` is not callable, or `every`
        is not a whole number, 1 or more.

        >>> from torch import nn, optim
        >>> from lrdsl.torch import Scheduler
        >>> optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1)
        >>> scheduler = Scheduler(optimizer, "linear(1, 0, 4)")
        >>> remove = scheduler.on_update(print)
        >>> for step in range(3):
        ...     optimizer.step()
        ...     scheduler.step()
        0 {'lr': (1.0,)}
        1 {'lr': (0.75,)}
        2 {'lr': (0.5,)}
        """
        if not callable(callback):
            found = type(callback).__name__
            message = f"`callback` must be a function of an update and values, not a {found}"
            raise spec_error(BAD_LOG, message)
        every = checked_updates(every, "every", least=1)
        self._sync()
        if not self._callbacks:
            self._used = self._t, self._table
        return self._added("_callbacks", (callback, every))

    def _added(self, name: str, entry: tuple[object, ...]) -> Callable[[], None]:
        """Add a callback to the entries of an attribute; returns a function that removes it."""
        setattr(self, name, (*getattr(self, name), entry))

        def remove() -> None:
            setattr(self, name, tuple([x for x in getattr(self, name) if x is not entry]))

        return remove

    def _notify(self, before: int, table: StepTable) -> None:
        """Call the callbacks after the step from update `before`, which `table` has set."""
        # Set for the update, and used by the optimizer: between the two, a metric may come. A
        # compiled step, or one replayed from a CUDA graph, does not tell what it uses.
        used, of_update = self._used
        if used == before and of_update is not None:
            table = of_update
        for callback, every in self._callbacks:
            if before % every == 0:
                callback(before, table.values_at(before))
        if self._cycle_callbacks and self.cycle_ended:
            for (on_end,) in self._cycle_callbacks:
                on_end(self)
