"""Counts calls of functions, the same on every machine, slow or busy; no clock is looked at."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import lrdsl

OWN = str(Path(lrdsl.__file__).parent)

MOST_CALLS = 12_000_000
"""Calls of functions that the longest and nastiest spec may take; 2 million take about a second."""

UNCOUNTED = 1.0
"""Seconds of the processor's time before calls are counted; less for a bound below MOST_CALLS."""

HANGS = 600
"""Seconds after which something hangs in one call that never returns: a power, a regex."""


def is_own(frame: FrameType | None) -> bool:
    return frame is not None and frame.f_code.co_filename.startswith(OWN)


def calls(function: Callable[[], object], *, everywhere: bool = False) -> int:
    """How many functions are called: those of lrdsl, and by it; or `everywhere`."""
    count = 0

    def seen(frame: FrameType, event: str, arg: Any) -> None:
        nonlocal count
        if event == "call":  # `frame` is the function's own
            count += is_own(frame) or is_own(frame.f_back)
        elif event == "c_call":  # `frame` is the caller's
            count += is_own(frame)

    def seen_everywhere(frame: FrameType, event: str, arg: Any) -> None:
        nonlocal count
        count += event == "call" or event == "c_call"

    gc.disable()  # what is collected meanwhile calls functions, too
    before = sys.getprofile()
    sys.setprofile(seen_everywhere if everywhere else seen)
    try:
        function()
    finally:
        sys.setprofile(before)
        gc.enable()
    return count


def grows_in_step(count: Callable[[int], int], n: int, slack: float = 1.05) -> bool:
    """Whether what `count` counts grows no faster than n: from 2n to 4n by twice n to 2n."""
    count(4 * n)  # what is looked up only once is looked up now
    one, two, four = count(n), count(2 * n), count(4 * n)
    assert one <= two <= four, (one, two, four)
    return four - two <= slack * 2 * (two - one)


@contextmanager
def bounded(most: int = MOST_CALLS) -> Iterator[None]:
    """Fail if more functions are called meanwhile.

    Counting takes longer than what is counted, so that it begins only when a second of the
    processor's time has passed: most texts take less, and nothing fails for its time.
    """
    left = most

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal left
        if event in ("call", "c_call"):
            left -= 1
            if left < 0:
                raise AssertionError(f"this takes more than {most:,} calls")

    def begin(*_: Any) -> None:
        sys.setprofile(count)

    def stop(*_: Any) -> None:
        raise AssertionError("this hangs")

    profiler = sys.getprofile()
    hangs, takes_long = signal.signal(signal.SIGALRM, stop), signal.signal(signal.SIGVTALRM, begin)
    signal.alarm(HANGS)
    signal.setitimer(signal.ITIMER_VIRTUAL, UNCOUNTED * most / MOST_CALLS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.alarm(0)
        sys.setprofile(profiler)
        signal.signal(signal.SIGALRM, hangs)
        signal.signal(signal.SIGVTALRM, takes_long)
    assert left >= 0  # also where the code under test caught what was raised above
