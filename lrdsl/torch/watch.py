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

    def __init__(self) -> None:
        self._callbacks: dict[object, tuple[Callback, int]] = {}
        self._noted: tuple[int, Values] | None = None

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

    def note(self, update: int, values: Values) -> None:
        """The optimizer is making this update, now: what is set later is not what it used."""
        self._noted = (update, values)

    def tell(self, update: int, keys: Sequence[str], values: Values) -> None:
        """The update has been made, with the values noted then; where none were, with these."""
        if self._noted is not None and self._noted[0] == update:
            values = self._noted[1]
        for callback, every in [*self._callbacks.values()]:
            if update % every == 0:
                used = {key: tuple(of) for key, of in zip(keys, values, strict=True)}
                callback(update, used)
