"""Telling what updates were made with, to whoever watches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

Callback = Callable[[int, Mapping[str, Sequence[float]]], object]
"""What is called with the number of an update and the values of each number, one per group."""

Values = Sequence[Sequence[float]]


class Watch:
    """The callbacks of a Scheduler that are called once for each update.

    A Scheduler has one only while somebody watches.
    """

    def __init__(self, update: int, values: Values) -> None:
        self._callbacks: dict[object, tuple[Callback, int]] = {}
        self._now = (update, values)
        self._before = self._used = self._now

    def __len__(self) -> int:
        return len(self._callbacks)

    def add(self, callback: Callback, every: int) -> object:
        """Have a callback told of the updates that `every` divides; returns a key for `drop`."""
        key = object()
        self._callbacks[key] = (callback, every)
        return key

    def drop(self, key: object) -> None:
        """Tell a callback no more."""
        self._callbacks.pop(key, None)

    def set(self, update: int, values: Values) -> None:
        """These are set for an update that is to come."""
        if update != self._now[0]:
            self._before = self._now
        self._now = (update, values)

    def note(self) -> None:
        """The optimizer makes its update now: what is set for it later comes too late."""
        self._used = self._now

    def tell(self, update: int, keys: Sequence[str]) -> None:
        """The update has been made, and what the next one takes is set."""
        # An optimizer whose step is compiled, or played from a CUDA graph, has not noted anything.
        values = (self._used if self._used[0] == update else self._before)[1]
        for callback, every in [*self._callbacks.values()]:
            if update % every == 0:
                callback(update, {key: tuple(of) for key, of in zip(keys, values, strict=True)})
