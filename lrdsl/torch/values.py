"""`Values`: the numbers of a Scheduler that no optimizer holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol


class _Holder(Protocol):
    """A driver of values."""

    @property
    def _held(self) -> Mapping[str, float]: ...


class Values(Mapping[str, float]):
    """The numbers of `values=` for the next update, by name: read-only, and always the present.

    >>> from torch import nn, optim
    >>> from lrdsl.torch import Scheduler
    >>> optimizer = optim.SGD(nn.Linear(1, 1).parameters(), lr=1)
    >>> scheduler = Scheduler(optimizer, "hold()", values={"ema": "linear(0, 1, 4)"})
    >>> values = scheduler.values
    >>> values
    {'ema': 0.0}
    >>> scheduler.step(1)
    >>> values["ema"]
    0.25
    """

    __slots__ = ("_driver",)

    def __init__(self, driver: _Holder) -> None:
        self._driver = driver

    def __getitem__(self, name: str) -> float:
        return self._driver._held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._driver._held)

    def __len__(self) -> int:
        return len(self._driver._held)

    def __repr__(self) -> str:
        return repr({**self})
