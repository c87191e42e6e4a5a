"""Shapes written in Python that several tests use."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lrdsl import SpecError

RUN = {"total_steps": 1000, "steps_per_epoch": 20, "base_lr": 0.1}


def saw(t: int, low: float = 0.0, high: float = 1.0, period: int = 100) -> float:
    """A tooth every `period` updates."""
    return low + (high - low) * (t % period) / period


class Triangle:
    """Up from low to high and down again, counted from 1, as MXNet calls its schedulers."""

    made = 0

    def __init__(self, low, high, cycle, share=0.5):  # type: ignore[no-untyped-def]
        type(self).made += 1
        if low > high:
            raise ValueError("low is above high")
        self.low, self.high, self.cycle, self.share = low, high, cycle, share

    def __call__(self, iteration: int) -> float:
        at = iteration % self.cycle / self.cycle
        up = at / self.share if at <= self.share else (1 - at) / (1 - self.share)
        return self.low + (self.high - self.low) * up


def halving(update: int) -> float:
    return 0.5 ** (update // 100)


def error_of(action: Callable[[], object]) -> str:
    with pytest.raises(SpecError) as caught:
        action()
    return str(caught.value)
