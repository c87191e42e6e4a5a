"""Calls user functions once per update, with the values that the update was made with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

Callback = Callable[[int, Mapping[str, Sequence[float]]], object]
"""A function of the number of an update and the values of each number, one per group."""

Values = Sequence[Sequence[float]]


class UpdateCallbacks:
    """The callbacks of a Scheduler that are called once for each update.

    A Scheduler without callbacks has no such object.
    """

    def __init__(self, t: int, values: Values) -> None:
        self._callbacks: dict[object, tuple[Callback, int]] = {}
        self._current = (t, values)
        self._previous = self._used = self._current

    def __len__(self) -> int:
        return len(self._callbacks)

    def add(self, callback: Callback, every: int) -> object:
        """Add a callback for the updates divisible by `every`; returns a key for `remove`."""
        key = object()
        self._callbacks[key] = (callback, every)
        return key

    def remove(self, key: object) -> None:
        """Remove a callback."""
        self._callbacks.pop(key, None)

    def record(self, t: int, values: Values) -> None:
        """Record the values that were set for the coming update `t`."""
        if t != self._current[0]:
            self._previous = self._current
        self._current = (t, values)

    def snapshot(self) -> None:
        """Keep the current values as those of the update that the optimizer makes now."""
        self._used = self._current

    def notify(self, t: int, names: Sequence[str]) -> None:
        """Call the callbacks for update `t`, which has been made; the next values are set already.

        `names` are those of the driven numbers.
        """
        # A compiled step, or one replayed from a CUDA graph, has taken no snapshot.
        values = (self._used if self._used[0] == t else self._previous)[1]
        for callback, every in [*self._callbacks.values()]:
            if t % every == 0:
                callback(t, {name: tuple(of) for name, of in zip(names, values, strict=True)})
